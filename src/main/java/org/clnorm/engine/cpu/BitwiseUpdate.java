package org.clnorm.engine.cpu;

import org.clnorm.engine.RunningUpdate;

/** How running statistics move, operation by operation that of {@code common/statistics.cl}. */
final class BitwiseUpdate {
    private final BitwiseStatistics statistics;
    private final ArrayStorage means;
    private final ArrayStorage variances;
    private final float momentum;
    private final float keep;
    private final float correction;
    private final float share;
    private final boolean finiteOnly;

    BitwiseUpdate(BitwiseStatistics statistics, RunningUpdate update) {
        this.statistics = statistics;
        means = CpuDevice.array(update.target().mean());
        variances = CpuDevice.array(update.target().variance());
        momentum = (float) update.momentum();
        keep = (float) (1 - update.momentum());
        correction = (float) update.correction();
        finiteOnly = update.finiteOnly();
        share = 1f / (groups() / means.length());
    }

    private int groups() {
        return statistics.mean().length;
    }

    void run() {
        for (int c = 0; c < means.length(); c++) {
            Average mean = new Average();
            Average variance = new Average();
            for (int g = c; g < groups(); g += means.length()) {
                float back = 1 / statistics.scale()[g];
                mean.add((statistics.mean()[g] * momentum + statistics.delta()[g] * momentum) * back);
                variance.add(momentum * correction * statistics.variance()[g] * back * back);
            }
            float newMean = keep * (float) means.get(c) + mean.value();
            float newVariance = keep * (float) variances.get(c) + variance.value();
            if (!finiteOnly || Float.isFinite(newMean) && Float.isFinite(newVariance)) {
                means.set(c, newMean);
                variances.set(c, newVariance);
            }
        }
    }

    /** Of small terms, which are divided after they are added up, and large ones, which are divided before. */
    private final class Average {
        private final BitwiseSum.Running small = new BitwiseSum.Running();
        private final BitwiseSum.Running large = new BitwiseSum.Running();

        void add(float term) {
            if (Math.abs(term) < 1) {
                small.add(term);
            } else {
                large.add(term * share);
            }
        }

        float value() {
            return small.value() * share + large.value();
        }
    }
}
