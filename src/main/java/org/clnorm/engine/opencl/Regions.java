package org.clnorm.engine.opencl;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.clnorm.tensor.Cleanup;
import org.clnorm.tensor.DataType;
import org.jocl.cl_mem;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The memory that a device borrows: each buffer is held as long as a tensor lies in it, so that no handle is used after
 * its end. What is borrowed twice has one storage; what overlaps knows of each other's writes. Thread-safe.
 */
final class Regions {
    private static final Logger LOG = LoggerFactory.getLogger(Regions.class);

    private final BorrowedStorage.Means means;
    private final Map<DataType, Transfers> transfers;
    private final List<BorrowedStorage> open = new ArrayList<>();
    private boolean closed;

    Regions(ClSession session, BufferPool pool, StridedMoves moves, Map<DataType, Transfers> transfers) {
        this.means = new BorrowedStorage.Means(session, pool, moves, this);
        this.transfers = transfers;
    }

    /** The storage of a part of a caller's buffer, with a holder for who asked. */
    synchronized BorrowedStorage borrow(cl_mem memory, DataType type, Layout layout) {
        Borrowing wanted = Borrowing.of(means.session(), memory, type, layout);
        for (BorrowedStorage known : open) {
            if (known.borrowing().same(wanted) && held(known)) {
                return known;
            }
        }
        BorrowedStorage storage = hold(wanted);
        if (!wanted.reason().isEmpty()) {
            LOG.debug("borrowed memory is copied before and after each pass: {}", wanted.reason());
        }
        for (BorrowedStorage other : open) {
            if (other.overlaps(storage)) {
                other.neighbours(with(other.neighbours(), storage));
                storage.neighbours(with(storage.neighbours(), other));
            }
        }
        open.add(storage);
        return storage;
    }

    /** Adds a holder, unless the last one is just letting go on another thread. */
    private static boolean held(BorrowedStorage storage) {
        try {
            storage.retain();
            return true;
        } catch (IllegalStateException gone) {
            LOG.trace("borrowed anew: {}", gone.getMessage());
            return false;
        }
    }

    private BorrowedStorage hold(Borrowing wanted) {
        Cl cl = means.session().cl();
        cl.retain(wanted.memory());
        try {
            boolean apart = wanted.reason().isEmpty() && !wanted.isWhole() && wanted.layout().elements() > 0;
            cl_mem part = apart
                    ? cl.createSubBuffer(wanted.root(), wanted.origin(), wanted.layout().spanBytes()) : null;
            return new BorrowedStorage(means, wanted, transfers.get(wanted.type()), part);
        } catch (RuntimeException failed) {
            Cleanup.after(failed, () -> cl.release(wanted.memory()));
            throw failed;
        }
    }

    private static BorrowedStorage[] with(BorrowedStorage[] some, BorrowedStorage one) {
        List<BorrowedStorage> all = new ArrayList<>(List.of(some));
        all.add(one);
        return all.toArray(BorrowedStorage[]::new);
    }

    private static BorrowedStorage[] without(BorrowedStorage[] some, BorrowedStorage one) {
        List<BorrowedStorage> rest = new ArrayList<>(List.of(some));
        rest.remove(one);
        return rest.toArray(BorrowedStorage[]::new);
    }

    /** Lets go of what has no holder any more; the close of all has done it too. */
    synchronized void free(BorrowedStorage storage) {
        if (closed) {
            return;
        }
        open.remove(storage);
        for (BorrowedStorage other : storage.neighbours()) {
            other.neighbours(without(other.neighbours(), storage));
        }
        Cleanup cleanup = new Cleanup();
        storage.letGo(cleanup);
        cleanup.run();
    }

    /** Lets go of everything, what has holders too. */
    synchronized void close() {
        closed = true;
        Cleanup cleanup = new Cleanup();
        open.forEach(storage -> storage.letGo(cleanup));
        open.clear();
        cleanup.run();
    }
}
