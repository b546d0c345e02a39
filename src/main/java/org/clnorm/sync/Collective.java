package org.clnorm.sync;

import java.time.Duration;

/**
 * The ranks of a computation, seen by one of them. Every rank makes the same calls in the same order; a call returns
 * once all ranks have made it. What all of them get has the same bits on all of them. A collective belongs to one
 * thread at a time.
 *
 * <p>A call that some rank does not make within the {@link #deadline() deadline} throws; what ranks disagree on throws
 * too. After that the collective is broken: further calls throw at once, and its owner should end, or
 * {@link #abort(String) abort}.
 */
public interface Collective extends AutoCloseable {
    /**
     * Which rank this is.
     *
     * @return 0 to size − 1
     */
    int rank();

    /**
     * How many ranks there are.
     *
     * @return 1 or more
     */
    int size();

    /**
     * How long a call waits for the other ranks.
     *
     * @return the longest time
     */
    Duration deadline();

    /**
     * Gathers as many values of each rank.
     *
     * @param mine what this rank gives; as many on every rank
     * @return what all gave, in the order of ranks: size · mine.length values; the caller's to change
     * @throws CollectiveException if a rank is missing at the deadline, gave another number of values, or failed
     */
    double[] allGather(double[] mine);

    /**
     * Adds up values of all ranks, in the order of ranks.
     *
     * @param values what this rank gives, as many on every rank; receives the sums
     * @throws CollectiveException as {@link #allGather}; values are as they were
     */
    void allReduce(double[] values);

    /**
     * Begins to add up values of all ranks, and returns at once. Several may be under way; all ranks begin them in the
     * same order.
     *
     * @param values what this rank gives, as many on every rank; receives the sums by the time that {@link
     *               Pending#await} returns, not to be touched before
     * @return what to wait for
     * @throws CollectiveException if the collective is broken
     */
    Pending beginAllReduce(float[] values);

    /**
     * Waits until all ranks are here.
     *
     * @throws CollectiveException if a rank is missing at the deadline, or failed
     */
    void barrier();

    /**
     * Splits the ranks into groups, such as those of one node.
     *
     * @param group ranks with the same number come together, in the order of their ranks
     * @return the collective of this rank's group; to be closed before this one
     * @throws CollectiveException as {@link #barrier}
     */
    Collective split(int group);

    /**
     * Ends the computation for all ranks, so that none of them waits for this one.
     *
     * @param reason what happened, for the other ranks or the log
     */
    void abort(String reason);

    /** Leaves. Does not wait for the others. Closing twice does nothing. */
    @Override
    void close();

    /** A sum under way. */
    interface Pending {
        /**
         * Waits for the sums.
         *
         * @throws CollectiveException as {@link Collective#allGather}
         */
        void await();
    }
}
