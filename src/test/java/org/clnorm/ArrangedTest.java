package org.clnorm;

import static org.clnorm.LayersTest.check;
import static org.clnorm.Values.assertClose;
import static org.clnorm.Values.normal;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Set;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Tensor;
import org.junit.jupiter.api.Test;

/** Normalization over any dimensions, of sub-batches, and with a shift alone. */
class ArrangedTest {
    private static final double EPS = 1e-5;

    /** Channels of [4, 6, 5]: a group for each place of a sample. */
    private static final Reference OVER_CHANNELS = new Reference(i -> i / 30 * 5 + i % 5, 20, i -> i / 5 % 6, EPS);

    private static Reference ghost(int channels, int space, int together, int batches) {
        return new Reference(i -> i / space / channels / together * channels + i / space % channels,
                batches * channels, i -> i / space % channels, EPS);
    }

    @OnEveryDevice
    void layerNormOverAnyDimensions(Device device) {
        check(device, DataType.F32, LayerNorm.builder(6).axes(1).build().on(device), OVER_CHANNELS, 4, 6, 5);
        check(device, DataType.F32, LayerNorm.builder(4, 5).axes(0, -1).build().on(device),
                new Reference(i -> i / 5 % 6, 6, i -> i / 30 * 5 + i % 5, EPS), 4, 6, 5);
        check(device, DataType.F32, LayerNorm.builder(6, 5).axes(-2, -1).build().on(device),
                Reference.layer(4, 30, EPS), 4, 6, 5);
        check(device, DataType.F32, LayerNorm.builder(3, 4).axes(1, 3).build().on(device),
                new Reference(i -> i / 60 * 5 + i / 4 % 5, 10, i -> i / 20 % 3 * 4 + i % 4, EPS), 2, 3, 5, 4);
    }

    @OnEveryDevice
    void functionalCallsOverAnyDimensions(Device device) {
        Tensor x = normal(device, 1, 4, 6, 5);
        Tensor dy = normal(device, 2, 4, 6, 5);
        Tensor weight = normal(device, 3, 6);
        int[] axes = {1};
        NormResult over = Norms.layerNormOver(x, axes, weight, null, EPS);
        try (LayerNorm layer = LayerNorm.builder(6).axes(1).bias(false).build().on(device);
                RMSNorm rms = RMSNorm.builder(6).axes(1).eps(EPS).build().on(device);
                RMSNorm rows = RMSNorm.builder(6, 5).elementwiseAffine(false).eps(EPS).build().on(device)) {
            layer.weight().write(weight.readDoubles());
            rms.weight().write(weight.readDoubles());
            assertArrayEquals(layer.forward(x).read(), over.y().read());
            Gradients gradients = over.backward(dy);
            assertArrayEquals(layer.backward(dy).read(), gradients.dx().read());
            assertArrayEquals(layer.weight().grad().read(), gradients.dweight().read());
            NormResult squares = Norms.rmsNormOver(x, axes, weight, EPS);
            assertArrayEquals(rms.forward(x).read(), squares.y().read());
            assertArrayEquals(rms.backward(dy).read(), squares.backward(dy).dx().read());
            assertArrayEquals(rows.forward(x).read(), Norms.rmsNorm(x, new long[] {6, 5}, null, EPS).y().read());
        }
    }

    @Test
    void axesHaveToFit() {
        assertEquals("expected an axis for each dimension of normalizedShape [3, 4], got axes [1]", message(
                () -> LayerNorm.builder(3, 4).axes(1).build()));
        try (Device device = Device.cpu();
                LayerNorm layer = LayerNorm.builder(3).axes(1).build().on(device);
                LayerNorm falling = LayerNorm.builder(3, 2).axes(1, 0).build().on(device);
                RMSNorm far = RMSNorm.builder(3).axes(2).build().on(device);
                Tensor x = device.zeros(2, 4);
                Tensor alternating = device.zeros(2, 2, 2, 2, 2)) {
            assertEquals("LayerNorm((3,), axes=(1,), eps=1e-05, elementwise_affine=True)", layer.toString());
            assertEquals("given normalizedShape [3] and axes [1], expected input of these sizes there, got [2, 4]",
                    message(() -> layer.forward(x)));
            assertEquals("expected axes of [2, 4] in ascending order, got [1, 0]", message(() -> falling.forward(x)));
            assertEquals("expected axes of [2, 4] in ascending order, got [2]", message(() -> far.forward(x)));
            assertEquals("expected axes that part the input into at most 4 stretches of dimensions, got axes [0, 2, 4]"
                    + " of [2, 2, 2, 2, 2]", message(
                            () -> Norms.layerNormOver(alternating, new int[] {0, 2, 4}, null, null, EPS)));
            assertEquals("expected at least one axis, got none", message(
                    () -> Norms.rmsNormOver(x, new int[0], null, EPS)));
        }
    }

