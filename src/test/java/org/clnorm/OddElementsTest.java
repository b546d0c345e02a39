package org.clnorm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.clnorm.tensor.Device;
import org.clnorm.tensor.Scope;

/**
 * One element that is not finite, or beyond the range of squares, is seen wherever it lies: no work-item's share of a
 * group may be left out of the second walk, which such elements ask for.
 */
class OddElementsTest {
    private static final int CHANNELS = 3;
    private static final int STEP = 13;
    private static final float HUGE = 1e30f;

    private static float[] values(int count, int at, float odd) {
        float[] values = new float[count];
        double[] normal = Values.normal(5, count);
        for (int i = 0; i < count; i++) {
            values[i] = (float) normal[i];
        }
        values[at] = odd;
        return values;
    }

    private static void batch(Device device, int samples, int span) {
        int count = samples * CHANNELS * span;
        for (int at = 0; at < count; at += STEP) {
            int channel = at / span % CHANNELS;
            String where = samples + "x" + CHANNELS + "x" + span + " at " + at;
            try (BatchNorm1d layer = BatchNorm1d.builder(CHANNELS).momentum(1).build().on(device);
                    Scope scope = device.scope()) {
                layer.forward(device.tensor(values(count, at, Float.NEGATIVE_INFINITY), samples, CHANNELS, span));
                assertEquals(Float.NEGATIVE_INFINITY, layer.runningMean().read()[channel], where);
                assertTrue(Float.isNaN(layer.runningVar().read()[channel]), where);
                layer.resetRunningStats();
                layer.forward(device.tensor(values(count, at, HUGE), samples, CHANNELS, span));
                double expected = (double) HUGE / (samples * span);
                assertEquals(expected, layer.runningMean().read()[channel], 1e-5 * expected, where);
            }
        }
    }

    private static void rows(Device device, int length) {
        for (int at = 0; at < length; at += STEP) {
            try (LayerNorm layer = LayerNorm.builder(length).elementwiseAffine(false).build().on(device);
                    Scope scope = device.scope()) {
                float[] y = layer.forward(device.tensor(values(length, at, HUGE), length)).read();
                assertEquals(Math.sqrt(length - 1), y[at], 1e-5 * Math.sqrt(length), length + " at " + at);
                assertEquals(-1 / Math.sqrt(length - 1), y[(at + 1) % length], 1e-5, length + " at " + at);
            }
        }
    }

    @OnEveryDevice
    void batches(Device device) {
        batch(device, 7, 42);
        batch(device, 2, 300);
        batch(device, 1, 1000);
        batch(device, 9, 1);
        batch(device, 300, 1);
        batch(device, 12, 9);
    }

    @OnEveryDevice
    void rows(Device device) {
        rows(device, 42);
        rows(device, 700);
        rows(device, 3000);
    }
}
