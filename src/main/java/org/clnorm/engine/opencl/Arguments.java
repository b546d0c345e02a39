package org.clnorm.engine.opencl;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/**
 * What one call offers to its kernels, found by the names that the kernels' parameters have. Used again for the next
 * call.
 */
final class Arguments {
    /** Buffers of the call; an absent tensor is null. Scratch buffers follow them. */
    enum Buffer {
        X, Y, DY, DX, WEIGHT, BIAS, STATS, DWEIGHT, DBIAS, RUNNING_MEAN, RUNNING_VAR, INTO,
        FIRST, RESIDUAL, DSUM, DOUT, SIGNS, LENGTHS,
        /** The same as without LAYER, where scratch memory stands for those. */
        LAYER_WEIGHT, LAYER_BIAS, LAYER_DWEIGHT, LAYER_DBIAS,
        /** Sums from the host; in other plans scratch memory has the name. */
        PARTIALS;

        private static final Buffer[] ALL = values();

        static Optional<Buffer> named(String name) {
            return Arguments.named(ALL, name);
        }
    }

    /** Numbers of the call: of four bytes each, or of eight where a kernel computes in double. */
    enum Word {
        EPS(KernelSignature.Type.FLOAT), MOMENTUM(KernelSignature.Type.FLOAT), KEEP(KernelSignature.Type.FLOAT),
        CORRECTION(KernelSignature.Type.FLOAT), ZERO_RSTD(KernelSignature.Type.INT),
        ACCUMULATE(KernelSignature.Type.INT), WANT_DX(KernelSignature.Type.INT),
        WANT_DWEIGHT(KernelSignature.Type.INT), WANT_DBIAS(KernelSignature.Type.INT),
        R_MAX(KernelSignature.Type.FLOAT), D_MAX(KernelSignature.Type.FLOAT),
        /** The same as without LAYER, where gradients in scratch memory stand for the layer's. */
        LAYER_ACCUMULATE(KernelSignature.Type.INT), LAYER_WANT_DWEIGHT(KernelSignature.Type.INT),
        LAYER_WANT_DBIAS(KernelSignature.Type.INT),
        OFFSET_LOW(KernelSignature.Type.INT), OFFSET_HIGH(KernelSignature.Type.INT);

        private static final Word[] ALL = values();
        final KernelSignature.Type type;

        Word(KernelSignature.Type type) {
            this.type = type;
        }

        boolean takes(KernelSignature.Type wanted) {
            return wanted == type || wanted == KernelSignature.Type.REAL && type == KernelSignature.Type.FLOAT;
        }

        static Optional<Word> named(String name) {
            return Arguments.named(ALL, name);
        }
    }

    private BufferPool.Block[] buffers = new BufferPool.Block[Buffer.ALL.length];
    private final int[] words = new int[Word.ALL.length];
    private final double[] doubles = new double[Word.ALL.length];

    /**
     * Forgets the call before, and makes room for so many buffers of scratch. Kernels that take what this call does not
     * have find the same each time, so that nothing is set anew.
     */
    void clear(int scratch) {
        if (buffers.length < scratchSlot(scratch)) {
            buffers = new BufferPool.Block[scratchSlot(scratch)];
        }
        Arrays.fill(buffers, null);
        Arrays.fill(words, 0);
        Arrays.fill(doubles, 0);
    }

    /** Where the i-th scratch buffer is found. */
    static int scratchSlot(int i) {
        return Buffer.ALL.length + i;
    }

    void set(Buffer buffer, BufferPool.Block memory) {
        buffers[buffer.ordinal()] = memory;
    }

    void setScratch(int i, BufferPool.Block memory) {
        buffers[scratchSlot(i)] = memory;
    }

    void set(Word word, double value) {
        words[word.ordinal()] = Float.floatToRawIntBits((float) value);
        doubles[word.ordinal()] = value;
    }

    void set(Word word, boolean value) {
        words[word.ordinal()] = value ? 1 : 0;
    }

    /** Where a strided tensor begins, in elements. */
    void setOffset(long elements) {
        words[Word.OFFSET_LOW.ordinal()] = (int) elements;
        words[Word.OFFSET_HIGH.ordinal()] = (int) (elements >> Integer.SIZE);
    }

    BufferPool.Block scratch(int i) {
        return buffers[scratchSlot(i)];
    }

    BufferPool.Block buffer(int slot) {
        return buffers[slot];
    }

    int word(int slot) {
        return words[slot];
    }

    /** The same number unrounded, where it is no whole one. */
    double unrounded(int slot) {
        return doubles[slot];
    }

    private static <T extends Enum<T>> Optional<T> named(T[] all, String name) {
        for (T one : all) {
            if (one.name().toLowerCase(Locale.ROOT).equals(name)) {
                return Optional.of(one);
            }
        }
        return Optional.empty();
    }
}
