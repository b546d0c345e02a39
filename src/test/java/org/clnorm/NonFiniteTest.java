package org.clnorm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.clnorm.state.StateDict;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Scope;
import org.clnorm.tensor.Tensor;

/** What batches that are not finite do to running statistics, by every way in which kernels move them. */
class NonFiniteTest {
    private static final long[][] SHAPES = {{4, 3}, {4, 3, 5}, {700, 3}, {3, 3, 2000}, {2, 3, 70, 70}, {64, 3, 7}};

    @OnEveryDevice
    void channelsThatWouldNotBeFiniteAreSkipped(Device device) {
        for (long[] shape : SHAPES) {
            for (float odd : new float[] {Float.NaN, Float.NEGATIVE_INFINITY, 1e30f}) {
                skips(device, odd, shape);
            }
        }
    }

    private static void skips(Device device, float odd, long[] shape) {
        try (NormLayer skipping = batch(NonFinite.SKIP, shape).on(device);
                NormLayer allowing = batch(NonFinite.ALLOW, shape).on(device); Scope scope = device.scope()) {
            Tensor x = inputs(device, odd, shape);
            float[] y = skipping.forward(x).read();
            assertArrayEquals(allowing.forward(x).read(), y);
            StateDict kept = skipping.stateDict();
            StateDict moved = allowing.stateDict();
            for (String name : new String[] {"running_mean", "running_var"}) {
                double initial = name.equals("running_mean") ? 0 : 1;
                double[] values = kept.doubles(name);
                assertEquals(initial, values[1], name);
                assertEquals(moved.doubles(name)[0], values[0], name);
                assertEquals(moved.doubles(name)[2], values[2], name);
            }
            assertTrue(!Double.isFinite(moved.doubles("running_var")[1]));
            assertEquals(1, kept.longs("num_batches_tracked")[0]);
        }
    }

    @OnEveryDevice
    void instancesThatAreNotFiniteKeepTheirChannel(Device device) {
        try (NormLayer layer = InstanceNorm1d.builder(3).trackRunningStats(true).nonFinite(NonFinite.SKIP).build()
                .on(device); Scope scope = device.scope()) {
            layer.forward(inputs(device, Float.NaN, 4, 3, 5));
            double[] mean = layer.stateDict().doubles("running_mean");
            assertEquals(0, mean[1]);
            assertTrue(mean[0] != 0 && mean[2] != 0);
        }
    }

    @OnEveryDevice
    void aLayerThatThrowsLetsNoSuchStateGo(Device device) {
        try (NormLayer layer = batch(NonFinite.THROW, 4, 3, 5).on(device); Scope scope = device.scope()) {
            TrackingLayer tracking = (TrackingLayer) layer;
            layer.forward(inputs(device, 1, 4, 3, 5));
            tracking.checkFinite();
            StateDict good = layer.stateDict();
            layer.forward(inputs(device, Float.POSITIVE_INFINITY, 4, 3, 5));
            String message = assertThrows(IllegalStateException.class, layer::stateDict).getMessage();
            assertTrue(message.contains("running_mean of Infinity in channel 1"), message);
            assertThrows(IllegalStateException.class, tracking::checkFinite);
            layer.loadStateDict(good);
            tracking.checkFinite();
            assertEquals(good.doubles("running_var")[2], layer.stateDict().doubles("running_var")[2]);
        }
    }

    private static NormLayer batch(NonFinite policy, long... shape) {
        return switch (shape.length) {
            case 4 -> BatchNorm2d.builder(3).nonFinite(policy).build();
            default -> BatchNorm1d.builder(3).nonFinite(policy).build();
        };
    }

    /** Ordinary values, but for one in channel 1 of the last sample. */
    private static Tensor inputs(Device device, float odd, long... shape) {
        int size = 1;
        for (long dim : shape) {
            size *= (int) dim;
        }
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = (float) Math.sin(i * 0.7);
        }
        int channel = size / (int) shape[0] / 3;
        values[size - 2 * channel] = odd;
        return device.tensor(values, shape);
    }
}
