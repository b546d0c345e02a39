package org.clnorm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.DoubleStream;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Shape;
import org.clnorm.tensor.Tensor;

/** Inputs of tests, and the comparison of their results. */
final class Values {
    /** The contract of float results, relative to the largest value. */
    private static final double FLOAT = 6e-7;

    private Values() {
    }

    /** Normally distributed floats, the same for the same seed. */
    static double[] normal(long seed, long count) {
        Random random = new Random(seed);
        return DoubleStream.generate(() -> (float) random.nextGaussian()).limit(count).toArray();
    }

    static Tensor normal(Device device, long seed, long... dims) {
        return tensor(device, normal(seed, Shape.of(dims).size()), dims);
    }

    /** A float tensor. */
    static Tensor tensor(Device device, double[] values, long... dims) {
        return device.zeros(dims).write(values);
    }

    /** Positive values, for weights and running variances. */
    static double[] positive(long seed, long count) {
        return Arrays.stream(normal(seed, count)).map(v -> (float) (0.5 + Math.abs(v))).toArray();
    }

    static void assertClose(double[] expected, Tensor actual, String what) {
        assertClose(expected, actual.readDoubles(), FLOAT, what);
    }

    /** Within a tolerance relative to the largest expected value, or 1 if that is more. */
    static void assertClose(double[] expected, double[] actual, double tolerance, String what) {
        assertEquals(expected.length, actual.length, what);
        double scale = Arrays.stream(expected).map(Math::abs).max().orElse(1);
        for (int i = 0; i < expected.length; i++) {
            if (!(Math.abs(expected[i] - actual[i]) <= tolerance * Math.max(1, scale))) {
                fail(what + "[" + i + "]: expected " + expected[i] + ", got " + actual[i]);
            }
        }
    }
}
