package org.clnorm.sync;

import com.sun.jna.Memory;

/** MPI's gathering of blocks of doubles by itself: no checks, no arrays of Java's, everything made beforehand. */
final class RawGather implements AutoCloseable {
    private final long world = Mpi.handle("ompi_mpi_comm_world");
    private final long type = Mpi.handle("ompi_mpi_double");
    private final Memory sent;
    private final Memory received;
    private final Memory request = new Memory(Long.BYTES);
    private final Memory flag = new Memory(Integer.BYTES);
    private final int values;

    RawGather(int values, int ranks) {
        this.values = values;
        sent = new Memory((long) values * Double.BYTES);
        received = new Memory((long) values * ranks * Double.BYTES);
        sent.clear();
    }

    /** Returns once all is there, as MPI waits. */
    void blocking() {
        Mpi.check("MPI_Allgather", BlockingMpi.MPI_Allgather(Mpi.address(sent), values, type, Mpi.address(received),
                values, type, world));
    }

    /** Returns once all is there, found by looking, as a wait with a deadline must. */
    void looking() {
        Mpi.check("MPI_Iallgather", Mpi.MPI_Iallgather(Mpi.address(sent), values, type, Mpi.address(received), values,
                type, world, Mpi.address(request)));
        do {
            Mpi.check("MPI_Test", Mpi.MPI_Test(Mpi.address(request), Mpi.address(flag), 0));
        } while (flag.getInt(0) == 0);
    }

    @Override
    public void close() {
        sent.close();
        received.close();
        request.close();
        flag.close();
    }
}
