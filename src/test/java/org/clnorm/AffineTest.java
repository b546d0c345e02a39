package org.clnorm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.stream.IntStream;
import org.clnorm.state.HostTensor;
import org.clnorm.state.StateDict;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Tensor;
import org.junit.jupiter.api.Test;

/** toAffine gives what evaluation computes, for every layer with running statistics, and no other. */
class AffineTest {
    @OnEveryDevice
    void isWhatEvaluationComputes(Device device) {
        compare(device, BatchNorm1d.builder(5).build(), 7, 5);
        compare(device, BatchNorm2d.builder(5).bias(false).eps(1e-3).build(), 2, 5, 3, 4);
        compare(device, BatchNorm3d.builder(5).affine(false).build(), 2, 5, 2, 3, 2);
        compare(device, InstanceNorm2d.builder(5).trackRunningStats(true).affine(true).build(), 2, 5, 3, 4);
    }

    private static void compare(Device device, TrackingLayer layer, long... shape) {
        Random random = new Random(4);
        layer.on(device);
        layer.runningMean().write(random.doubles(5, -3, 3).toArray());
        layer.runningVar().write(random.doubles(5, 0.01, 4).toArray());
        layer.parameters().values().forEach(p -> p.write(random.doubles(5, -2, 2).toArray()));
        Affine affine = layer.toAffine();
        assertTrue(layer.isTraining());
        layer.eval();
        Tensor x = device.zeros(shape);
        double[] values = x.write(random.doubles(x.shape().size(), -5, 5).toArray()).readDoubles();
        double[] y = layer.forward(x).readDoubles();
        int span = (int) x.shape().size(2, shape.length);
        double scale = 0;
        double[] expected = new double[y.length];
        for (int i = 0; i < y.length; i++) {
            int c = i / span % 5;
            expected[i] = affine.scale()[c] * values[i] + affine.shift()[c];
            scale = Math.max(scale, Math.abs(expected[i]));
        }
        assertArrayEquals(expected, y, 6e-7 * scale, layer.toString());
        layer.close();
    }

    @Test
    void inDouble() {
        BatchNorm1d norm = BatchNorm1d.builder(2).dataType(DataType.F64).eps(0.5).build();
        norm.loadStateDict(new StateDict().put("weight", HostTensor.ofDoubles(new double[] {3, -1}, 2))
                .put("bias", HostTensor.ofDoubles(new double[] {0.1, 5}, 2))
                .put("running_mean", HostTensor.ofDoubles(new double[] {2, 0}, 2))
                .put("running_var", HostTensor.ofDoubles(new double[] {3.5, 0.5}, 2))
                .put("num_batches_tracked", HostTensor.ofLongs(new long[1])));
        Affine affine = norm.toAffine();
        assertArrayEquals(new double[] {1.5, -1}, affine.scale());
        assertArrayEquals(new double[] {0.1 - 3, 5}, affine.shift());
        assertEquals("Affine(2)", affine.toString());
        affine.scale()[0] = 7;
        affine.shift()[0] = 7;
        assertEquals(1.5, affine.scale()[0]);
        assertEquals(0.1 - 3, affine.shift()[0]);
        norm.resetParameters();
        assertEquals(1.5, affine.scale()[0]);
        assertArrayEquals(IntStream.range(0, 2).mapToDouble(c -> 1 / Math.sqrt(1.5)).toArray(),
                norm.toAffine().scale());
    }

    @Test
    void needsRunningStatistics() {
        for (TrackingLayer layer : new TrackingLayer[] {BatchNorm2d.builder(3).trackRunningStats(false).build(),
            new InstanceNorm2d(3)}) {
            IllegalStateException e = assertThrows(IllegalStateException.class, layer::toAffine);
            assertTrue(e.getMessage().startsWith("expected a layer with running statistics, got "), e.getMessage());
        }
        BatchNorm1d closed = new BatchNorm1d(3);
        closed.close();
        assertThrows(IllegalStateException.class, closed::toAffine);
    }

    @Test
    void refusesWhatIsNotFinite() {
        for (double variance : new double[] {0, -1, Double.NaN}) {
            BatchNorm1d norm = BatchNorm1d.builder(2).eps(0).build();
            norm.loadStateDict(new StateDict().put("running_var", HostTensor.ofDoubles(new double[] {1, variance}, 2)),
                    false);
            IllegalStateException e = assertThrows(IllegalStateException.class, norm::toAffine);
            assertTrue(e.getMessage().contains("finite scale and shift of channel 1"), e.getMessage());
            assertTrue(e.getMessage().contains("variance " + variance), e.getMessage());
        }
    }
}
