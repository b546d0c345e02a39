package org.clnorm;

import static org.clnorm.Values.normal;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.function.IntPredicate;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Tensor;

/** Groups without variance, with one element, with NaN or infinities. */
class SpecialValuesTest {
    private static final float NAN = Float.NaN;
    private static final float INF = Float.POSITIVE_INFINITY;

    @OnEveryDevice
    void constantGroupsGiveTheBiasExactly(Device device, DataType type) {
        for (double value : type == DataType.F16 ? new double[] {0, 1.1, -65504, 6e-8}
                : new double[] {0, 1.1, -3e5, 1e30, 3e-39}) {
            try (BatchNorm1d norm = new BatchNorm1d(2).on(device)) {
                norm.weight().write(3, 4);
                norm.bias().write(0.3f, -0.7f);
                double[] x = new double[2 * 2 * 13];
                Arrays.fill(x, value);
                float[] y = norm.forward(device.tensor(type, x, 2, 2, 13)).read();
                for (int i = 0; i < y.length; i++) {
                    assertEquals(type.round(i / 13 % 2 == 0 ? 0.3f : -0.7f), y[i], "at " + i + " of " + value);
                }
            }
        }
    }

    @OnEveryDevice
    void oneElementGroupsOfGroupNormGiveTheBiasExactly(Device device, DataType type) {
        try (GroupNorm norm = new GroupNorm(6, 6).on(device)) {
            norm.weight().write(normal(1, 6));
            norm.bias().write(normal(2, 6));
            float[] bias = norm.bias().value().read();
            float[] y = norm.forward(normal(device, type, 3, 4, 6)).read();
            for (int i = 0; i < y.length; i++) {
                assertEquals(type.round(bias[i % 6]), y[i]);
            }
            assertArrayEquals(new float[24], positiveZeros(norm.backward(normal(device, type, 4, 4, 6))));
            assertArrayEquals(new float[6], positiveZeros(norm.weight().grad()));
        }
    }

    private static float[] positiveZeros(Tensor tensor) {
        float[] values = tensor.read();
        for (int i = 0; i < values.length; i++) {
            values[i] += 0f;
        }
        return values;
    }

    @OnEveryDevice
    void oneElementOfLayerNormGivesTheBiasExactly(Device device, DataType type) {
        try (LayerNorm norm = new LayerNorm(1).on(device)) {
            norm.bias().write(0.3f);
            float bias = (float) type.round(0.3f);
            assertArrayEquals(new float[] {bias, bias, bias}, norm.forward(normal(device, type, 1, 3, 1)).read());
        }
    }

    /** One group without variance and one with, eps 0. */
    private static float[] withoutEps(Device device, DataType type, NormLayer layer, long... dims) {
        try (layer) {
            layer.bias().write(layer.bias().shape().size() == 2 ? new double[] {5, 5} : new double[] {5, 5, 5});
            return layer.forward(device.tensor(type, new float[] {7, 7, 7, 1, 2, 3}, dims)).read();
        }
    }

    /** The last digit of numbers from 4 to 8. */
    private static float unit(DataType type) {
        return type == DataType.F16 ? 0x1p-8f : type == DataType.BF16 ? 0x1p-5f : 0;
    }

    @OnEveryDevice
    void epsZeroWithoutVarianceGivesTheBiasOrNaN(Device device, DataType type) {
        float[] batch = withoutEps(device, type, BatchNorm1d.builder(2).eps(0).build().on(device), 1, 2, 3);
        InstanceNorm1d norm = InstanceNorm1d.builder(2).affine(true).eps(0).build().on(device);
        float[] instance = withoutEps(device, type, norm, 1, 2, 3);
        for (float[] y : new float[][] {batch, instance}) {
            assertArrayEquals(new float[] {5, 5, 5, 5 - 1.2247449f, 5, 5 + 1.2247449f}, y, 2e-6f + unit(type));
            assertEquals(5, y[0]);
        }
        float[] group = withoutEps(device, type, GroupNorm.builder(2, 2).eps(0).build().on(device), 1, 2, 3);
        float[] layer = withoutEps(device, type, LayerNorm.builder(3).eps(0).build().on(device), 2, 3);
        for (float[] y : new float[][] {group, layer}) {
            assertArrayEquals(new float[] {NAN, NAN, NAN, 5 - 1.2247449f, 5, 5 + 1.2247449f}, y, 2e-6f + unit(type));
        }
    }

    @OnEveryDevice
    void epsZeroWithARunningVarianceOfZero(Device device, DataType type) {
        try (BatchNorm1d norm = BatchNorm1d.builder(2).eps(0).build().on(device)) {
            norm.runningVar().fill(0);
            norm.eval();
            float[] y = norm.forward(device.tensor(type, new float[] {0, 2, -1, 0}, 2, 2)).read();
            assertArrayEquals(new float[] {NAN, INF, -INF, NAN}, y);
        }
    }

