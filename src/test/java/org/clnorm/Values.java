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
    /** The contract of float results, relative to the magnitude before cancellation. */
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

    static void assertClose(Reference.Expected expected, Tensor actual, String what) {
        assertWithin(expected.values(), actual.readDoubles(), FLOAT * expected.scale(), what);
    }

    /** For values that come about without cancellation. */
    static void assertClose(double[] expected, Tensor actual, String what) {
        double scale = Arrays.stream(expected).map(Math::abs).max().orElse(0);
        assertWithin(expected, actual.readDoubles(), FLOAT * scale, what);
    }

    private static void assertWithin(double[] expected, double[] actual, double error, String what) {
        assertEquals(expected.length, actual.length, what);
        for (int i = 0; i < expected.length; i++) {
            if (!(Math.abs(expected[i] - actual[i]) <= error)) {
                fail(what + "[" + i + "]: expected " + expected[i] + " within " + error + ", got " + actual[i]);
            }
        }
    }
}
