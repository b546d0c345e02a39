package org.clnorm;

import java.util.SplittableRandom;

/** What Chan's formula costs the host, for {@code scripts/bench-sync}. */
public final class MergeTimes {
    private static final int REPEATS = 30;
    private static final long WARM_NANOS = 300_000_000;

    private MergeTimes() {
    }

    /**
     * Merges what ranks sent, some times over.
     *
     * @param ranks    how many
     * @param channels of the layer
     * @return microseconds of each
     */
    public static double[] micros(int ranks, int channels) {
        double[] messages = new SplittableRandom(1).doubles((long) ranks * (1 + 2 * channels), 1, 2).toArray();
        double[] micros = new double[REPEATS];
        double seen = 0;
        long end = System.nanoTime() + WARM_NANOS;
        for (int i = -1; i < REPEATS; i++) {
            long begun = System.nanoTime();
            seen += RankMoments.merged(messages, channels).count();
            long now = System.nanoTime();
            micros[Math.max(0, i)] = (now - begun) / 1e3;
            // Java's compilers are done after a while
            i = now < end ? -1 : i;
        }
        if (!(seen > 0)) {
            throw new IllegalStateException("expected counts above 0, got " + seen);
        }
        return micros;
    }
}
