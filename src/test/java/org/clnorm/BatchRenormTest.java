package org.clnorm;

import static org.clnorm.Values.assertClose;
import static org.clnorm.Values.normal;
import static org.clnorm.Values.positive;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.clnorm.plan.Activation;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Scope;
import org.clnorm.tensor.Tensor;
import org.junit.jupiter.api.Test;

/** Batch renormalization against its formulas, written out in double; gradients with r and d held constant. */
class BatchRenormTest {
    private static final int N = 4;
    private static final int C = 5;
    private static final int S = 6;
    private static final int COUNT = N * C * S;
    private static final double EPS = 1e-3;
    private static final double R_MAX = 1.5;
    private static final double D_MAX = 0.75;
    private static final double[] MEAN = {0, 0.25, -2, 1, 0.5};
    private static final double[] VARIANCE = {1, 0.25, 4, 0.5, 1.5};

    /** One training pass. */
    private static final class Formula {
        final double[] mean = new double[C];
        final double[] variance = new double[C];
        final double[] r = new double[C];
        final double[] d = new double[C];

        Formula(double[] x) {
            measure(x);
            for (int c = 0; c < C; c++) {
                double running = Math.sqrt(VARIANCE[c] + EPS);
                r[c] = Math.min(R_MAX, Math.max(1 / R_MAX, Math.sqrt(variance[c] + EPS) / running));
                d[c] = Math.min(D_MAX, Math.max(-D_MAX, (mean[c] - MEAN[c]) / running));
            }
        }

        private void measure(double[] x) {
            Arrays.fill(mean, 0);
            Arrays.fill(variance, 0);
            for (int i = 0; i < COUNT; i++) {
                mean[i / S % C] += x[i] / (N * S);
            }
            for (int i = 0; i < COUNT; i++) {
                variance[i / S % C] += Math.pow(x[i] - mean[i / S % C], 2) / (N * S);
            }
        }

        /** y of another x, with the r and d that there are. */
        double[] y(double[] x, double[] w, double[] b, Activation activation) {
            measure(x);
            double[] y = new double[COUNT];
            for (int i = 0; i < COUNT; i++) {
                int c = i / S % C;
                double xHat = (x[i] - mean[c]) / Math.sqrt(variance[c] + EPS);
                y[i] = activation.value((xHat * r[c] + d[c]) * w[c] + b[c]);
            }
            return y;
        }
    }

    private static double[] input() {
        double[] x = normal(1, COUNT);
        for (int i = 0; i < COUNT; i++) {
            x[i] = 0.5 + 1.25 * x[i];
        }
        return x;
    }

    private static BatchNormBuilder<BatchNorm1d> builder() {
        return BatchNorm1d.builder(C).eps(EPS).renorm(R_MAX, D_MAX);
    }

    private static BatchNorm1d begun(BatchNormBuilder<BatchNorm1d> builder, Device device) {
        BatchNorm1d norm = builder.build().on(device);
        norm.runningMean().write(MEAN);
        norm.runningVar().write(VARIANCE);
        norm.parameters().values().forEach(parameter -> parameter.write(positive(7 + parameter.name().length(), C)));
        return norm;
    }

    private static double loss(double[] y, double[] dy) {
        double loss = 0;
        for (int i = 0; i < y.length; i++) {
            loss += y[i] * dy[i];
        }
        return loss;
    }

