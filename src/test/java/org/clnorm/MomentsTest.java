package org.clnorm;

import static org.clnorm.Values.assertClose;
import static org.clnorm.Values.normal;
import static org.clnorm.Values.rounded;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.function.IntUnaryOperator;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Shape;
import org.clnorm.tensor.Tensor;
import org.junit.jupiter.api.Test;

/** Mean and variance over dimensions, against sums in double; and no trace of what was computed besides. */
class MomentsTest {
    private static void check(Device device, DataType type, IntUnaryOperator group, long[] kept, int... axes) {
        double[] x = Arrays.stream(rounded(type, normal(1, 4 * 3 * 5 * 6))).map(v -> type.round(v + 2)).toArray();
        Reference.Moments expected = new Reference(group, (int) Shape.of(kept).size(), i -> 0, 0).moments(x);
        try (Moments moments = Norms.moments(device.tensor(type, x, 4, 3, 5, 6), axes)) {
            assertEquals(Shape.of(kept), moments.mean().shape());
            assertEquals(Shape.of(kept), moments.variance().shape());
            assertEquals(DataType.F32, moments.mean().type());
            assertClose(expected.mean(), moments.mean(), "mean");
            assertClose(expected.variance(), moments.variance(), "variance");
        }
    }

    @OnEveryDevice
    void overAnyDimensions(Device device) {
        DataType type = DataType.F32;
        check(device, DataType.BF16, i -> i / 30 % 3, new long[] {3}, 0, 2, 3);
        check(device, type, i -> i / 30 % 3, new long[] {3}, 0, 2, 3);
        check(device, type, i -> i / 30, new long[] {4, 3}, 2, 3);
        check(device, type, i -> i / 6, new long[] {4, 3, 5}, -1);
        check(device, type, i -> i / 90 * 30 + i % 30, new long[] {4, 5, 6}, 1);
        check(device, type, i -> i % 6, new long[] {6}, 0, 1, 2);
        check(device, type, i -> i / 30 % 3 * 6 + i % 6, new long[] {3, 6}, 0, 2);
        check(device, type, i -> 0, new long[] {}, 0, 1, 2, 3);
    }

    /** Far from 0, where squares and means would cancel; and where nothing is finite, or nothing is there. */
    @OnEveryDevice
    void hardValues(Device device) {
        float[] x = {1e6f, 1e6f + 1, 7, 7, 1e20f, -1e20f};
        try (Moments moments = Norms.moments(device.tensor(x, 3, 2), 1)) {
            assertArrayEquals(new float[] {1e6f + 0.5f, 7, 0}, moments.mean().read());
            assertArrayEquals(new float[] {0.25f, 0, Float.POSITIVE_INFINITY}, moments.variance().read());
        }
        try (Moments moments = Norms.moments(device.tensor(new float[] {Float.NaN, 1, 2, 4}, 2, 2), 1)) {
            assertArrayEquals(new float[] {Float.NaN, 3}, moments.mean().read());
            assertArrayEquals(new float[] {Float.NaN, 1}, moments.variance().read());
        }
        try (Moments moments = Norms.moments(device.zeros(0, 2), 1)) {
            assertEquals(Shape.of(0), moments.mean().shape());
        }
    }

    @Test
    void inDouble() {
        try (Device device = Device.cpu(); Tensor x = device.tensor(new double[] {1, 2, 4}, 3);
                Moments moments = Norms.moments(x, 0)) {
            assertEquals(7.0 / 3, moments.mean().readDoubles()[0], 1e-15);
            assertEquals(14.0 / 9, moments.variance().readDoubles()[0], 1e-15);
        }
    }

    @Test
    void axesHaveToFit() {
        try (Device device = Device.cpu(); Tensor x = device.zeros(3, 0)) {
            assertEquals("expected at least one axis, got none",
                    assertThrows(IllegalArgumentException.class, () -> Norms.moments(x)).getMessage());
            assertEquals("expected axes of [3, 0] in ascending order, got [2]",
                    assertThrows(IllegalArgumentException.class, () -> Norms.moments(x, 2)).getMessage());
            assertThrows(IllegalArgumentException.class, () -> Norms.moments(x, 1));
            assertEquals(1, device.liveTensors());
        }
    }
}
