package org.clnorm;

import static org.clnorm.Values.assertClose;
import static org.clnorm.Values.normal;
import static org.clnorm.Values.rounded;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Tensor;

/** How running mean, running variance and the batch count move, and when they do not. */
class RunningStatisticsTest {
    private static final int N = 4;
    private static final int C = 3;
    private static final int S = 5;
    private static final Reference BATCH = Reference.batch(C, S, 1e-5);

    private static double[] input(DataType type, int seed) {
        double[] x = normal(seed, N * C * S);
        for (int i = 0; i < x.length; i++) {
            x[i] = type.round((float) (2 + i / S % C + x[i] * (1 + seed)));
        }
        return x;
    }

    /** Follows the definition through some batches. */
    private static void follow(Device device, DataType type, BatchNorm1d norm, double correction, double... factors) {
        try (norm) {
            double[] mean = new double[C];
            double[] variance = {1, 1, 1};
            for (int batch = 0; batch < factors.length; batch++) {
                double[] x = input(type, batch);
                Reference.Moments moments = BATCH.moments(x);
                for (int c = 0; c < C; c++) {
                    double m = factors[batch];
                    mean[c] = (1 - m) * mean[c] + m * moments.mean()[c];
                    variance[c] = (1 - m) * variance[c] + m * moments.variance()[c] * correction;
                }
                assertEquals(batch, norm.numBatchesTracked());
                norm.forward(device.tensor(type, x, N, C, S));
                assertClose(mean, norm.runningMean(), "running mean after " + (batch + 1));
                assertClose(variance, norm.runningVar(), "running variance after " + (batch + 1));
            }
            assertEquals(factors.length, norm.numBatchesTracked());
        }
    }

    @OnEveryDevice
    void theVarianceIsUnbiased(Device device, DataType type) {
        double unbiased = N * S / (N * S - 1.0);
        follow(device, type, new BatchNorm1d(C).on(device), unbiased, 0.1, 0.1, 0.1);
        follow(device, type, BatchNorm1d.builder(C).momentum(0.75).build().on(device), unbiased, 0.75, 0.75);
        follow(device, type, BatchNorm1d.builder(C).momentum(1).build().on(device), unbiased, 1, 1);
        follow(device, type, BatchNorm1d.builder(C).momentum(0).build().on(device), unbiased, 0, 0);
    }

    @OnEveryDevice
    void orBiasedIfAskedFor(Device device, DataType type) {
        follow(device, type, BatchNorm1d.builder(C).runningVariance(VarianceEstimate.BIASED).build().on(device), 1,
                0.1, 0.1);
    }

    @OnEveryDevice
    void cumulativeMomentumIsThePlainAverage(Device device, DataType type) {
        follow(device, type, BatchNorm1d.builder(C).cumulativeMomentum().build().on(device), N * S / (N * S - 1.0),
                1, 1 / 2.0, 1 / 3.0, 1 / 4.0);
    }

    @OnEveryDevice
    void cumulativeMomentumStartsAgainAfterAReset(Device device, DataType type) {
        try (BatchNorm1d norm = BatchNorm1d.builder(C).cumulativeMomentum().build().on(device)) {
            norm.forward(device.tensor(type, input(type, 0), N, C, S));
            norm.resetRunningStats();
            assertEquals(0, norm.numBatchesTracked());
            norm.forward(device.tensor(type, input(type, 1), N, C, S));
            assertClose(BATCH.moments(input(type, 1)).mean(), norm.runningMean(), "running mean");
        }
    }

