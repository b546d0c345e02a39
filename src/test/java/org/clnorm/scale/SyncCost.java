package org.clnorm.scale;

import java.util.List;

/**
 * What synchronization adds to a step: every layer's two messages, which nothing overlaps, and what the host does with
 * them.
 *
 * @param forward  the gathering of counts, means and squares
 * @param backward the gathering of sums, with their addition
 * @param mergeUs  Chan's formula for one channel of one rank
 */
record SyncCost(LinkModel forward, LinkModel backward, double mergeUs) {
    private static final double LIMIT = 0.05;

    /** Of all layers, a step. */
    double micros(List<Integer> channels, int ranks) {
        return channels.stream().mapToDouble(c -> forward.micros(ranks, 8L * (2 * c + 1)) + mergeUs * ranks * c
                + backward.micros(ranks, 16L * c)).sum();
    }

    /** The part of a step that is synchronization. */
    double share(List<Integer> channels, int ranks, double computeUs) {
        double micros = micros(channels, ranks);
        return micros / (micros + computeUs);
    }

    /** How many ranks it takes for more than 5 % of a step; 0 where so many as asked for are not enough. */
    int ranksBeyondLimit(List<Integer> channels, double computeUs, int most) {
        for (int ranks = 2; ranks <= most; ranks++) {
            if (share(channels, ranks, computeUs) > LIMIT) {
                return ranks;
            }
        }
        return 0;
    }

    /** The same over another link. */
    SyncCost over(double moreLatencyUs, double bytesPerMicro) {
        return new SyncCost(forward.over(moreLatencyUs, bytesPerMicro), backward.over(moreLatencyUs, bytesPerMicro),
                mergeUs);
    }
}
