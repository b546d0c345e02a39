package org.clnorm.scale;

import java.util.Arrays;

/** Order statistics of times. */
public final class Quantiles {
    private final double[] sorted;

    /**
     * Of times in any order.
     *
     * @param times one at least
     */
    public Quantiles(double... times) {
        if (times.length == 0) {
            throw new IllegalArgumentException("expected at least one time, got none");
        }
        sorted = times.clone();
        Arrays.sort(sorted);
    }

    /**
     * The least time that so large a part of all did not exceed: always one that was measured.
     *
     * @param part above 0, at most 1; 0.5 for the median
     * @return a time
     */
    public double at(double part) {
        return sorted[Math.max(0, (int) Math.ceil(part * sorted.length) - 1)];
    }

    /**
     * The fastest.
     *
     * @return a time
     */
    public double min() {
        return sorted[0];
    }
}
