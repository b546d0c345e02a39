package org.clnorm.sync;

import com.sun.jna.Native;

/** The call of MPI's that waits by itself, to see what waiting in Java costs; the library does not use it. */
final class BlockingMpi {
    static {
        Native.register(BlockingMpi.class, Mpi.find());
    }

    private BlockingMpi() {
    }

    static native int MPI_Allgather(long send, int sent, long sentType, long receive, int received, long receivedType,
            long communicator);
}
