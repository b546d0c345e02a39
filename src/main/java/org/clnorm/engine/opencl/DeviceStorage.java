package org.clnorm.engine.opencl;

import org.clnorm.tensor.Storage;
import org.clnorm.tensor.Tensor;
import org.jocl.cl_mem;

/** The memory of a tensor of one device: its own, or borrowed. */
abstract class DeviceStorage extends Storage {
    private final BufferPool pool;
    private final Health health;
    /** How often work had failed on the device when all of it was written last. */
    private volatile int failures;

    DeviceStorage(BufferPool pool) {
        this.pool = pool;
        this.health = pool.health();
        this.failures = health.failures();
    }

    /** How often work has failed: to be asked before a write, for {@link #written}. */
    final int failures() {
        return health.failures();
    }

    /** Notes that all of it was written by what was enqueued when work had failed so often. */
    final void written(int failuresBefore) {
        failures = failuresBefore;
    }

    @Override
    public boolean isDefined() {
        return failures == health.failures();
    }

    @Override
    public final void lose() {
        failures = health.failures() - 1;
    }

    /** Throws if work failed after it was written. */
    final void checkDefined() {
        health.checkWritten(failures);
    }

    /** What kernels take; null where there are no elements, or where they cannot take it as it lies. */
    abstract BufferPool.Block block();

    /** The buffer, null where there are no elements. */
    abstract cl_mem memory();

    /** Where in the buffer the first element lies. */
    abstract long byteOffset();

    /** The memory of a tensor, which must be of the device of this pool. */
    static DeviceStorage of(Tensor tensor, BufferPool pool) {
        if (tensor.memory() instanceof DeviceStorage own && own.pool == pool) {
            return own;
        }
        throw new IllegalArgumentException("expected a tensor on the same device, got " + tensor);
    }
}
