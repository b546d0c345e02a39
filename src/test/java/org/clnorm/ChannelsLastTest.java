package org.clnorm;

import static org.clnorm.Values.normal;
import static org.clnorm.Values.positive;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.function.Supplier;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Shape;
import org.clnorm.tensor.Tensor;
import org.junit.jupiter.api.Test;

/** A layer of [N, …, C] makes of the same elements what a layer of [N, C, …] does. */
class ChannelsLastTest {
    private static final double FLOAT = 6e-6;

    /** The values of [samples, channels, span] as [samples, span, channels]. */
    private static double[] last(double[] first, int samples, int channels) {
        int span = first.length / samples / channels;
        double[] moved = new double[first.length];
        for (int i = 0; i < first.length; i++) {
            int n = i / span / channels;
            moved[(n * span + i % span) * channels + i / span % channels] = first[i];
        }
        return moved;
    }

    private static Shape moved(long[] dims, boolean unbatched) {
        int channel = unbatched ? 0 : 1;
        long[] shape = dims.clone();
        System.arraycopy(dims, channel + 1, shape, channel, dims.length - channel - 1);
        shape[dims.length - 1] = dims[channel];
        return Shape.of(shape);
    }

    private static void same(Device device, LayerBuilder<?, ?> first, LayerBuilder<?, ?> last, boolean unbatched,
            long... dims) {
        int samples = unbatched ? 1 : (int) dims[0];
        int channels = (int) dims[unbatched ? 0 : 1];
        long[] shape = moved(dims, unbatched).dims();
        double[] x = normal(1, Shape.of(dims).size());
        double[] dy = normal(2, x.length);
        try (NormLayer one = first.build(); NormLayer other = last.build()) {
            for (NormLayer layer : new NormLayer[] {one, other}) {
                layer.place(device);
                layer.parameters().forEach((name, parameter) -> parameter.write(
                        name.equals("weight") ? positive(3, channels) : normal(4, channels)));
            }
            for (boolean training : new boolean[] {true, true, false}) {
                Tensor y = one.train(training).forward(device.tensor(x, dims));
                Tensor dx = one.backward(device.tensor(dy, dims));
                Tensor yLast = other.train(training).forward(device.tensor(last(x, samples, channels), shape));
                assertEquals(Shape.of(shape), yLast.shape());
                Tensor dxLast = other.backward(device.tensor(last(dy, samples, channels), shape));
                near(last(y.readDoubles(), samples, channels), yLast, other + " y");
                near(last(dx.readDoubles(), samples, channels), dxLast, other + " dx");
                one.parameters().forEach((name, parameter) -> near(parameter.grad().readDoubles(),
                        other.parameters().get(name).grad(), other + " d" + name));
            }
            one.stateDict().tensors().forEach((name, value) -> assertArrayEquals(value.toDoubles(),
                    other.stateDict().doubles(name), FLOAT, other + " " + name));
        }
    }

    private static void near(double[] expected, Tensor actual, String what) {
        assertArrayEquals(expected, actual.readDoubles(), 20 * FLOAT, what);
    }

    @OnEveryDevice
    void batchNorm(Device device) {
        Supplier<BatchNormBuilder<BatchNorm2d>> builder = () -> BatchNorm2d.builder(5);
        same(device, builder.get(), builder.get().layout(Layout.CHANNELS_LAST), false, 3, 5, 2, 7);
        same(device, BatchNorm1d.builder(6), BatchNorm1d.builder(6).layout(Layout.CHANNELS_LAST), false, 9, 6);
        same(device, BatchNorm3d.builder(3), BatchNorm3d.builder(3).layout(Layout.CHANNELS_LAST), false, 2, 3, 2, 3, 2);
    }

    @OnEveryDevice
    void instanceNorm(Device device) {
        Supplier<InstanceNormBuilder<InstanceNorm2d>> builder =
                () -> InstanceNorm2d.builder(5).affine(true).trackRunningStats(true);
        same(device, builder.get(), builder.get().layout(Layout.CHANNELS_LAST), false, 3, 5, 4, 7);
        same(device, builder.get(), builder.get().layout(Layout.CHANNELS_LAST), true, 5, 4, 7);
        same(device, InstanceNorm1d.builder(4), InstanceNorm1d.builder(4).layout(Layout.CHANNELS_LAST), false, 3, 4, 9);
    }

    @OnEveryDevice
    void groupNorm(Device device) {
        for (long groups : new long[] {1, 2, 6}) {
            same(device, GroupNorm.builder(groups, 6), GroupNorm.builder(groups, 6).layout(Layout.CHANNELS_LAST), false,
                    3, 6, 4, 5);
        }
        same(device, GroupNorm.builder(2, 8), GroupNorm.builder(2, 8).layout(Layout.CHANNELS_LAST), false, 5, 8);
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
            assertEquals(DataType.F32, x.type());
        }
    }
}
