package org.clnorm.bench;

import java.util.Arrays;

/** Times of one action, in nanoseconds. */
final class Samples {
    private static final double NANOS_PER_MICRO = 1e3;

    private long[] nanos = new long[16];
    private int count;

    void add(long nanoseconds) {
        if (count == nanos.length) {
            nanos = Arrays.copyOf(nanos, 2 * count);
        }
        nanos[count++] = nanoseconds;
    }

    boolean isEmpty() {
        return count == 0;
    }

    /** The median in microseconds; of an even number the mean of the middle two. */
    double median() {
        long[] sorted = sorted();
        int middle = count / 2;
        double median = count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + (double) sorted[middle]) / 2;
        return median / NANOS_PER_MICRO;
    }

    /** The least in microseconds. */
    double min() {
        return sorted()[0] / NANOS_PER_MICRO;
    }

    private long[] sorted() {
        if (count == 0) {
            throw new IllegalStateException("expected at least one sample, got none");
        }
        long[] sorted = Arrays.copyOf(nanos, count);
        Arrays.sort(sorted);
        return sorted;
    }
}
