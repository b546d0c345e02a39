package org.clnorm.engine.opencl;

import java.util.concurrent.atomic.AtomicBoolean;
import org.clnorm.engine.SavedStatistics;
import org.clnorm.plan.Task;
import org.clnorm.tensor.DataType;

/**
 * What one forward pass leaves for its backward pass: five planes of floats, or doubles, with the groups' statistics,
 * as {@code common/numerics.cl} says, and perhaps a bit an element.
 */
final class DeviceStatistics implements SavedStatistics {
    private static final int PLANES = 5;
    /** Two more have r and d, see {@code common/renorm.cl}. */
    private static final int RENORMALIZED_PLANES = 7;

    private final BufferPool pool;
    private final AtomicBoolean open = new AtomicBoolean();
    private BufferPool.Block block;
    private BufferPool.Block signs;
    private long groups;
    private DataType type;
    /** How often work had failed on the device before the pass that made them. */
    private int failures;

    private DeviceStatistics(BufferPool pool) {
        this.pool = pool;
    }

    /** Statistics of so many groups for a task, in spent ones if these are of the same device. */
    static DeviceStatistics of(SavedStatistics spent, BufferPool pool, long groups, Task task) {
        DeviceStatistics statistics = spent instanceof DeviceStatistics own && own.pool == pool && !own.open.get()
                ? own : new DeviceStatistics(pool);
        BufferPool.Block block = pool.takeReserved(BufferPool.Use.STATISTICS, floats(pool, groups, task));
        try {
            statistics.signs = null;
            statistics.keepSigns(task);
        } catch (RuntimeException failed) {
            pool.giveBack(block);
            throw failed;
        }
        statistics.block = block;
        statistics.groups = groups;
        statistics.type = task.storage().statistics();
        statistics.failures = pool.health().failures();
        statistics.open.set(true);
        return statistics;
    }

    /** Takes memory for the bits that a task keeps, if it has not been taken. */
    void keepSigns(Task task) {
        if (task.keptSigns() > 0 && signs == null) {
            signs = pool.takeReserved(BufferPool.Use.STATISTICS, task.keptSigns());
        }
    }

    /** Makes memory for what a task leaves of so many groups, besides what there is already. */
    static void reserve(BufferPool pool, long groups, Task task) {
        if (task.statistics() != Task.Statistics.SAVED) {
            pool.reserve(BufferPool.Use.STATISTICS, floats(pool, groups, task));
        }
        if (task.keptSigns() > 0) {
            pool.reserve(BufferPool.Use.STATISTICS, task.keptSigns());
        }
    }

    private static long floats(BufferPool pool, long groups, Task task) {
        int planes = task.statistics() == Task.Statistics.RENORMALIZED ? RENORMALIZED_PLANES : PLANES;
        int bytes = planes * task.storage().statistics().bytes();
        pool.checkSize(groups, bytes);
        return groups * bytes / Float.BYTES;
    }

    /** The statistics that a backward pass brings, if they are fit for it. */
    static DeviceStatistics checked(SavedStatistics saved, BufferPool pool, long groups) {
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
        return own;
    }

    /** The type of the planes' elements. */
    DataType type() {
        return type;
    }

    BufferPool.Block block() {
        return block;
    }

    /** The bits, or null. */
    BufferPool.Block signs() {
        return signs;
    }

    @Override
    public void close() {
        if (open.compareAndSet(true, false)) {
            pool.giveBack(block);
            if (signs != null) {
                pool.giveBack(signs);
            }
        }
    }
}
