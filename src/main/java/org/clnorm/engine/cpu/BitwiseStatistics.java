package org.clnorm.engine.cpu;

import org.clnorm.engine.SavedStatistics;

/** Statistics of groups as {@code common/numerics.cl} keeps them: of each group multiplied by a power of two. */
record BitwiseStatistics(float[] mean, float[] delta, float[] rstd, float[] scale, float[] variance)
        implements SavedStatistics {
    BitwiseStatistics(int groups) {
        this(new float[groups], new float[groups], new float[groups], new float[groups], new float[groups]);
    }

    float normalized(float x, int group) {
        return ((x * scale[group] - mean[group]) - delta[group]) * rstd[group];
    }

    void set(int group, BitwiseMoments moments, float eps, boolean zeroRstd) {
        mean[group] = moments.mean();
        delta[group] = moments.delta();
        variance[group] = moments.variance();
        scale[group] = moments.scale();
        rstd[group] = rstd(moments.variance(), eps, moments.scale(), zeroRstd);
    }

    /** Running statistics as a group's own; a mean near the end of float's range is scaled. */
    void setGiven(int group, float runningMean, float runningVariance, float eps, boolean zeroRstd) {
        float scaled = Math.abs(runningMean) > 0x1p100f ? 0.25f : 1;
        set(group, new BitwiseMoments(runningMean * scaled, 0, runningVariance * scaled * scaled, scaled), eps,
                zeroRstd);
    }

    private static float rstd(float variance, float eps, float scale, boolean zeroRstd) {
        float v = variance + eps * scale * scale;
        if (v == 0 && zeroRstd) {
            return 0;
        }
        float r = 1 / (float) Math.sqrt(v);
        boolean ordinary = v > 0x1p-100f && v < 0x1p100f;
        return ordinary ? Math.fma(0.5f * r, Math.fma(-v * r, r, 1), r) : r;
    }

    @Override
    public void close() {
        // arrays, nothing to give back
    }
}
