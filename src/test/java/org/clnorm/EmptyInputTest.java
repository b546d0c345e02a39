package org.clnorm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Shape;
import org.clnorm.tensor.Tensor;

/** Inputs without elements: an empty batch, or empty space. */
class EmptyInputTest {
    private static void check(Device device, DataType type, NormLayer layer, long batches, long... dims) {
        try (layer) {
            boolean tracks = layer instanceof TrackingLayer tracking && tracking.tracks();
            double[] mean = tracks ? ((TrackingLayer) layer).runningMean().readDoubles() : null;
            double[] variance = tracks ? ((TrackingLayer) layer).runningVar().readDoubles() : null;
            Tensor x = device.zeros(type, dims);
            Tensor y = layer.forward(x);
            assertEquals(Shape.of(dims), y.shape());
            assertEquals(0, y.read().length);
            Tensor dx = layer.backward(y);
            assertEquals(Shape.of(dims), dx.shape());
            layer.parameters().forEach((name, parameter) -> assertArrayEquals(
                    new double[(int) parameter.shape().size()], parameter.grad().readDoubles(), layer + " d" + name));
            if (tracks) {
                assertArrayEquals(mean, ((TrackingLayer) layer).runningMean().readDoubles());
                assertArrayEquals(variance, ((TrackingLayer) layer).runningVar().readDoubles());
                assertEquals(batches, ((TrackingLayer) layer).numBatchesTracked(), layer.toString());
            }
            written(layer, device, x);
        }
    }

    /** A gradient from before becomes zero, or stays where gradients are accumulated. */
    private static void written(NormLayer layer, Device device, Tensor x) {
        layer.parameters().values().forEach(parameter -> parameter.grad().fill(3));
        layer.accumulateGradients(true).forward(x);
        layer.backward(device.zeros(x.type(), x.shape().dims()));
        layer.parameters().values().forEach(parameter -> assertEquals(3, parameter.grad().read()[0]));
        layer.accumulateGradients(false).forward(x);
        layer.backward(device.zeros(x.type(), x.shape().dims()));
        layer.parameters().values().forEach(parameter -> assertEquals(0, parameter.grad().read()[0]));
    }

    @OnEveryDevice
    void batchNorm(Device device, DataType type) {
        check(device, type, new BatchNorm1d(3).on(device), 1, 0, 3);
        check(device, type, new BatchNorm1d(3).on(device), 1, 0, 3, 5);
        check(device, type, new BatchNorm1d(3).on(device), 1, 4, 3, 0);
        check(device, type, new BatchNorm2d(3).on(device), 1, 0, 3, 5, 5);
        check(device, type, new BatchNorm2d(3).on(device), 1, 4, 3, 0, 5);
        check(device, type, new BatchNorm3d(3).on(device), 1, 4, 3, 5, 0, 5);
        check(device, type, BatchNorm1d.builder(3).cumulativeMomentum().build().on(device), 1, 0, 3);
        check(device, type, BatchNorm1d.builder(3).trackRunningStats(false).build().on(device), 0, 0, 3);
        BatchNorm1d evaluated = new BatchNorm1d(3).on(device);
        evaluated.eval();
        check(device, type, evaluated, 0, 0, 3);
        BatchNorm1d frozen = new BatchNorm1d(3).on(device);
        frozen.freezeStatistics();
        check(device, type, frozen, 0, 0, 3);
    }

    @OnEveryDevice
    void instanceNorm(Device device, DataType type) {
        check(device, type, new InstanceNorm1d(3).on(device), 0, 0, 3, 5);
        check(device, type, InstanceNorm1d.builder(3).affine(true).trackRunningStats(true).build().on(device), 0, 0, 3,
                5);
        check(device, type, InstanceNorm1d.builder(3).affine(true).trackRunningStats(true).build().on(device), 0, 4, 3,
                0);
        check(device, type, InstanceNorm2d.builder(3).affine(true).trackRunningStats(true).build().on(device), 0, 3, 0,
                5);
        check(device, type, InstanceNorm3d.builder(3).affine(true).build().on(device), 0, 0, 3, 5, 5, 5);
    }

    @OnEveryDevice
    void groupNorm(Device device, DataType type) {
        check(device, type, new GroupNorm(3, 6).on(device), 0, 0, 6);
        check(device, type, new GroupNorm(3, 6).on(device), 0, 4, 6, 0);
        check(device, type, GroupNorm.builder(3, 6).bias(false).build().on(device), 0, 0, 6, 5);
    }

    @OnEveryDevice
    void layerNorm(Device device, DataType type) {
        check(device, type, new LayerNorm(6).on(device), 0, 0, 6);
        check(device, type, new LayerNorm(2, 3).on(device), 0, 4, 0, 2, 3);
        check(device, type, LayerNorm.builder(6).elementwiseAffine(false).build().on(device), 0, 0, 6);
    }
}