    @OnEveryDevice
    void subBatchesAreNormalizedByThemselves(Device device) {
        check(device, DataType.F32, BatchNorm2d.builder(3).virtualBatch(2).build().on(device), ghost(3, 20, 2, 3), 6, 3,
                4, 5);
        check(device, DataType.F32, BatchNorm1d.builder(5).virtualBatch(4).build().on(device), ghost(5, 1, 4, 2), 8, 5);
        check(device, DataType.F32, BatchNorm2d.builder(3).virtualBatch(2).layout(Layout.CHANNELS_LAST).build()
                .on(device), ghost(3, 20, 2, 3).channelsLast(3, 20), 6, 4, 5, 3);
    }

    @OnEveryDevice
    void runningStatisticsMoveByTheAverageOfTheSubBatches(Device device) {
        try (BatchNorm1d layer = BatchNorm1d.builder(3).virtualBatch(4).momentum(0.25).build().on(device)) {
            double[] x = normal(5, 12 * 3);
            layer.forward(Values.tensor(device, x, 12, 3));
            Reference.Moments moments = ghost(3, 1, 4, 3).moments(x);
            double[] mean = new double[3];
            double[] variance = {0.75, 0.75, 0.75};
            for (int g = 0; g < 9; g++) {
                mean[g % 3] += 0.25 * moments.mean()[g] / 3;
                variance[g % 3] += 0.25 * moments.variance()[g] * 4 / 3 / 3;
            }
            assertClose(mean, layer.runningMean(), "running mean");
            assertClose(variance, layer.runningVar(), "running variance");
            assertEquals(1, layer.numBatchesTracked());
        }
    }

    @Test
    void aBatchIsAMultipleOfTheVirtualOneInTraining() {
        assertEquals("expected a virtualBatch of 0 or more, got -1", message(
                () -> BatchNorm1d.builder(3).virtualBatch(-1).build()));
        try (Device device = Device.cpu();
                BatchNorm1d layer = BatchNorm1d.builder(3).virtualBatch(4).build().on(device);
                BatchNorm1d single = BatchNorm1d.builder(3).virtualBatch(1).build().on(device);
                Tensor x = device.zeros(6, 3)) {
            assertTrue(layer.toString().endsWith(", virtual_batch=4)"), layer.toString());
            assertEquals(4, layer.virtualBatch());
            assertEquals("expected a batch of a multiple of 4 samples, the virtual batch, when training, got input of"
                    + " shape [6, 3]", message(() -> layer.forward(x)));
            assertEquals(0, layer.numBatchesTracked());
            layer.eval().forward(x).close();
            assertEquals("expected more than 1 value per channel when training, got input of shape [6, 3]",
                    message(() -> single.forward(x)));
        }
    }

    @OnEveryDevice
    void aShiftWithoutAScale(Device device) {
        try (BatchNorm1d layer = BatchNorm1d.builder(5).weight(false).build().on(device);
                BatchNorm1d plain = BatchNorm1d.builder(5).affine(false).build().on(device)) {
            assertEquals(Set.of("bias"), layer.parameters().keySet());
            assertFalse(layer.stateDict().contains("weight"));
            layer.bias().write(normal(4, 5));
            double[] y = plain.forward(normal(device, 1, 7, 5)).readDoubles();
            for (int i = 0; i < y.length; i++) {
                y[i] += layer.bias().read()[i % 5];
            }
            assertClose(y, layer.forward(normal(device, 1, 7, 5)), "y");
            Tensor dy = normal(device, 2, 7, 5);
            assertArrayEquals(plain.backward(dy).read(), layer.backward(dy).read());
            double[] dbias = new double[5];
            for (int i = 0; i < 35; i++) {
                dbias[i % 5] += dy.read()[i];
            }
            assertClose(dbias, layer.bias().grad(), "dbias");
            assertEquals(5, layer.toAffine().shift().length);
        }
    }

    private static String message(Runnable refused) {
        return assertThrows(IllegalArgumentException.class, refused::run).getMessage();
    }
}
