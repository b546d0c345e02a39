package org.clnorm;

import static org.clnorm.Snapshot.assertRefusedInTraining;
import static org.clnorm.Values.normal;

import org.clnorm.tensor.Device;
import org.clnorm.tensor.Tensor;

/** Ranks and shapes that a layer refuses, and that nothing happens to it. */
class RanksTest {
    private static void refuses(Device device, NormLayer layer, Tensor good, String message, long... dims) {
        try (layer; Tensor x = device.zeros(dims)) {
            assertRefusedInTraining(layer, good, message, () -> layer.forward(x));
            layer.eval();
            assertRefusedInTraining(layer, good, message, () -> layer.forward(x));
        }
    }

    @OnEveryDevice
    void batchNorm1d(Device device) {
        Tensor good = normal(device, 1, 4, 3);
        String rank = "expected 2D or 3D input (got ";
        refuses(device, new BatchNorm1d(3).on(device), good, rank + "4D input)", 4, 3, 2, 2);
        refuses(device, new BatchNorm1d(3).on(device), good, rank + "1D input)", 3);
        refuses(device, new BatchNorm1d(3).on(device), good, rank + "0D input)");
    }

    @OnEveryDevice
    void batchNorm2d(Device device) {
        Tensor good = normal(device, 1, 4, 3, 2, 2);
        refuses(device, new BatchNorm2d(3).on(device), good, "expected 4D input (got 3D input)", 3, 2, 2);
        refuses(device, new BatchNorm2d(3).on(device), good, "expected 4D input (got 5D input)", 4, 3, 2, 2, 2);
    }

    @OnEveryDevice
    void batchNorm3d(Device device) {
        Tensor good = normal(device, 1, 4, 3, 2, 2, 2);
        refuses(device, new BatchNorm3d(3).on(device), good, "expected 5D input (got 4D input)", 4, 3, 2, 2);
    }

    @OnEveryDevice
    void instanceNorm(Device device) {
        Tensor good1 = normal(device, 1, 4, 3, 5);
        refuses(device, InstanceNorm1d.builder(3).affine(true).build().on(device), good1,
                "expected 2D or 3D input (got 4D input)", 4, 3, 5, 5);
        refuses(device, new InstanceNorm1d(3).on(device), good1, "expected 2D or 3D input (got 1D input)", 3);
        Tensor good2 = normal(device, 1, 4, 3, 5, 2);
        refuses(device, InstanceNorm2d.builder(3).trackRunningStats(true).build().on(device), good2,
                "expected 3D or 4D input (got 2D input)", 4, 3);
        refuses(device, new InstanceNorm2d(3).on(device), good2, "expected 3D or 4D input (got 5D input)", 4, 3, 2, 2,
                2);
        Tensor good3 = normal(device, 1, 4, 3, 5, 2, 2);
        refuses(device, new InstanceNorm3d(3).on(device), good3, "expected 4D or 5D input (got 3D input)", 4, 3, 2);
    }

    @OnEveryDevice
    void groupNorm(Device device) {
        Tensor good = normal(device, 1, 4, 6);
        refuses(device, new GroupNorm(2, 6).on(device), good, "expected at least 2D input (got 1D input)", 6);
        refuses(device, new GroupNorm(2, 6).on(device), good, "expected at least 2D input (got 0D input)");
    }

    @OnEveryDevice
    void layerNorm(Device device) {
        refuses(device, new LayerNorm(12).on(device), normal(device, 1, 4, 12),
                "given normalizedShape [12], expected input of shape [*, 12], got [4, 10]", 4, 10);
        refuses(device, new LayerNorm(3, 4).on(device), normal(device, 1, 2, 3, 4),
                "given normalizedShape [3, 4], expected input of shape [*, 3, 4], got [2, 4, 4]", 2, 4, 4);
        refuses(device, new LayerNorm(3, 4).on(device), normal(device, 1, 2, 3, 4),
                "given normalizedShape [3, 4], expected input of shape [*, 3, 4], got [4]", 4);
        refuses(device, new LayerNorm(3).on(device), normal(device, 1, 2, 3),
                "given normalizedShape [3], expected input of shape [*, 3], got []");
    }

