package org.clnorm.engine.opencl;

import org.jocl.Pointer;
import org.jocl.Sizeof;
import org.jocl.cl_kernel;
import org.jocl.cl_mem;

/**
 * A kernel object that remembers its arguments, because setting one costs as much as a launch: only those that changed
 * are set. A kernel object belongs to one thread at a time, so {@link Launcher} holds its lock from the first argument
 * to the launch.
 */
final class BoundKernel {
    private final Cl cl;
    private final cl_kernel kernel;
    private final KernelSignature signature;
    private final String label;
    private final boolean[] known;
    /** By identity: a new buffer may be found at the address of an old one. */
    private final cl_mem[] buffers;
    private final long[] numbers;

    BoundKernel(Cl cl, cl_kernel kernel, KernelSignature signature, String label) {
        int count = signature.parameters().size();
        this.cl = cl;
        this.kernel = kernel;
        this.signature = signature;
        this.label = label;
        this.known = new boolean[count];
        this.buffers = new cl_mem[count];
        this.numbers = new long[count];
    }

    cl_kernel kernel() {
        return kernel;
    }

    KernelSignature signature() {
        return signature;
    }

    /** {@code program:kernel}. */
    String label() {
        return label;
    }

    void setBuffer(int index, cl_mem memory) {
        if (!known[index] || buffers[index] != memory) {
            set(index, Sizeof.cl_mem, memory == null ? null : Pointer.to(memory));
            buffers[index] = memory;
        }
    }

    void setWord(int index, int bits) {
        if (!known[index] || numbers[index] != bits) {
            set(index, Sizeof.cl_int, Pointer.to(new int[] {bits}));
            numbers[index] = bits;
        }
    }

    void setLong(int index, long value) {
        if (!known[index] || numbers[index] != value) {
            set(index, Sizeof.cl_long, Pointer.to(new long[] {value}));
            numbers[index] = value;
        }
    }

    private void set(int index, long bytes, Pointer value) {
        known[index] = false;
        cl.argument(kernel, index, bytes, value);
        known[index] = true;
    }
}
