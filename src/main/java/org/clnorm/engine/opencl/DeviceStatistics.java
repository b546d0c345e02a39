package org.clnorm.engine.opencl;

import java.util.concurrent.atomic.AtomicBoolean;
import org.clnorm.engine.SavedStatistics;

/** Statistics of the groups of one forward pass: five planes of floats, as {@code common/numerics.cl} says. */
final class DeviceStatistics implements SavedStatistics {
    private static final int PLANES = 5;

    private final BufferPool pool;
    private final AtomicBoolean open = new AtomicBoolean();
    private BufferPool.Block block;
    private long groups;
    /** How often work had failed on the device before the pass that made them. */
    private int failures;

    private DeviceStatistics(BufferPool pool) {
        this.pool = pool;
    }

    /** Statistics of so many groups, in spent ones if these are of the same device. */
    static DeviceStatistics of(SavedStatistics spent, BufferPool pool, long groups) {
        DeviceStatistics statistics = spent instanceof DeviceStatistics own && own.pool == pool && !own.open.get()
                ? own : new DeviceStatistics(pool);
        statistics.block = pool.takeReserved(BufferPool.Use.STATISTICS, floats(pool, groups));
        statistics.groups = groups;
        statistics.failures = pool.health().failures();
        statistics.open.set(true);
        return statistics;
    }

    /** Makes memory for the statistics of so many groups, besides what there is already. */
    static void reserve(BufferPool pool, long groups) {
        pool.reserve(BufferPool.Use.STATISTICS, floats(pool, groups));
    }

    private static long floats(BufferPool pool, long groups) {
        pool.checkSize(groups, PLANES * Float.BYTES);
        return PLANES * groups;
    }

    /** The memory of statistics that a backward pass brings. */
    static BufferPool.Block block(SavedStatistics saved, BufferPool pool, long groups) {
        if (!(saved instanceof DeviceStatistics own) || own.pool != pool) {
            throw new IllegalArgumentException(
                    "expected statistics of a forward pass on the same device, got " + saved);
        }
        if (!own.open.get()) {
            throw new IllegalStateException("expected open statistics of a forward pass, got closed ones");
        }
        if (own.groups != groups) {
            throw new IllegalArgumentException("expected statistics of " + groups + " groups, got " + own.groups);
        }
        pool.health().checkWritten(own.failures);
        return own.block;
    }

    BufferPool.Block block() {
        return block;
    }

    @Override
    public void close() {
        if (open.compareAndSet(true, false)) {
            pool.giveBack(block);
        }
    }
}
