package org.clnorm;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.clnorm.sync.Collective;
import org.clnorm.sync.CollectiveException;

/** Ranks of one test, which counts their messages; gathers and adds, as synchronized layers need it. */
final class TestCollective implements Collective {
    private static final Duration DEADLINE = Duration.ofSeconds(5);

    private final double[][] board;
    private final CyclicBarrier barrier;
    private final AtomicBoolean broken;
    private final int rank;
    private int messages;

    private TestCollective(double[][] board, CyclicBarrier barrier, AtomicBoolean broken, int rank) {
        this.board = board;
        this.barrier = barrier;
        this.broken = broken;
        this.rank = rank;
    }

    static List<TestCollective> of(int ranks) {
        double[][] board = new double[ranks][];
        CyclicBarrier barrier = new CyclicBarrier(ranks);
        AtomicBoolean broken = new AtomicBoolean();
        return IntStream.range(0, ranks).mapToObj(rank -> new TestCollective(board, barrier, broken, rank))
                .toList();
    }

    int messages() {
        return messages;
    }

    @Override
    public int rank() {
        return rank;
    }

    @Override
    public int size() {
        return board.length;
    }

    @Override
    public Duration deadline() {
        return DEADLINE;
    }

    @Override
    public double[] allGather(double[] mine) {
        messages++;
        board[rank] = mine.clone();
        barrier();
        double[] all = new double[board.length * mine.length];
        int odd = -1;
        for (int r = 0; r < board.length; r++) {
            if (board[r].length != mine.length) {
                odd = r;
            } else {
                System.arraycopy(board[r], 0, all, r * mine.length, mine.length);
            }
        }
        barrier();
        if (odd >= 0) {
            throw new CollectiveException("expected " + mine.length + " values of rank " + odd, odd);
        }
        return all;
    }

    @Override
    public void allReduce(double[] values) {
        double[] all = allGather(values);
        for (int i = 0; i < values.length; i++) {
            double sum = 0;
            for (int r = 0; r < board.length; r++) {
                sum += all[r * values.length + i];
            }
            values[i] = sum;
        }
    }

    @Override
    public void barrier() {
        if (broken.get()) {
            throw new CollectiveException("expected all ranks, got an abort before");
        }
        try {
            barrier.await(DEADLINE.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException | BrokenBarrierException | TimeoutException missing) {
            throw new CollectiveException("expected all ranks, got " + missing);
        }
    }

    @Override
    public void abort(String reason) {
        broken.set(true);
        barrier.reset();
    }

    @Override
    public Pending beginAllReduce(float[] values) {
        throw new UnsupportedOperationException("layers do not ask for it");
    }

    @Override
    public Collective split(int group) {
        throw new UnsupportedOperationException("layers do not ask for it");
    }

    @Override
    public void close() {
        // nothing is held
    }
}