    @OnEveryDevice
    void nanAndInfinitySpoilTheirGroupAlone(Device device, DataType type) {
        for (float bad : new float[] {NAN, INF, -INF}) {
            for (int at : new int[] {0, 5, 9}) {
                spoiled(device, type, new BatchNorm1d(2).on(device), bad, at, i -> i / 5 % 2 == at / 5 % 2);
                spoiled(device, type, InstanceNorm1d.builder(2).affine(true).build().on(device), bad, at, i ->
                        i / 5 == at / 5);
                spoiled(device, type, new GroupNorm(1, 2).on(device), bad, at, i -> i / 10 == at / 10);
                spoiled(device, type, new LayerNorm(5).on(device), bad, at, i -> i / 5 == at / 5);
            }
        }
    }

    private static void spoiled(Device device, DataType type, NormLayer layer, float bad, int at, IntPredicate group) {
        try (layer) {
            Tensor x = normal(device, type, 1, 3, 2, 5);
            Tensor dy = normal(device, type, 2, 3, 2, 5);
            float[] clean = layer.forward(x).read();
            float[] cleanDx = layer.backward(dy).read();
            float[] values = x.read();
            values[at] = bad;
            float[] y = layer.forward(device.tensor(type, values, 3, 2, 5)).read();
            float[] dx = layer.backward(dy).read();
            for (int i = 0; i < y.length; i++) {
                assertEquals(group.test(i) ? NAN : clean[i], y[i], layer + " y at " + i + " with " + bad + " at " + at);
                assertEquals(group.test(i) ? NAN : cleanDx[i], dx[i], layer + " dx at " + i + " with " + bad + " at "
                        + at);
            }
        }
    }

    @OnEveryDevice
    void runningStatisticsOfInfinity(Device device, DataType type) {
        float[][] expected = {{INF, INF}, {-INF, -INF}, {NAN, INF, -INF}, {NAN, NAN}, {NAN, NAN, INF}};
        for (float[] row : expected) {
            try (BatchNorm1d norm = new BatchNorm1d(2).on(device)) {
                float[] x = new float[2 * 2 * 4];
                for (int i = 0; i < x.length; i++) {
                    x[i] = i;
                }
                System.arraycopy(row, 1, x, 1, row.length - 1);
                norm.forward(device.tensor(type, x, 2, 2, 4));
                assertEquals(row[0], norm.runningMean().read()[0]);
                assertTrue(Float.isNaN(norm.runningVar().read()[0]));
                assertTrue(Float.isFinite(norm.runningMean().read()[1]));
                assertTrue(Float.isFinite(norm.runningVar().read()[1]));
            }
        }
    }

    @OnEveryDevice
    void evaluationFollowsIeeeElementByElement(Device device, DataType type) {
        try (BatchNorm1d norm = new BatchNorm1d(2).on(device)) {
            norm.eval();
            float[] y = norm.forward(device.tensor(type, new float[] {NAN, 1, INF, 2, -INF, 3}, 3, 2)).read();
            float one = (float) (1 / Math.sqrt(1 + 1e-5));
            assertArrayEquals(new float[] {NAN, one, INF, 2 * one, -INF, 3 * one}, y, 1e-6f + unit(type));
        }
    }

    @OnEveryDevice
    void anyOffsetAndScaleOfFloat(Device device, DataType type) {
        double[] z = normal(1, 4 * 2 * 50);
        for (double[] form : forms(type)) {
            try (BatchNorm1d norm = BatchNorm1d.builder(2).eps(0).build().on(device)) {
                double[] x = Arrays.stream(z).map(v -> type.round((float) (form[0] + v * form[1]))).toArray();
                Reference reference = Reference.batch(2, 50, 0);
                Values.assertClose(reference.forward(x, reference.moments(x), null, null),
                        norm.forward(device.tensor(type, x, 4, 2, 50)), "offset " + form[0] + ", deviation " + form[1]);
            }
        }
    }

    /** Offsets and deviations that leave a type something to tell values apart by. */
    private static double[][] forms(DataType type) {
        return switch (type) {
            case F16 -> new double[][] {{1e3, 1}, {3e4, 1e4}, {0, 1e-7}, {6e-5, 1e-6}};
            case BF16 -> new double[][] {{1e6, 1e4}, {0, 1e18}, {0, 3e19}, {0, 1e-20}, {1e38, 1e36}};
            default -> new double[][] {{1e6, 1}, {1e4, 1e-2}, {0, 1e18}, {0, 3e19}, {0, 1e-20}, {1e38, 1e35}};
        };
    }
}
