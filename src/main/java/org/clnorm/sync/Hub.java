package org.clnorm.sync;

import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;

/** Where the ranks of a process meet: what each of them brought to a call, until all of them have. */
final class Hub {
    /** Numbers by which messages call the ranks. */
    private final int[] global;
    private final boolean[] left;
    private final Map<Long, Round> rounds = new HashMap<>();
    private CollectiveException failure;

    Hub(int[] global) {
        this.global = global;
        left = new boolean[global.length];
    }

    /** One call of all ranks. */
    static final class Round {
        private final Object[] brought;
        private final Map<Integer, Hub> groups = new HashMap<>();
        private int missing;

        private Round(int size) {
            brought = new Object[size];
            missing = size;
        }

        /** What the ranks of a group have in common: the same object for all of them. */
        Hub group(int number, Supplier<Hub> made) {
            synchronized (groups) {
                return groups.computeIfAbsent(number, ignored -> made.get());
            }
        }
    }

    int size() {
        return global.length;
    }

    int global(int rank) {
        return global[rank];
    }

    /** Brings something to the call with a number; what was brought is nobody's to change. */
    synchronized Round enter(long call, int rank, Object mine) {
        checkWhole();
        Round round = rounds.computeIfAbsent(call, ignored -> new Round(global.length));
        round.brought[rank] = mine;
        if (--round.missing == 0) {
            rounds.remove(call);
            notifyAll();
        }
        return round;
    }

    /** Waits until all have come. */
    synchronized Object[] await(Round round, Duration deadline) {
        long end = System.nanoTime() + deadline.toNanos();
        while (round.missing > 0) {
            checkWhole();
            checkStay(round);
            long left = end - System.nanoTime();
            if (left <= 0) {
                int rank = global[absent(round)];
                throw fail(new CollectiveException("expected all ranks within " + Deadline.text(deadline)
                        + ", got nothing of rank " + rank, rank));
            }
            sleep(left);
        }
        return round.brought;
    }

    private void checkStay(Round round) {
        for (int rank = 0; rank < left.length; rank++) {
            if (left[rank] && round.brought[rank] == null) {
                throw fail(new CollectiveException("expected a call of rank " + global[rank] + ", but it has left",
                        global[rank]));
            }
        }
    }

    private static int absent(Round round) {
        return Arrays.asList(round.brought).indexOf(null);
    }

    private void sleep(long nanos) {
        try {
            wait(nanos / 1_000_000, (int) (nanos % 1_000_000));
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw fail(new CollectiveException("interrupted while waiting for other ranks"));
        }
    }

    /** Ends all calls; the first reason stays. */
    synchronized CollectiveException fail(CollectiveException reason) {
        if (failure == null) {
            failure = reason;
        }
        notifyAll();
        return reason;
    }

    synchronized void leave(int rank) {
        left[rank] = true;
        notifyAll();
    }

    private void checkWhole() {
        if (failure != null) {
            throw new CollectiveException(failure.getMessage(), failure.rank().orElse(-1));
        }
    }
}
