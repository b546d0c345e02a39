package org.clnorm.engine.cpu;

import java.util.Arrays;
import org.clnorm.engine.ForwardCall;
import org.clnorm.engine.Renorm;
import org.clnorm.engine.RunningUpdate;
import org.clnorm.engine.SavedStatistics;
import org.clnorm.plan.Form;
import org.clnorm.tensor.DataType;

/**
 * Mean, biased variance and rstd of every group; where an activation was applied to a sum, of every element whether it
 * was positive. Where batch renormalization corrects them, what x̂ is multiplied by and what is added, else 1 and 0.
 */
record CpuStatistics(double[] mean, double[] variance, double[] rstd, boolean[] positive, double[] factor,
        double[] offset) implements SavedStatistics {
    CpuStatistics(int groups, int signs) {
        this(new double[groups], new double[groups], new double[groups], new boolean[signs], new double[groups],
                new double[groups]);
        Arrays.fill(factor, 1);
    }

    /** The same statistics, with room for signs. */
    CpuStatistics with(int signs) {
        return new CpuStatistics(mean, variance, rstd, new boolean[signs], factor, offset);
    }

    /** Finds what corrects a group, before the running statistics move. */
    void renormalize(int group, Renorm renorm, double eps) {
        double running = Math.sqrt(CpuDevice.array(renorm.running().variance()).get(group) + eps);
        double apart = mean[group] - CpuDevice.array(renorm.running().mean()).get(group);
        factor[group] = clipped(Math.sqrt(variance[group] + eps) / running, 1 / renorm.rMax(), renorm.rMax());
        offset[group] = clipped(apart / running, -renorm.dMax(), renorm.dMax());
    }

    private static double clipped(double value, double least, double most) {
        return Math.max(least, Math.min(most, value));
    }

    /** What x̂ is multiplied by. */
    static double weight(Form form, double stored) {
        return form.weightPlus1() ? 1 + stored : stored;
    }

    double normalized(double x, int group) {
        return (x - mean[group]) * rstd[group];
    }

    /** x̂ as it meets the weight. */
    double corrected(double xhat, int group) {
        return xhat * factor[group] + offset[group];
    }

    /** Those of means and variances, for a call. */
    static CpuStatistics of(double[] mean, double[] variance, ForwardCall call) {
        CpuStatistics statistics = new CpuStatistics(mean.length, 0);
        for (int g = 0; g < mean.length; g++) {
            statistics.mean[g] = mean[g];
            statistics.variance[g] = variance[g];
            statistics.rstd[g] = rstd(variance[g], call);
        }
        return statistics;
    }

    static double rstd(double variance, ForwardCall call) {
        double v = variance + call.eps();
        return v == 0 && call.zeroRstd() ? 0 : 1 / Math.sqrt(v);
    }

    /** Moves running statistics by these. */
    void move(RunningUpdate update) {
        ArrayStorage means = CpuDevice.array(update.target().mean());
        ArrayStorage variances = CpuDevice.array(update.target().variance());
        DataType type = update.target().mean().type();
        int channels = means.length();
        int samples = mean.length / channels;
        for (int c = 0; c < channels; c++) {
            double batchMean = 0;
            double batchVariance = 0;
            for (int g = c; g < mean.length; g += channels) {
                batchMean += mean[g] / samples;
                batchVariance += variance[g] * update.correction() / samples;
            }
            double newMean = (1 - update.momentum()) * means.get(c) + update.momentum() * batchMean;
            double newVariance = (1 - update.momentum()) * variances.get(c) + update.momentum() * batchVariance;
            if (!update.finiteOnly() || isFinite(type, newMean, newVariance)) {
                means.set(c, newMean);
                variances.set(c, newVariance);
            }
        }
    }

    /** Whether both are finite once they are stored. */
    private static boolean isFinite(DataType type, double mean, double variance) {
        return Double.isFinite(type.round(mean)) && Double.isFinite(type.round(variance));
    }

    @Override
    public void close() {
        // arrays, nothing to give back
    }
}
