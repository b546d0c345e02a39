package org.clnorm.engine.opencl;

import java.util.Arrays;
import org.clnorm.tensor.DeviceException;
import org.clnorm.tensor.Tensor;

/**
 * What kernels of one pass take for its tensors: their memory as it lies, or dense memory of the pool that stands in
 * for borrowed memory which they cannot take so, filled before the pass and dealt out after it. Used by one thread at a
 * time, again for the next pass, and makes no objects.
 */
final class Staging {
    private static final int MOST = Arguments.Buffer.values().length;

    private final ClSession session;
    private final BufferPool pool;
    private final StridedMoves moves;
    private final BorrowedStorage[] borrowed = new BorrowedStorage[MOST];
    private final BufferPool.Block[] dense = new BufferPool.Block[MOST];
    /** How each is filled, or dealt out; null where it need not be. */
    private final PreparedPlan[] in = new PreparedPlan[MOST];
    private final PreparedPlan[] out = new PreparedPlan[MOST];
    private int count;
    /** What the pass writes, and how often work had failed before it. */
    private final DeviceStorage[] outputs = new DeviceStorage[MOST];
    private final int[] failures = new int[MOST];
    private int outputCount;

    Staging(ClSession session, BufferPool pool, StridedMoves moves) {
        this.session = session;
        this.pool = pool;
        this.moves = moves;
    }

    /** What a kernel reads for a tensor; null for none. */
    BufferPool.Block read(Tensor tensor) {
        return block(tensor, true, false);
    }

    /** What a kernel writes, all of it, for a tensor; null for none. */
    BufferPool.Block written(Tensor tensor) {
        return block(tensor, false, true);
    }

    /** What a kernel reads and writes for a tensor; null for none. */
    BufferPool.Block changed(Tensor tensor) {
        return block(tensor, true, true);
    }

    private BufferPool.Block block(Tensor tensor, boolean reads, boolean writes) {
        if (tensor == null) {
            return null;
        }
        DeviceStorage storage = DeviceStorage.of(tensor, pool);
        if (reads) {
            storage.checkDefined();
        }
        if (writes) {
            failures[outputCount] = storage.failures();
            outputs[outputCount++] = storage;
        }
        if (!(storage instanceof BorrowedStorage lent)) {
            return storage.block();
        }
        if (reads) {
            lent.checkReadable();
        }
        if (writes) {
            lent.checkWritable();
        }
        return lent.gathering() == null ? lent.block() : staged(lent, reads, writes);
    }

    private BufferPool.Block staged(BorrowedStorage storage, boolean reads, boolean writes) {
        int i = 0;
        while (i < count && borrowed[i] != storage) {
            i++;
        }
        if (i == count) {
            dense[i] = pool.take(storage.layout().elements(), storage.layout().elementBytes());
            borrowed[i] = storage;
            count++;
        }
        if (reads && in[i] == null) {
            in[i] = moves.prepared(storage.gathering());
        }
        if (writes && out[i] == null) {
            out[i] = moves.prepared(storage.scattering());
        }
        return dense[i];
    }

    /** Enqueues what comes before the pass. */
    void gather() {
        for (int i = 0; i < count; i++) {
            if (in[i] != null) {
                moves.gather(in[i], borrowed[i], dense[i]);
            }
        }
    }

    /** Enqueues what comes after the pass, which may have moved a layer's state: it cannot be left undone. */
    void scatter() {
        for (int i = 0; i < count; i++) {
            if (out[i] != null) {
                scatter(i);
            }
        }
    }

    private void scatter(int i) {
        try {
            moves.scatter(out[i], dense[i], borrowed[i]);
        } catch (DeviceException failed) {
            session.again(failed, () -> moves.scatter(out[i], dense[i], borrowed[i]));
        }
    }

    /** Notes that the pass was enqueued, whole. */
    void enqueued() {
        for (int i = 0; i < outputCount; i++) {
            outputs[i].written(failures[i]);
        }
    }

    /** Gives back in reverse order, so that the next pass finds each block where it was. */
    void end() {
        while (count > 0) {
            count--;
            pool.giveBack(dense[count]);
        }
        Arrays.fill(borrowed, null);
        Arrays.fill(dense, null);
        Arrays.fill(in, null);
        Arrays.fill(out, null);
        Arrays.fill(outputs, null);
        outputCount = 0;
    }
}
