package org.clnorm;

import static org.clnorm.Values.assertClose;
import static org.clnorm.Values.normal;
import static org.clnorm.Values.positive;
import static org.clnorm.Values.rounded;
import static org.clnorm.Values.tensor;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Random;
import java.util.function.DoubleSupplier;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Scope;
import org.clnorm.tensor.Shape;
import org.clnorm.tensor.Tensor;
import org.junit.jupiter.api.Test;

/** Weights and biases of each sample's own, against the formula written down once more. */
class AdaptiveNormsTest {
    private static final double EPS = 1e-5;
    private static final double STEP = 1e-5;
    private static final double SLOPE = 1e-7;
    private static final int RANDOM_CASES = Integer.getInteger("clnorm.cases", 12);

    private interface Call {
        NormResult of(Tensor x, Tensor weight, Tensor bias);
    }

    private static void check(Device device, DataType type, Call call, Reference reference, int samples, int parameters,
            long... dims) {
        check(device, type, call, reference, samples, parameters, true, true, dims);
        check(device, type, call, reference, samples, parameters, true, false, dims);
        check(device, type, call, reference, samples, parameters, false, true, dims);
    }

    private static void check(Device device, DataType type, Call call, Reference reference, int samples, int parameters,
            boolean scale, boolean shift, long... dims) {
        int count = samples * parameters;
        double[] x = rounded(type, normal(1, Shape.of(dims).size()));
        double[] dy = rounded(type, normal(2, x.length));
        double[] weight = scale ? positive(3, count) : null;
        double[] bias = shift ? normal(4, count) : null;
        NormResult result = call.of(device.tensor(type, x, dims),
                scale ? tensor(device, weight, samples, parameters) : null,
                shift ? tensor(device, bias, samples, parameters) : null);
        Reference.Moments moments = reference.moments(x);
        assertClose(reference.forward(x, moments, weight, bias), result.y(), "y");
        Gradients gradients = result.backward(device.tensor(type, dy, dims));
        assertClose(reference.inputGradient(x, dy, moments, weight), gradients.dx(), "dx");
        if (scale) {
            assertEquals(Shape.of(samples, parameters), gradients.dweight().shape());
            assertClose(reference.weightGradient(x, dy, moments, count), gradients.dweight(), "dweight");
        }
        if (shift) {
            assertEquals(Shape.of(samples, parameters), gradients.dbias().shape());
            assertClose(reference.biasGradient(dy, count), gradients.dbias(), "dbias");
        }
    }

    @OnEveryDevice
    void adaptiveInstanceNorm(Device device) {
        check(device, DataType.F32, (x, weight, bias) -> Norms.adaptiveInstanceNorm(x, weight, bias, EPS),
                new Reference(i -> i / 20, 12, i -> i / 20, EPS), 4, 3, 4, 3, 4, 5);
    }

    @OnEveryDevice
    void adaptiveGroupNorm(Device device) {
        check(device, DataType.BF16, (x, weight, bias) -> Norms.adaptiveGroupNorm(x, 2, weight, bias, EPS),
                new Reference(i -> i / 21, 6, i -> i / 7, EPS), 3, 6, 3, 6, 7);
    }

    @OnEveryDevice
    void adaptiveLayerNorm(Device device) {
        check(device, DataType.F32, (x, weight, bias) -> Norms.adaptiveLayerNorm(x, weight, bias, EPS),
                new Reference(i -> i / 9, 20, i -> i / 45 * 9 + i % 9, EPS), 4, 9, 4, 5, 9);
        check(device, DataType.F32, (x, weight, bias) -> Norms.adaptiveLayerNorm(x, weight, bias, EPS),
                new Reference(i -> i / 9, 4, i -> i, EPS), 4, 9, 4, 9);
    }

    @OnEveryDevice
    void conditionalBatchNorm(Device device) {
        check(device, DataType.F32, (x, weight, bias) -> Norms.conditionalBatchNorm(x, null, null, weight, bias, true,
                0.1, EPS), new Reference(i -> i / 20 % 3, 3, i -> i / 20, EPS), 4, 3, 4, 3, 4, 5);
    }

    /** Any sizes, among them those that fast kernels take. */
    @OnEveryDevice
    void randomSizes(Device device) {
        Random random = new Random(20261123);
        for (int i = 0; i < RANDOM_CASES; i++) {
            int samples = 1 + random.nextInt(5);
            int members = 1 + random.nextInt(6);
            int groups = 1 + random.nextInt(4);
            int space = 2 + random.nextInt(random.nextBoolean() ? 30 : 900);
            DataType type = random.nextInt(3) > 0 ? DataType.F32 : random.nextBoolean() ? DataType.F16 : DataType.BF16;
            Sizes sizes = new Sizes(samples, groups, members, space);
            try (Scope scope = device.scope()) {
                switch (random.nextInt(4)) {
                    case 0 -> sizes.instance(device, type);
                    case 1 -> sizes.group(device, type);
                    case 2 -> sizes.layer(device, type);
                    default -> sizes.batch(device, type);
                }
            }
        }
    }

    /** Of an input [samples, groups · members, space]. */
    private record Sizes(int samples, int groups, int members, int space) {
        int channels() {
            return groups * members;
        }

        void instance(Device device, DataType type) {
            check(device, type, (x, weight, bias) -> Norms.adaptiveInstanceNorm(x, weight, bias, EPS),
                    new Reference(i -> i / space, samples * channels(), i -> i / space, EPS), samples, channels(),
                    samples, channels(), space);
        }

        void group(Device device, DataType type) {
            check(device, type, (x, weight, bias) -> Norms.adaptiveGroupNorm(x, groups, weight, bias, EPS),
                    new Reference(i -> i / (space * members), samples * groups, i -> i / space, EPS), samples,
                    channels(), samples, channels(), space);
        }

