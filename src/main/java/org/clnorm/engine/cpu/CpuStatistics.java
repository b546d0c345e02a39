package org.clnorm.engine.cpu;

import org.clnorm.engine.SavedStatistics;

/** Mean, biased variance and rstd of every group. */
record CpuStatistics(double[] mean, double[] variance, double[] rstd) implements SavedStatistics {
    CpuStatistics(int groups) {
        this(new double[groups], new double[groups], new double[groups]);
    }

    double normalized(double x, int group) {
        return (x - mean[group]) * rstd[group];
    }

    @Override
    public void close() {
        // arrays, nothing to give back
    }
}
