package org.clnorm.engine;

/**
 * How running statistics move: {@code r ← (1 − momentum) · r + momentum · s}. With more groups than channels, s is the
 * mean over the groups g of a channel c, where c = g mod channels.
 *
 * @param target     the statistics to move
 * @param momentum   the weight of the new batch, 0 to 1
 * @param correction what the biased variance is multiplied by: n/(n − 1) for the unbiased one, 1 to keep it
 * @param finiteOnly whether a pair stays as it is that would no longer be finite
 */
public record RunningUpdate(RunningStatistics target, double momentum, double correction, boolean finiteOnly) {
    /**
     * Whatever comes out.
     *
     * @param target     the statistics to move
     * @param momentum   the weight of the new batch
     * @param correction what the biased variance is multiplied by
     */
    public RunningUpdate(RunningStatistics target, double momentum, double correction) {
        this(target, momentum, correction, false);
    }
}
