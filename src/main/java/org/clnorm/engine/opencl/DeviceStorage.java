package org.clnorm.engine.opencl;

import org.clnorm.tensor.Storage;
import org.clnorm.tensor.Tensor;
import org.jocl.cl_mem;

/** The memory of a tensor of one device: its own, or borrowed. */
abstract class DeviceStorage extends Storage {
    private final BufferPool pool;

    DeviceStorage(BufferPool pool) {
        this.pool = pool;
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
