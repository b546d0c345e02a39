package org.clnorm;

import static org.clnorm.LayersTest.check;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Tensor;
import org.junit.jupiter.api.Test;

/** Layers of [N, …, C] against the formula written down once more, and what they refuse. */
class ChannelsLastTest {
    @OnEveryDevice
    void batchNorm(Device device) {
        check(device, DataType.F32, BatchNorm2d.builder(5).layout(Layout.CHANNELS_LAST).build().on(device),
                Reference.batch(5, 14, 1e-5).channelsLast(5, 14), 3, 2, 7, 5);
        check(device, DataType.F32, BatchNorm1d.builder(6).layout(Layout.CHANNELS_LAST).build().on(device),
                Reference.batch(6, 1, 1e-5), 9, 6);
    }

    @OnEveryDevice
    void instanceNorm(Device device) {
        InstanceNormBuilder<InstanceNorm2d> builder = InstanceNorm2d.builder(5).affine(true)
                .layout(Layout.CHANNELS_LAST);
        check(device, DataType.F32, builder.build().on(device), Reference.instance(3, 5, 28, 1e-5).channelsLast(5, 28),
                3, 4, 7, 5);
        check(device, DataType.F32, builder.build().on(device), Reference.instance(1, 5, 28, 1e-5).channelsLast(5, 28),
                4, 7, 5);
    }

    @OnEveryDevice
    void groupNorm(Device device) {
        for (int groups : new int[] {1, 2, 6}) {
            check(device, DataType.F32, GroupNorm.builder(groups, 6).layout(Layout.CHANNELS_LAST).build().on(device),
                    Reference.group(3, groups, 6, 20, 1e-5).channelsLast(6, 20), 3, 4, 5, 6);
        }
    }

    @Test
    void theLastDimensionHasToFit() {
        try (Device device = Device.cpu();
                NormLayer batch = BatchNorm2d.builder(5).layout(Layout.CHANNELS_LAST).build().on(device);
                NormLayer group = GroupNorm.builder(2, 6).layout(Layout.CHANNELS_LAST).build().on(device);
                Tensor x = device.zeros(2, 5, 6, 7)) {
            assertTrue(batch.toString().endsWith(", layout=channels_last)"), batch.toString());
            assertEquals("expected input with 5 channels, got 7 in input of shape [2, 5, 6, 7]",
                    assertThrows(IllegalArgumentException.class, () -> batch.forward(x)).getMessage());
            assertEquals("expected input with 6 channels, got 7 in input of shape [2, 5, 6, 7]",
                    assertThrows(IllegalArgumentException.class, () -> group.forward(x)).getMessage());
        }
    }
}