        void layer(Device device, DataType type) {
            int tokens = channels();
            check(device, type, (x, weight, bias) -> Norms.adaptiveLayerNorm(x, weight, bias, EPS),
                    new Reference(i -> i / space, samples * tokens, i -> i / (tokens * space) * space + i % space, EPS),
                    samples, space, samples, tokens, space);
        }

        void batch(Device device, DataType type) {
            check(device, type, (x, weight, bias) -> Norms.conditionalBatchNorm(x, null, null, weight, bias, true, 0.1,
                    EPS), new Reference(i -> i / space % channels(), channels(), i -> i / space, EPS), samples,
                    channels(), samples, channels(), space);
        }
    }

    /** The statistics are those of the whole batch, whatever the samples' weights. */
    @OnEveryDevice
    void conditionalBatchNormKeepsTheStatisticsOfABatchNorm(Device device) {
        Tensor x = normal(device, 1, 4, 3, 5);
        Tensor mean = device.zeros(3);
        Tensor variance = device.zeros(3).fill(1);
        Tensor weight = normal(device, 3, 4, 3);
        try (BatchNorm1d layer = BatchNorm1d.builder(3).affine(false).build().on(device)) {
            layer.forward(x);
            Norms.conditionalBatchNorm(x, mean, variance, weight, null, true, 0.1, EPS);
            assertClose(layer.runningMean().readDoubles(), mean, "mean");
            assertClose(layer.runningVar().readDoubles(), variance, "variance");
            double[] y = layer.eval().forward(x).readDoubles();
            for (int i = 0; i < y.length; i++) {
                y[i] *= weight.read()[i / 5];
            }
            NormResult result = Norms.conditionalBatchNorm(x, mean, variance, weight, null, false, 0.1, EPS);
            assertClose(y, result.y(), "y");
            assertEquals(Shape.of(4, 3), result.backward(x).dweight().shape());
        }
    }

    /** Of Σ y · r, in double on the Java engine, by every element of weight and x. */
    @Test
    void gradientsAreTheSlopes() {
        try (Device device = Device.cpu()) {
            slopes(device, (x, weight, bias) -> Norms.adaptiveInstanceNorm(x, weight, bias, EPS), 3, 2, 3, 4);
            slopes(device, (x, weight, bias) -> Norms.adaptiveGroupNorm(x, 2, weight, bias, EPS), 4, 2, 4, 3);
            slopes(device, (x, weight, bias) -> Norms.adaptiveLayerNorm(x, weight, bias, EPS), 4, 2, 3, 4);
            slopes(device, (x, weight, bias) -> Norms.conditionalBatchNorm(x, null, null, weight, bias, true, 0.1, EPS),
                    3, 2, 3, 4);
        }
    }

    private static void slopes(Device device, Call call, int parameters, long... dims) {
        double[] x = normal(1, Shape.of(dims).size());
        double[] weight = positive(3, 2L * parameters);
        double[] bias = normal(4, 2L * parameters);
        double[] r = normal(2, x.length);
        try (Scope scope = device.scope()) {
            Gradients gradients = call.of(device.tensor(x, dims), device.tensor(weight, 2, parameters),
                    device.tensor(bias, 2, parameters)).backward(device.tensor(r, dims));
            slopes(x, gradients.dx(), () -> loss(device, call, x, weight, bias, r, dims));
            slopes(weight, gradients.dweight(), () -> loss(device, call, x, weight, bias, r, dims));
            slopes(bias, gradients.dbias(), () -> loss(device, call, x, weight, bias, r, dims));
        }
    }

    private static void slopes(double[] values, Tensor gradient, DoubleSupplier loss) {
        double[] got = gradient.readDoubles();
        for (int i = 0; i < values.length; i++) {
            double value = values[i];
            values[i] = value + STEP;
            double above = loss.getAsDouble();
            values[i] = value - STEP;
            double slope = (above - loss.getAsDouble()) / (2 * STEP);
            values[i] = value;
            assertEquals(slope, got[i], SLOPE * Math.max(1, Math.abs(slope)));
        }
    }

    private static double loss(Device device, Call call, double[] x, double[] weight, double[] bias, double[] r,
            long... dims) {
        long parameters = weight.length / dims[0];
        double[] y = call.of(device.tensor(x, dims), device.tensor(weight, dims[0], parameters),
                device.tensor(bias, dims[0], parameters)).y().readDoubles();
        double loss = 0;
        for (int i = 0; i < y.length; i++) {
            loss += y[i] * r[i];
        }
        return loss;
    }

    @Test
    void parametersAreOfEachSample() {
        try (Device device = Device.cpu(); Tensor x = device.zeros(4, 3, 5); Tensor shared = device.zeros(3)) {
            String fault = "expected weight of shape [4, 3], got [3]";
            assertEquals(fault, message(() -> Norms.adaptiveInstanceNorm(x, shared, null, EPS)));
            assertEquals(fault, message(() -> Norms.adaptiveGroupNorm(x, 1, shared, null, EPS)));
            assertEquals(fault, message(() -> Norms.conditionalBatchNorm(x, null, null, shared, null, true, 0.1, EPS)));
            assertEquals("expected bias of shape [4, 5], got [3]", message(
                    () -> Norms.adaptiveLayerNorm(x, null, shared, EPS)));
            assertEquals("expected at least 2D input (got 1D input)", message(
                    () -> Norms.adaptiveLayerNorm(shared, null, null, EPS)));
            assertEquals("expected at least 3D input (got 1D input)", message(
                    () -> Norms.adaptiveInstanceNorm(shared, null, null, EPS)));
        }
    }

    private static String message(Runnable refused) {
        return assertThrows(IllegalArgumentException.class, refused::run).getMessage();
    }
}