    @OnEveryDevice
    void wrongChannelCountIsAlwaysAnError(Device device) {
        String message = "expected input with 3 channels, got 2 in input of shape [4, 2, 2, 2]";
        Tensor good = normal(device, 1, 4, 3, 2, 2);
        refuses(device, new BatchNorm2d(3).on(device), good, message, 4, 2, 2, 2);
        refuses(device, BatchNorm2d.builder(3).affine(false).trackRunningStats(false).build().on(device), good, message,
                4, 2, 2, 2);
        refuses(device, new InstanceNorm2d(3).on(device), good, message, 4, 2, 2, 2);
        refuses(device, new InstanceNorm2d(3).on(device), good,
                "expected input with 3 channels, got 2 in input of shape [2, 2, 2]", 2, 2, 2);
        refuses(device, GroupNorm.builder(3, 3).affine(false).build().on(device), good, message, 4, 2, 2, 2);
        refuses(device, new BatchNorm2d(3).on(device), good,
                "expected input with 3 channels, got 2 in input of shape [0, 2, 2, 2]", 0, 2, 2, 2);
    }

    @OnEveryDevice
    void batchNormNeedsMoreThanOneValueAChannel(Device device) {
        String message = "expected more than 1 value per channel when training, got input of shape ";
        Tensor good = normal(device, 1, 4, 3);
        Tensor single = device.zeros(1, 3);
        Tensor singleInSpace = device.zeros(1, 3, 1);
        try (BatchNorm1d norm = new BatchNorm1d(3).on(device)) {
            assertRefusedInTraining(norm, good, message + "[1, 3]", () -> norm.forward(single));
            assertRefusedInTraining(norm, good, message + "[1, 3, 1]", () -> norm.forward(singleInSpace));
            norm.eval();
            norm.forward(single);
        }
        refuses(device, BatchNorm1d.builder(3).trackRunningStats(false).build().on(device), good, message + "[1, 3]", 1,
                3);
        refuses(device, BatchNorm2d.builder(3).trackRunningStats(false).build().on(device),
                normal(device, 1, 2, 3, 1, 1),
                message + "[1, 3, 1, 1]", 1, 3, 1, 1);
    }

    @OnEveryDevice
    void instanceNormNeedsMoreThanOneElementOfSpace(Device device) {
        String message = "expected more than 1 spatial element when training, got input of shape ";
        Tensor good = normal(device, 1, 4, 3, 2);
        refuses(device, new InstanceNorm1d(3).on(device), good, message + "[4, 3, 1]", 4, 3, 1);
        refuses(device, new InstanceNorm1d(3).on(device), good, message + "[3, 1]", 3, 1);
        Tensor single = device.zeros(4, 3, 1);
        try (InstanceNorm1d norm = InstanceNorm1d.builder(3).trackRunningStats(true).build().on(device)) {
            assertRefusedInTraining(norm, good, message + "[4, 3, 1]", () -> norm.forward(single));
            norm.eval();
            norm.forward(single);
        }
    }

    @OnEveryDevice
    void groupNormNeedsMoreThanOneValueInAll(Device device) {
        String message = "expected more than 1 value per channel when training, got input of shape ";
        refuses(device, new GroupNorm(6, 6).on(device), normal(device, 1, 4, 6), message + "[1, 6]", 1, 6);
        refuses(device, new GroupNorm(6, 6).on(device), normal(device, 1, 4, 6), message + "[1, 6, 1, 1]", 1, 6, 1, 1);
        refuses(device, new GroupNorm(1, 1).on(device), normal(device, 1, 4, 1), message + "[1, 1]", 1, 1);
    }
}
