package org.clnorm.example.train;

/**
 * The samples of a batch that a rank has: those after each other, as evenly shared out as may be. Where there are fewer
 * samples than ranks, some have none.
 *
 * @param first the rank's first sample
 * @param count how many it has
 */
record Shard(int first, int count) {
    static Shard of(int batch, int ranks, int rank) {
        int first = (int) ((long) batch * rank / ranks);
        return new Shard(first, (int) ((long) batch * (rank + 1) / ranks) - first);
    }
}
