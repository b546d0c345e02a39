package org.clnorm.engine.opencl;

import java.util.concurrent.atomic.AtomicBoolean;
import org.clnorm.engine.SavedStatistics;
import org.jocl.cl_mem;

/** Statistics of the groups of one forward pass: five planes of floats, as {@code common/numerics.cl} says. */
final class DeviceStatistics implements SavedStatistics {
    private static final int PLANES = 5;

    private final BufferPool pool;
    private final BufferPool.Block block;
    private final long groups;
    private final AtomicBoolean closed = new AtomicBoolean();

    DeviceStatistics(BufferPool pool, long groups) {
        pool.checkSize(groups, PLANES * Float.BYTES);
        this.pool = pool;
        this.groups = groups;
        this.block = pool.take(PLANES * groups);
    }

    /** The memory of statistics that a backward pass brings. */
    static cl_mem memory(SavedStatistics saved, BufferPool pool, long groups) {
        if (!(saved instanceof DeviceStatistics own) || own.pool != pool) {
            throw new IllegalArgumentException(
                    "expected statistics of a forward pass on the same device, got " + saved);
        }
        if (own.closed.get()) {
            throw new IllegalStateException("expected open statistics of a forward pass, got closed ones");
        }
        if (own.groups != groups) {
            throw new IllegalArgumentException("expected statistics of " + groups + " groups, got " + own.groups);
        }
        return own.memory();
    }

    cl_mem memory() {
        return block.memory();
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            pool.giveBack(block);
        }
    }
}
