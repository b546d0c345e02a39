package org.clnorm.sync;

import com.sun.jna.Memory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Waits for a call of MPI's until a deadline; finds out who is missing then. */
final class Waiting {
    /** Looks that cost no more than the call; then other processes get a turn between. */
    private static final int SPINS = 2000;
    /** After which a rank tells the others that it is here. */
    private static final long PATIENCE = 100_000_000;

    /** How long the others have to say what they brought to a call that failed. */
    private static final long HEARING = 1_000_000_000;

    private final MpiGroup group;
    private final Duration deadline;
    private final Notice notice;
    private boolean told;

    Waiting(MpiGroup group, Duration deadline, long call, int length) {
        this.group = group;
        this.deadline = deadline;
        notice = new Notice(call, length);
    }

    void await(Memory request) {
        try (Memory flag = new Memory(Integer.BYTES)) {
            long begun = 0;
            for (int look = 0; !done(request, flag); look++) {
                if (look >= SPINS) {
                    long now = System.nanoTime();
                    begun = begun == 0 ? now : begun;
                    patience(now - begun);
                    Thread.yield();
                }
            }
        } catch (CollectiveException failed) {
            tell();
            throw failed.rank().isPresent() ? failed : explained(failed);
        }
    }

    private static boolean done(Memory request, Memory flag) {
        Mpi.check("MPI_Test", Mpi.MPI_Test(Mpi.address(request), Mpi.address(flag), 0));
        return flag.getInt(0) != 0;
    }

    private void patience(long waited) {
        if (waited > PATIENCE) {
            tell();
        }
        if (waited > deadline.toNanos()) {
            throw missing();
        }
    }

    /** Tells the others that this rank is here, and with how many values. */
    void tell() {
        if (!told) {
            told = true;
            group.tell(notice);
        }
    }

    private CollectiveException missing() {
        List<Integer> silent = new ArrayList<>();
        for (int other = 0; other < group.size(); other++) {
            if (other != group.rank() && group.news(other).call() < notice.call()) {
                silent.add(other);
            }
        }
        String within = "expected all ranks within " + Deadline.text(deadline) + ", got ";
        return silent.isEmpty() ? new CollectiveException(within + "no end of a call that all of them made")
                : new CollectiveException(within + "nothing of rank "
                        + String.join(" and rank ", silent.stream().map(String::valueOf).toList()), silent.get(0));
    }

    /** A failure of MPI's, put down to the rank that brought another number of values, if one did. */
    private CollectiveException explained(CollectiveException failed) {
        long end = System.nanoTime() + HEARING;
        while (System.nanoTime() < end) {
            for (int other = 0; other < group.size(); other++) {
                Notice theirs = other == group.rank() ? notice : group.news(other);
                if (theirs.call() == notice.call() && theirs.length() != notice.length()) {
                    return RankOrder.disagreement(notice.length(), theirs.length(), other);
                }
            }
            Thread.yield();
        }
        return failed;
    }
}