    @OnEveryDevice
    void instanceNormAveragesOverTheSamplesAndCountsNothing(Device device, DataType type) {
        try (InstanceNorm1d norm = InstanceNorm1d.builder(C).trackRunningStats(true).momentum(0.25).build()
                .on(device)) {
            double[] x = input(type, 2);
            Reference.Moments moments = Reference.instance(N, C, S, 1e-5).moments(x);
            double[] mean = new double[C];
            double[] variance = {0.75, 0.75, 0.75};
            for (int g = 0; g < N * C; g++) {
                mean[g % C] += 0.25 * moments.mean()[g] / N;
                variance[g % C] += 0.25 * moments.variance()[g] / N * S / (S - 1);
            }
            norm.forward(device.tensor(type, x, N, C, S));
            assertClose(mean, norm.runningMean(), "running mean");
            assertClose(variance, norm.runningVar(), "running variance");
            assertEquals(0, norm.numBatchesTracked());
        }
    }

    @OnEveryDevice
    void instanceNormWithoutBatchIsOneSample(Device device, DataType type) {
        try (InstanceNorm1d one = InstanceNorm1d.builder(C).trackRunningStats(true).build().on(device);
                InstanceNorm1d other = InstanceNorm1d.builder(C).trackRunningStats(true)
                        .runningVariance(VarianceEstimate.BIASED).build().on(device)) {
            double[] x = rounded(type, normal(1, C * S));
            one.forward(device.tensor(type, x, C, S));
            Tensor batched = other.forward(device.tensor(type, x, 1, C, S));
            assertArrayEquals(batched.read(), one.forward(device.tensor(type, x, C, S)).read());
            one.resetRunningStats();
            one.forward(device.tensor(type, x, C, S));
            assertArrayEquals(other.runningMean().read(), one.runningMean().read());
            Reference.Moments moments = Reference.instance(1, C, S, 1e-5).moments(x);
            double[] unbiased = new double[C];
            double[] biased = new double[C];
            for (int c = 0; c < C; c++) {
                unbiased[c] = 0.9 + 0.1 * moments.variance()[c] * S / (S - 1);
                biased[c] = 0.9 + 0.1 * moments.variance()[c];
            }
            assertClose(unbiased, one.runningVar(), "unbiased");
            assertClose(biased, other.runningVar(), "biased");
        }
    }

    @OnEveryDevice
    void evaluationMovesNothing(Device device, DataType type) {
        try (BatchNorm1d norm = new BatchNorm1d(C).on(device)) {
            norm.eval();
            norm.forward(device.tensor(type, input(type, 0), N, C, S));
            assertArrayEquals(new double[C], norm.runningMean().readDoubles());
            assertArrayEquals(new double[] {1, 1, 1}, norm.runningVar().readDoubles());
            assertEquals(0, norm.numBatchesTracked());
        }
    }

    @OnEveryDevice
    void frozenParametersDoNotStopTheStatistics(Device device, DataType type) {
        try (BatchNorm1d norm = new BatchNorm1d(C).on(device); BatchNorm1d free = new BatchNorm1d(C).on(device)) {
            norm.requiresGrad(false);
            norm.forward(device.tensor(type, input(type, 0), N, C, S));
            free.forward(device.tensor(type, input(type, 0), N, C, S));
            assertEquals(free.stateDict(), norm.stateDict());
            assertEquals(1, norm.numBatchesTracked());
        }
    }

    @OnEveryDevice
    void resetsRestoreTheBeginning(Device device, DataType type) {
        try (BatchNorm1d norm = new BatchNorm1d(C).on(device); BatchNorm1d fresh = new BatchNorm1d(C)) {
            norm.weight().write(2, 3, 4);
            norm.bias().write(2, 3, 4);
            norm.forward(device.tensor(type, input(type, 0), N, C, S));
            norm.resetRunningStats();
            assertArrayEquals(new double[C], norm.runningMean().readDoubles());
            assertArrayEquals(new double[] {1, 1, 1}, norm.runningVar().readDoubles());
            assertEquals(0, norm.numBatchesTracked());
            assertArrayEquals(new double[] {2, 3, 4}, norm.weight().read());
            norm.forward(device.tensor(type, input(type, 0), N, C, S));
            norm.resetParameters();
            assertEquals(fresh.stateDict(), norm.stateDict());
        }
    }
}