    private static double[] slopes(double[] values, Supplier<Double> loss) {
        double[] slopes = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            double value = values[i];
            values[i] = value + 1e-5;
            double above = loss.get();
            values[i] = value - 1e-5;
            slopes[i] = (above - loss.get()) / 2e-5;
            values[i] = value;
        }
        return slopes;
    }

    @Test
    void agreesWithTheFormulas() {
        double[] x = input();
        Formula formula = new Formula(x);
        assertTrue(Arrays.stream(formula.r).anyMatch(r -> r == R_MAX), "an r is cut off");
        assertTrue(Arrays.stream(formula.r).anyMatch(r -> r != 1 && r < R_MAX && r > 1 / R_MAX), "an r is not");
        assertTrue(Arrays.stream(formula.d).anyMatch(d -> d == D_MAX), "a d is cut off");
        assertTrue(Arrays.stream(formula.d).anyMatch(d -> Math.abs(d) < D_MAX), "a d is not");
        for (Activation activation : List.of(Activation.NONE, Activation.SILU)) {
            try (Device device = Device.cpu(); Scope scope = device.scope()) {
                BatchNorm1d norm = begun(builder().activation(activation).dataType(DataType.F64), device);
                double[] w = norm.weight().read();
                double[] b = norm.bias().read();
                double[] dy = normal(3, COUNT);
                Tensor y = norm.forward(device.tensor(x, N, C, S));
                assertArrayEquals(formula.y(x, w, b, activation), y.readDoubles(), 1e-13);
                double unbiased = N * S / (N * S - 1.0);
                for (int c = 0; c < C; c++) {
                    assertEquals(0.9 * MEAN[c] + 0.1 * formula.mean[c], norm.runningMean().readDoubles()[c], 1e-14);
                    assertEquals(0.9 * VARIANCE[c] + 0.1 * unbiased * formula.variance[c],
                            norm.runningVar().readDoubles()[c], 1e-14);
                }
                norm.accumulateGradients(true);
                Tensor dx = norm.backward(device.tensor(dy, N, C, S));
                Supplier<Double> loss = () -> loss(formula.y(x, w, b, activation), dy);
                assertArrayEquals(slopes(x, loss), dx.readDoubles(), 1e-8);
                assertArrayEquals(slopes(w, loss), norm.weight().grad().readDoubles(), 1e-8);
                assertArrayEquals(slopes(b, loss), norm.bias().grad().readDoubles(), 1e-8);
                norm.close();
            }
        }
    }

    /** What a layer makes of one training step, and the step's statistics. */
    private static void step(Device device, DataType type, BatchNormBuilder<BatchNorm1d> builder, long seed,
            List<double[]> results, long... dims) {
        try (Scope scope = device.scope(); BatchNorm1d norm = begun(builder, device)) {
            norm.accumulateGradients(true);
            for (int k = 0; k < 2; k++) {
                Tensor y = norm.forward(normal(device, type, seed + k, dims));
                Tensor dx = norm.backward(normal(device, type, seed + 9, dims));
                results.add(y.readDoubles());
                results.add(dx.readDoubles());
            }
            results.add(norm.runningMean().readDoubles());
            results.add(norm.runningVar().readDoubles());
            norm.parameters().values().forEach(parameter -> results.add(parameter.grad().readDoubles()));
        }
    }

    private static void agrees(Device device, DataType type, BatchNormBuilder<BatchNorm1d> builder, long... dims) {
        List<double[]> expected = new ArrayList<>();
        List<double[]> got = new ArrayList<>();
        try (Device java = Device.cpu()) {
            step(java, type, builder, 5, expected, dims);
        }
        step(device, type, builder, 5, got, dims);
        assertEquals(expected.size(), got.size());
        for (int i = 0; i < got.size(); i++) {
            DataType of = i < 4 ? type : DataType.F32;
            assertClose(expected.get(i), device.tensor(of, got.get(i), got.get(i).length), "result " + i);
        }
    }

    /** Types and shapes are mixed by the random workloads of {@code check}. */
    @OnEveryDevice
    void devicesAgreeWithTheJavaEngine(Device device) {
        agrees(device, DataType.F32, builder().activation(Activation.SILU), 3, C, 2_001);
        agrees(device, DataType.F32, builder().weight(false), 33, C);
        agrees(device, DataType.BF16, builder().affine(false), 33, C);
    }

    @OnEveryDevice
    void residualsAreNormalizedAndAddedAsElsewhere(Device device) {
        double[] x = normal(1, COUNT);
        double[] residual = normal(2, COUNT);
        double[] dy = normal(3, COUNT);
        double[][] results = new double[8][];
        int at = 0;
        try (Device java = Device.cpu()) {
            for (Device each : new Device[] {java, device}) {
                try (Scope scope = each.scope(); BatchNorm1d norm = begun(builder(), each);
                        BatchNorm1d last = begun(builder().activation(Activation.RELU), each)) {
                    Tensor sum = each.zeros(N, C, S);
                    AddNorm add = new AddNorm(norm);
                    Tensor tx = each.tensor(DataType.F32, x, N, C, S);
                    Tensor more = each.tensor(DataType.F32, residual, N, C, S);
                    Tensor tdy = each.tensor(DataType.F32, dy, N, C, S);
                    results[at++] = add.forward(tx, more, sum).readDoubles();
                    results[at++] = add.backward(tdy, more).readDoubles();
                    NormAdd after = new NormAdd(last);
                    results[at++] = after.forward(tx, more).readDoubles();
                    results[at++] = after.backward(tdy, each.zeros(N, C, S)).readDoubles();
                }
            }
        }
        for (int i = 0; i < 4; i++) {
            assertClose(results[i], device.tensor(DataType.F32, results[i + 4], COUNT), "result " + i);
        }
    }

    @OnEveryDevice
    void withoutRoomForCorrectionItIsBatchNormalization(Device device) {
        double[] x = input();
        try (BatchNorm1d plain = begun(BatchNorm1d.builder(C).eps(EPS), device);
                BatchNorm1d renorm = begun(builder(), device)) {
            renorm.renorm(1, 0);
            Tensor tx = device.tensor(DataType.F32, x, N, C, S);
            float[] same = plain.forward(tx).read();
            assertArrayEquals(same, renorm.forward(tx).read());
            assertEquals(plain.stateDict(), renorm.stateDict());
            renorm.renorm(R_MAX, D_MAX);
            assertNotEquals(Arrays.toString(plain.forward(tx).read()), Arrays.toString(renorm.forward(tx).read()));
            assertEquals(plain.stateDict(), renorm.stateDict());
            plain.eval();
            renorm.eval();
            assertArrayEquals(plain.forward(tx).read(), renorm.forward(tx).read());
        }
    }

    @OnEveryDevice
    void aPassAgainGivesTheSameBits(Device device) {
        try (BatchNorm1d norm = begun(builder().activation(Activation.SILU), device)) {
            Tensor x = device.tensor(DataType.F32, input(), N, C, S);
            Tensor dy = normal(device, 3, N, C, S);
            norm.warmUp(x.shape());
            float[] again = norm.backwardFrom(x, dy).read();
            float[] dweight = norm.weight().grad().read();
            float[] alone = norm.forwardNoGrad(x).read();
            norm.runningMean().write(MEAN);
            norm.runningVar().write(VARIANCE);
            Tensor y = norm.forward(x);
            assertArrayEquals(alone, y.read());
            assertArrayEquals(again, norm.backward(dy).read());
            assertArrayEquals(dweight, norm.weight().grad().read());
            norm.weight().requiresGrad(false);
            norm.forward(x);
            norm.backwardParameters(dy);
            assertArrayEquals(dweight, norm.weight().grad().read());
            norm.requiresGrad(false);
            norm.forward(x);
            norm.backward(dy, dy);
            assertEquals(4, norm.numBatchesTracked());
        }
    }

    @OnEveryDevice
    void aBatchWithNaNLeavesTheStatistics(Device device) {
        try (BatchNorm1d norm = begun(builder().nonFinite(NonFinite.SKIP), device)) {
            double[] x = input();
            x[0] = Double.NaN;
            float[] y = norm.forward(device.tensor(DataType.F32, x, N, C, S)).read();
            assertTrue(Float.isNaN(y[1]) && !Float.isNaN(y[S]));
            assertEquals(MEAN[0], norm.runningMean().readDoubles()[0]);
            assertEquals(VARIANCE[0], norm.runningVar().readDoubles()[0], 0);
        }
    }

    @Test
    void limitsAreChecked() {
        try (BatchNorm1d norm = builder().build(); BatchNorm1d plain = new BatchNorm1d(C)) {
            assertEquals("BatchNorm1d(5, eps=0.001, momentum=0.1, affine=True, track_running_stats=True,"
                    + " renorm=(1.5, 0.75))", norm.toString());
            assertThrows(IllegalArgumentException.class, () -> norm.renorm(0.5, 1));
            assertThrows(IllegalArgumentException.class, () -> norm.renorm(1, -1));
            assertThrows(IllegalArgumentException.class, () -> norm.renorm(Double.NaN, 1));
            assertTrue(norm.toString().contains("(1.5, 0.75)"));
            norm.renorm(Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY);
            assertTrue(norm.toString().contains("(inf, inf)"));
            assertThrows(IllegalStateException.class, () -> plain.renorm(1, 0));
        }
        assertThrows(IllegalArgumentException.class, () -> builder().trackRunningStats(false).build());
        assertThrows(IllegalArgumentException.class, () -> builder().virtualBatch(2).build());
        assertThrows(IllegalArgumentException.class, () -> builder().renorm(0, 0).build());
    }
}
