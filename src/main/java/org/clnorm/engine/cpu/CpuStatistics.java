package org.clnorm.engine.cpu;

import org.clnorm.engine.SavedStatistics;
import org.clnorm.plan.Form;

/**
 * Mean, biased variance and rstd of every group; where an activation was applied to a sum, of every element whether it
 * was positive.
 */
record CpuStatistics(double[] mean, double[] variance, double[] rstd, boolean[] positive) implements SavedStatistics {
    CpuStatistics(int groups, int signs) {
        this(new double[groups], new double[groups], new double[groups], new boolean[signs]);
    }

    /** The same statistics, with room for signs. */
    CpuStatistics with(int signs) {
        return new CpuStatistics(mean, variance, rstd, new boolean[signs]);
    }

    /** What x̂ is multiplied by. */
    static double weight(Form form, double stored) {
        return form.weightPlus1() ? 1 + stored : stored;
    }

    double normalized(double x, int group) {
        return (x - mean[group]) * rstd[group];
    }

    @Override
    public void close() {
        // arrays, nothing to give back
    }
}
