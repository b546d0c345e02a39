package org.clnorm.sync;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;

/**
 * Open MPI's functions, by name; pointers and handles are numbers. Its handles are the addresses of symbols, those of
 * MPICH integers: with that, nothing here would work.
 */
final class Mpi {
    static final int SUCCESS = 0;
    static final int THREAD_SERIALIZED = 2;
    private static final int TEXT = 8192;
    /** Its name first, then those that distributions without its development package have. */
    private static final String[] NAMES = {"mpi", "libmpi.so.40", "libmpi.so.80", "libmpi.so.12"};
    private static final String INSTALL = "install Open MPI (Debian, Ubuntu: apt-get install openmpi-bin libopenmpi3)";

    private static NativeLibrary library;

    private Mpi() {
    }

    /** Loads the library; throws IllegalStateException, with what to install, where that cannot be. */
    static synchronized void load() {
        if (library != null) {
            return;
        }
        NativeLibrary found = find();
        try {
            found.getGlobalVariableAddress("ompi_mpi_comm_world");
        } catch (UnsatisfiedLinkError foreign) {
            throw new IllegalStateException("expected Open MPI, got another MPI, " + found.getFile() + "; " + INSTALL,
                    foreign);
        }
        Native.register(Mpi.class, found);
        library = found;
    }

    static NativeLibrary find() {
        UnsatisfiedLinkError last = null;
        for (String name : NAMES) {
            try {
                return NativeLibrary.getInstance(name);
            } catch (UnsatisfiedLinkError missing) {
                last = missing;
            }
        }
        throw new IllegalStateException("expected a library of MPI, found none; " + INSTALL, last);
    }

    /** The handle that a symbol is, such as {@code ompi_mpi_double}. */
    static long handle(String symbol) {
        return Pointer.nativeValue(library.getGlobalVariableAddress(symbol));
    }

    static long address(Memory memory) {
        return Pointer.nativeValue(memory);
    }

    /** Throws unless a call succeeded. */
    static void check(String call, int status) {
        if (status != SUCCESS) {
            throw new CollectiveException(call + " failed: " + text(status));
        }
    }

    private static String text(int status) {
        try (Memory text = new Memory(TEXT); Memory length = new Memory(Integer.BYTES)) {
            MPI_Error_string(status, address(text), address(length));
            return text.getString(0);
        }
    }

    // names are those of MPI's standard: JNA binds by them
    static native int MPI_Init_thread(long argc, long argv, int required, long provided);

    static native int MPI_Initialized(long flag);

    static native int MPI_Finalized(long flag);

    static native int MPI_Finalize();

    static native int MPI_Abort(long communicator, int status);

    static native int MPI_Error_string(int status, long text, long length);

    static native int MPI_Comm_rank(long communicator, long rank);

    static native int MPI_Comm_size(long communicator, long size);

    static native int MPI_Comm_dup(long communicator, long made);

    static native int MPI_Comm_split(long communicator, int color, int key, long made);

    static native int MPI_Comm_free(long communicator);

    static native int MPI_Comm_set_errhandler(long communicator, long handler);

    static native int MPI_Iallgather(long send, int sent, long sentType, long receive, int received, long receivedType,
            long communicator, long request);

    static native int MPI_Iallreduce(long send, long receive, int count, long type, long operation, long communicator,
            long request);

    static native int MPI_Isend(long buffer, int count, long type, int to, int tag, long communicator, long request);

    static native int MPI_Iprobe(int from, int tag, long communicator, long flag, long status);

    static native int MPI_Recv(long buffer, int count, long type, int from, int tag, long communicator, long status);

    static native int MPI_Request_free(long request);

    static native int MPI_Test(long request, long flag, long status);
}
