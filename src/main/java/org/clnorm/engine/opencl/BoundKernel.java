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
    /** The slot of a number that never changes. */
    static final int FOR_GOOD = -1;

    private final Cl cl;
    private final cl_kernel kernel;
    private final String label;
    /** Where in the call's {@link Arguments} each parameter is found. */
    private final int[] slots;
    private final boolean[] isBuffer;
    /** By identity: a new buffer may be found at the address of an old one. */
    private final BufferPool.Block[] buffers;
    private final int[] words;
    private final boolean[] known;
    private final int[] word = new int[1];
    private final Pointer toWord = Pointer.to(word);

    /**
     * Binds a kernel.
     *
     * @param slots    where in {@link Arguments} the parameters are found, or {@link #FOR_GOOD}
     * @param isBuffer which of the slots are buffers'; the others are words'
     * @param numbers  what the parameters are that never change
     */
    BoundKernel(Cl cl, cl_kernel kernel, String label, int[] slots, boolean[] isBuffer, long[] numbers) {
        this.cl = cl;
        this.kernel = kernel;
        this.label = label;
        this.slots = slots;
        this.isBuffer = isBuffer;
        this.buffers = new BufferPool.Block[slots.length];
        this.words = new int[slots.length];
        this.known = new boolean[slots.length];
        for (int i = 0; i < slots.length; i++) {
            if (slots[i] == FOR_GOOD) {
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
            if (isBuffer[i]) {
                bindBuffer(i, call.buffer(slots[i]));
            } else if (slots[i] != FOR_GOOD) {
                bindWord(i, call.word(slots[i]));
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
        if (known[i] && words[i] == bits) {
            return;
        }
        known[i] = false;
        word[0] = bits;
        cl.argument(kernel, i, Sizeof.cl_int, toWord);
        words[i] = bits;
        known[i] = true;
    }
}
