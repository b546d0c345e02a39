package org.clnorm.engine.cpu;

import java.util.Arrays;
import org.clnorm.engine.Renorm;
import org.clnorm.engine.SavedStatistics;
import org.clnorm.plan.Form;

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

    @Override
    public void close() {
        // arrays, nothing to give back
    }
}
