package org.clnorm.engine;

import java.util.List;
import org.clnorm.tensor.Tensor;

/**
 * Copies from one tensor to another in the ways a device has: the speed that its other kernels are held against.
 * {@code device.service(MemoryProbe.class)}.
 */
public interface MemoryProbe {
    /**
     * The ways of copying.
     *
     * @return their names, {@code plain} first; {@code non-temporal} where the device knows stores that pass by its
     *         caches
     */
    List<String> methods();

    /**
     * Copies all elements; enqueued, not waited for.
     *
     * @param from   what to read
     * @param to     what to write, of the same type and size
     * @param method one of {@link #methods()}
     * @throws IllegalArgumentException if the tensors do not agree or there is no such method
     */
    void copy(Tensor from, Tensor to, String method);
}
