package org.clnorm.engine.opencl;

import org.jocl.Pointer;
import org.jocl.Sizeof;
import org.jocl.cl_kernel;

/**
 * A kernel object that remembers its arguments, because setting one costs as much as a launch: only those that changed
 * are set. It belongs to one launch of one plan, so its sizes never change, and to one thread at a time:
 * {@link Launcher} holds its lock from the first argument to the launch.
 */
final class BoundKernel {
    /** What a parameter is. */
    enum Kind {
        /** Memory. */
        BUFFER,
        /** A number of the call, of four bytes. */
        WORD,
        /** A number of the call in double. */
        DOUBLE,
        /** A number that never changes. */
        FOR_GOOD
    }

    private final Cl cl;
    private final cl_kernel kernel;
    private final String label;
    /** Where in the call's {@link Arguments} each parameter is found. */
    private final int[] slots;
    private final Kind[] kinds;
    /** By identity: a new buffer may be found at the address of an old one. */
    private final BufferPool.Block[] buffers;
    private final long[] numbers;
    private final boolean[] known;
    private final int[] word = new int[1];
    private final Pointer toWord = Pointer.to(word);
    private final double[] real = new double[1];
    private final Pointer toReal = Pointer.to(real);

    /**
     * Binds a kernel.
     *
     * @param slots   where in {@link Arguments} the parameters are found
     * @param kinds   what they are
     * @param numbers the values of those that never change
     */
    BoundKernel(Cl cl, cl_kernel kernel, String label, int[] slots, Kind[] kinds, long[] numbers) {
        this.cl = cl;
        this.kernel = kernel;
        this.label = label;
        this.slots = slots;
        this.kinds = kinds;
        this.buffers = new BufferPool.Block[slots.length];
        this.numbers = new long[slots.length];
        this.known = new boolean[slots.length];
        for (int i = 0; i < slots.length; i++) {
            if (kinds[i] == Kind.FOR_GOOD) {
                cl.argument(kernel, i, Sizeof.cl_long, Pointer.to(new long[] {numbers[i]}));
            }
        }
    }

    cl_kernel kernel() {
        return kernel;
    }

    /** {@code program:kernel}. */
    String label() {
        return label;
    }

    /** Sets the arguments that are not what the last launch had. */
    void bind(Arguments call) {
        for (int i = 0; i < slots.length; i++) {
            switch (kinds[i]) {
                case BUFFER -> bindBuffer(i, call.buffer(slots[i]));
                case WORD -> bindWord(i, call.word(slots[i]));
                case DOUBLE -> bindDouble(i, call.unrounded(slots[i]));
                case FOR_GOOD -> { }
            }
        }
    }

    private void bindBuffer(int i, BufferPool.Block block) {
        if (known[i] && buffers[i] == block) {
            return;
        }
        known[i] = false;
        cl.argument(kernel, i, Sizeof.cl_mem, block == null ? null : block.pointer());
        buffers[i] = block;
        known[i] = true;
    }

    private void bindWord(int i, int bits) {
        if (known[i] && numbers[i] == bits) {
            return;
        }
        word[0] = bits;
        bindNumber(i, bits, Sizeof.cl_int, toWord);
    }

    private void bindDouble(int i, double value) {
        long bits = Double.doubleToRawLongBits(value);
        if (known[i] && numbers[i] == bits) {
            return;
        }
        real[0] = value;
        bindNumber(i, bits, Sizeof.cl_double, toReal);
    }

    private void bindNumber(int i, long bits, long size, Pointer value) {
        known[i] = false;
        cl.argument(kernel, i, size, value);
        numbers[i] = bits;
        known[i] = true;
    }
}
