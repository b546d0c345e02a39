package org.clnorm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.DoubleStream;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Half;
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

    /** As they are once they were stored in a type. */
    static double[] rounded(DataType type, double[] values) {
        return Arrays.stream(values).map(type::round).toArray();
    }

    static Tensor normal(Device device, DataType type, long seed, long... dims) {
        return device.tensor(type, normal(seed, Shape.of(dims).size()), dims);
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
        assertWithin(expected.values(), actual, FLOAT * expected.scale(), what);
    }

    /** For values that come about without cancellation. */
    static void assertClose(double[] expected, Tensor actual, String what) {
        double scale = Arrays.stream(expected).map(Math::abs).max().orElse(0);
        assertWithin(expected, actual, FLOAT * scale, what);
    }

    private static void assertWithin(double[] expected, Tensor tensor, double error, String what) {
        double[] actual = tensor.readDoubles();
        assertEquals(expected.length, actual.length, what);
        for (int i = 0; i < expected.length; i++) {
            boolean near = tensor.type().bytes() == Short.BYTES && Half.isNear(tensor.type(), expected[i], actual[i]);
            if (!near && !(Math.abs(expected[i] - actual[i]) <= error)) {
                fail(what + "[" + i + "]: expected " + expected[i] + " within " + error + ", got " + actual[i]);
            }
        }
    }
}
