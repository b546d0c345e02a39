package org.clnorm.sync;

import com.sun.jna.Memory;
import java.time.Duration;
import java.util.function.Consumer;

/**
 * Ranks that are processes, started by {@code mpirun}, over Open MPI, which is called through JNA. A process that was
 * not started so is alone. Needs {@code net.java.dev.jna:jna} on the class path.
 *
 * <p>A process that ends without {@link #close()} takes the others with it, as {@code mpirun} does; one that goes on
 * without its peers should {@link #abort(String)}, which {@link #run} does where a body throws.
 */
public final class MpiCollective implements Collective {
    private static final int ABORTED = 1;
    /** Of what a message says before its values: which call it belongs to, and how many values follow. */
    private static final int HEADER = 2;

    private final MpiGroup group;
    private final Duration deadline;
    private final boolean world;
    private final Memory request = new Memory(Long.BYTES);
    private Memory sent = new Memory(Double.BYTES * 1024);
    private Memory received = new Memory(Double.BYTES * 1024);
    private long calls;
    private boolean broken;
    private boolean closed;

    private MpiCollective(MpiGroup group, Duration deadline, boolean world) {
        this.group = group;
        this.deadline = deadline;
        this.world = world;
    }

    /**
     * All processes of {@code mpirun}, which wait for each other as long as {@link Deadline#DEFAULT} says. To be called
     * once in a process.
     *
     * @return the ranks, seen by this process
     * @throws IllegalStateException if there is no Open MPI, or no JNA, says what to install; or if it was begun before
     */
    public static MpiCollective world() {
        return world(Deadline.DEFAULT);
    }

    /**
     * All processes of {@code mpirun}. To be called once in a process.
     *
     * @param deadline how long a call waits for the others
     * @return the ranks, seen by this process
     * @throws IllegalStateException    as {@link #world()}
     * @throws IllegalArgumentException if the deadline is not positive
     */
    public static MpiCollective world(Duration deadline) {
        Deadline.check(deadline);
        try {
            Mpi.load();
        } catch (NoClassDefFoundError missing) {
            throw new IllegalStateException("expected JNA on the class path, found none; add"
                    + " net.java.dev.jna:jna:5.19.1", missing);
        }
        return new MpiCollective(MpiGroup.world(), deadline, true);
    }

    /**
     * Runs something over all processes; where it throws, ends all of them, so that none waits for this one.
     *
     * @param deadline how long a call waits for the others
     * @param body     what to run
     * @throws IllegalStateException    as {@link #world()}
     * @throws IllegalArgumentException if the deadline is not positive
     */
    public static void run(Duration deadline, Consumer<Collective> body) {
        try (MpiCollective all = world(deadline)) {
            try {
                body.accept(all);
            } catch (RuntimeException | Error failed) {
                failed.printStackTrace();
                all.abort(failed.toString());
                throw failed;
            }
        }
    }

    @Override
    public int rank() {
        return group.rank();
    }

    @Override
    public int size() {
        return group.size();
    }

    @Override
    public Duration deadline() {
        return deadline;
    }

    @Override
    public double[] allGather(double[] mine) {
        checkWhole();
        int block = HEADER + mine.length;
        reserve(block);
        long call = calls++;
        sent.setDouble(0, call);
        sent.setDouble(Double.BYTES, mine.length);
        sent.write((long) HEADER * Double.BYTES, mine, 0, mine.length);
        double[] gathered = new double[size() * mine.length];
        Waiting waiting = new Waiting(group, deadline, call, mine.length);
        try {
            group.allGather(sent, received, block, request);
            waiting.await(request);
            for (int r = 0; r < size(); r++) {
                take(r, call, block, gathered, mine.length);
            }
        } catch (RuntimeException failed) {
            broken = true;
            waiting.tell();
            throw failed;
        }
        return gathered;
    }

    private void reserve(int block) {
        if (sent.size() < (long) block * Double.BYTES || received.size() < (long) size() * block * Double.BYTES) {
            sent.close();
            received.close();
            sent = new Memory(2L * block * Double.BYTES);
            received = new Memory(2L * size() * block * Double.BYTES);
        }
    }

    private void take(int r, long call, int block, double[] gathered, int length) {
        long at = (long) r * block * Double.BYTES;
        double theirs = received.getDouble(at);
        double count = received.getDouble(at + Double.BYTES);
        if (theirs != call) {
            throw new CollectiveException("expected call " + call + " of every rank, got call " + (long) theirs
                    + " of rank " + r, r);
        }
        if (count != length) {
            throw RankOrder.disagreement(length, (long) count, r);
        }
        received.read(at + (long) HEADER * Double.BYTES, gathered, r * length, length);
    }

    @Override
    public void allReduce(double[] values) {
        RankOrder.sum(allGather(values), values);
    }

    @Override
    public Pending beginAllReduce(float[] values) {
        checkWhole();
        Memory mine = new Memory(Math.max(1, (long) values.length * Float.BYTES));
        Memory sums = new Memory(Math.max(1, (long) values.length * Float.BYTES));
        Memory pending = new Memory(Long.BYTES);
        mine.write(0, values, 0, values.length);
        long call = calls++;
        group.allReduce(mine, sums, values.length, pending);
        return () -> {
            try {
                new Waiting(group, deadline, call, values.length).await(pending);
            } catch (RuntimeException failed) {
                // memory that MPI may still write to is not given back
                broken = true;
                throw failed;
            }
            sums.read(0, values, 0, values.length);
            mine.close();
            sums.close();
            pending.close();
        };
    }

    @Override
    public void barrier() {
        allGather(new double[0]);
    }

    @Override
    public Collective split(int number) {
        barrier();
        return new MpiCollective(group.split(number), deadline, false);
    }

    @Override
    public void abort(String reason) {
        System.err.println("rank " + rank() + " gives up: " + reason);
        Mpi.MPI_Abort(group.communicator(), ABORTED);
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            group.close();
            if (world && !broken) {
                Mpi.MPI_Finalize();
            }
        }
    }

    private void checkWhole() {
        if (closed) {
            throw new IllegalStateException("expected an open collective, got a closed one");
        }
        if (broken) {
            throw new CollectiveException("expected ranks that came together, but an earlier call failed");
        }
    }
}
