package org.clnorm.sync;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;

/** Ranks that are threads of one process, each with a device or a queue of its own. */
public final class LocalCollective implements Collective {
    private final Hub hub;
    private final int rank;
    private final Duration deadline;
    private long calls;
    private boolean closed;

    private LocalCollective(Hub hub, int rank, Duration deadline) {
        this.hub = hub;
        this.rank = rank;
        this.deadline = deadline;
    }

    /**
     * Ranks that wait for each other as long as {@link Deadline#DEFAULT} says.
     *
     * @param ranks how many
     * @return one for each thread, in the order of ranks
     * @throws IllegalArgumentException if there are none
     */
    public static List<Collective> of(int ranks) {
        return of(ranks, Deadline.DEFAULT);
    }

    /**
     * Ranks that wait for each other for a time.
     *
     * @param ranks    how many
     * @param deadline how long a call waits for the others
     * @return one for each thread, in the order of ranks
     * @throws IllegalArgumentException if there are none, or the deadline is not positive
     */
    public static List<Collective> of(int ranks, Duration deadline) {
        if (ranks < 1) {
            throw new IllegalArgumentException("expected 1 rank or more, got " + ranks);
        }
        Deadline.check(deadline);
        Hub hub = new Hub(IntStream.range(0, ranks).toArray());
        List<Collective> all = new ArrayList<>();
        for (int rank = 0; rank < ranks; rank++) {
            all.add(new LocalCollective(hub, rank, deadline));
        }
        return all;
    }

    @Override
    public int rank() {
        return rank;
    }

    @Override
    public int size() {
        return hub.size();
    }

    @Override
    public Duration deadline() {
        return deadline;
    }

    @Override
    public double[] allGather(double[] mine) {
        Object[] all = exchange(mine.clone());
        double[] gathered = new double[mine.length * all.length];
        for (int r = 0; r < all.length; r++) {
            System.arraycopy(alike((double[]) all[r], r, mine.length), 0, gathered, r * mine.length, mine.length);
        }
        return gathered;
    }

    @Override
    public void allReduce(double[] values) {
        RankOrder.sum(allGather(values), values);
    }

    @Override
    public Pending beginAllReduce(float[] values) {
        Hub.Round round = begin(values.clone());
        return () -> {
            Object[] all = hub.await(round, deadline);
            double[] sums = new double[values.length];
            for (int r = 0; r < all.length; r++) {
                float[] theirs = alike((float[]) all[r], r, values.length);
                for (int i = 0; i < theirs.length; i++) {
                    sums[i] += theirs[i];
                }
            }
            for (int i = 0; i < sums.length; i++) {
                values[i] = (float) sums[i];
            }
        };
    }

    @Override
    public void barrier() {
        exchange(this);
    }

    @Override
    public Collective split(int group) {
        Hub.Round round = begin(group);
        Object[] groups = hub.await(round, deadline);
        int[] members = IntStream.range(0, groups.length).filter(r -> groups[r].equals(group)).toArray();
        int[] global = IntStream.of(members).map(hub::global).toArray();
        int mine = (int) IntStream.of(members).filter(r -> r < rank).count();
        return new LocalCollective(round.group(group, () -> new Hub(global)), mine, deadline);
    }

    @Override
    public void abort(String reason) {
        hub.fail(new CollectiveException("rank " + hub.global(rank) + " gave up: " + reason, hub.global(rank)));
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            hub.leave(rank);
        }
    }

    private Object[] exchange(Object mine) {
        return hub.await(begin(mine), deadline);
    }

    private Hub.Round begin(Object mine) {
        if (closed) {
            throw new IllegalStateException("expected an open collective, got a closed one");
        }
        return hub.enter(calls++, rank, Objects.requireNonNull(mine));
    }

    private double[] alike(double[] theirs, int r, int length) {
        checkLength(theirs.length, r, length);
        return theirs;
    }

    private float[] alike(float[] theirs, int r, int length) {
        checkLength(theirs.length, r, length);
        return theirs;
    }

    private void checkLength(int theirs, int r, int length) {
        if (theirs != length) {
            throw hub.fail(RankOrder.disagreement(length, theirs, hub.global(r)));
        }
    }
}
