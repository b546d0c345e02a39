package org.clnorm.sync;

import com.sun.jna.Memory;

/** A communicator of MPI's, and another one of the same ranks for notices between them. */
final class MpiGroup {
    private static final int TAG = 1;

    private final Memory communicator;
    private final Memory notices;
    private final int rank;
    private final int size;
    private final long typeDouble = Mpi.handle("ompi_mpi_double");
    private final long typeFloat = Mpi.handle("ompi_mpi_float");
    private final long sum = Mpi.handle("ompi_mpi_op_sum");

    private MpiGroup(Memory communicator) {
        this.communicator = communicator;
        notices = new Memory(Long.BYTES);
        Mpi.check("MPI_Comm_dup", Mpi.MPI_Comm_dup(communicator.getLong(0), Mpi.address(notices)));
        long handler = Mpi.handle("ompi_mpi_errors_return");
        Mpi.MPI_Comm_set_errhandler(communicator.getLong(0), handler);
        Mpi.MPI_Comm_set_errhandler(notices.getLong(0), handler);
        try (Memory number = new Memory(Integer.BYTES)) {
            Mpi.check("MPI_Comm_rank", Mpi.MPI_Comm_rank(communicator.getLong(0), Mpi.address(number)));
            rank = number.getInt(0);
            Mpi.check("MPI_Comm_size", Mpi.MPI_Comm_size(communicator.getLong(0), Mpi.address(number)));
            size = number.getInt(0);
        }
    }

    /** All processes; begins MPI. */
    static MpiGroup world() {
        try (Memory flag = new Memory(Integer.BYTES)) {
            Mpi.MPI_Initialized(Mpi.address(flag));
            if (flag.getInt(0) != 0) {
                throw new IllegalStateException("expected to begin MPI, but it was begun in this process before");
            }
            Mpi.check("MPI_Init_thread", Mpi.MPI_Init_thread(0, 0, Mpi.THREAD_SERIALIZED, Mpi.address(flag)));
        }
        // failures without a communicator of their own are its
        Mpi.MPI_Comm_set_errhandler(Mpi.handle("ompi_mpi_comm_world"), Mpi.handle("ompi_mpi_errors_return"));
        Memory all = new Memory(Long.BYTES);
        Mpi.check("MPI_Comm_dup", Mpi.MPI_Comm_dup(Mpi.handle("ompi_mpi_comm_world"), Mpi.address(all)));
        return new MpiGroup(all);
    }

    MpiGroup split(int number) {
        Memory part = new Memory(Long.BYTES);
        Mpi.check("MPI_Comm_split", Mpi.MPI_Comm_split(communicator(), number, rank, Mpi.address(part)));
        return new MpiGroup(part);
    }

    int rank() {
        return rank;
    }

    int size() {
        return size;
    }

    long communicator() {
        return communicator.getLong(0);
    }

    /** Begins to gather blocks of doubles. */
    void allGather(Memory sent, Memory received, int block, Memory request) {
        Mpi.check("MPI_Iallgather", Mpi.MPI_Iallgather(Mpi.address(sent), block, typeDouble, Mpi.address(received),
                block, typeDouble, communicator(), Mpi.address(request)));
    }

    /** Begins to add up floats. */
    void allReduce(Memory mine, Memory sums, int count, Memory request) {
        Mpi.check("MPI_Iallreduce", Mpi.MPI_Iallreduce(Mpi.address(mine), Mpi.address(sums), count, typeFloat, sum,
                communicator(), Mpi.address(request)));
    }

    /** Tells all others something; of so small a message MPI takes a copy before the call returns. */
    void tell(Notice notice) {
        try (Memory said = new Memory(2L * Double.BYTES); Memory request = new Memory(Long.BYTES)) {
            said.setDouble(0, notice.call());
            said.setDouble(Double.BYTES, notice.length());
            for (int other = 0; other < size; other++) {
                if (other != rank) {
                    Mpi.MPI_Isend(Mpi.address(said), 2, typeDouble, other, TAG, notices.getLong(0),
                            Mpi.address(request));
                    Mpi.MPI_Request_free(Mpi.address(request));
                }
            }
        }
    }

    /** The last that a rank said since it was asked. */
    Notice news(int from) {
        Notice last = Notice.NONE;
        try (Memory flag = new Memory(Integer.BYTES); Memory said = new Memory(2L * Double.BYTES)) {
            while (Mpi.MPI_Iprobe(from, TAG, notices.getLong(0), Mpi.address(flag), 0) == Mpi.SUCCESS
                    && flag.getInt(0) != 0) {
                Mpi.check("MPI_Recv", Mpi.MPI_Recv(Mpi.address(said), 2, typeDouble, from, TAG, notices.getLong(0), 0));
                last = new Notice((long) said.getDouble(0), (int) said.getDouble(Double.BYTES));
            }
        }
        return last;
    }

    void close() {
        Mpi.MPI_Comm_free(Mpi.address(notices));
        Mpi.MPI_Comm_free(Mpi.address(communicator));
    }
}
