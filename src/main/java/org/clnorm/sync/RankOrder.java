package org.clnorm.sync;

import java.util.Arrays;

/** What collectives do with what they gathered. */
final class RankOrder {
    private RankOrder() {
    }

    /** Adds up the blocks that ranks gave, the first rank's first. */
    static void sum(double[] gathered, double[] sums) {
        Arrays.fill(sums, 0);
        for (int from = 0; from < gathered.length; from += sums.length) {
            for (int i = 0; i < sums.length; i++) {
                sums[i] += gathered[from + i];
            }
        }
    }

    static CollectiveException disagreement(long expected, long got, int rank) {
        return new CollectiveException("expected " + expected + " values of every rank, got " + got + " of rank "
                + rank, rank);
    }
}
