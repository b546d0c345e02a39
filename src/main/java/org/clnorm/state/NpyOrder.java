package org.clnorm.state;

import java.util.Arrays;

/** The order of an array's bytes: into little-endian elements, the last dimension running fastest. */
final class NpyOrder {
    private NpyOrder() {
    }

    /** Turns elements into little-endian ones, in place, if they are not. */
    static void makeLittle(NpyHeader header, byte[] data) {
        if (header.bigEndian()) {
            swap(data, header.type().byteSize());
        }
    }

    private static void swap(byte[] data, int width) {
        for (int at = 0; at < data.length; at += width) {
            for (int i = at, j = at + width - 1; i < j; i++, j--) {
                byte b = data[i];
                data[i] = data[j];
                data[j] = b;
            }
        }
    }

    /**
     * Puts elements that come with the first dimension running fastest in their places, as they come: there is never a
     * second array as large.
     */
    static final class FromFortran {
        private final byte[] result;
        private final int width;
        private final int[] sizes;
        private final int[] strides;
        private final int[] index;
        private int to;

        FromFortran(NpyHeader header, byte[] result) {
            this.result = result;
            this.width = header.type().byteSize();
            this.sizes = Arrays.stream(header.shape()).mapToInt(size -> (int) size).toArray();
            this.strides = new int[sizes.length];
            this.index = new int[sizes.length];
            int stride = width;
            for (int d = sizes.length - 1; d >= 0; d--) {
                strides[d] = stride;
                stride *= sizes[d];
            }
        }

        /** Takes the next elements, so many bytes of them. */
        void put(byte[] elements, int length) {
            for (int from = 0; from < length; from += width) {
                System.arraycopy(elements, from, result, to, width);
                step();
            }
        }

        /** Counts the index up by one, the first dimension first. */
        private void step() {
            for (int d = 0; d < sizes.length; d++) {
                to += strides[d];
                if (++index[d] < sizes[d]) {
                    return;
                }
                to -= index[d] * strides[d];
                index[d] = 0;
            }
        }
    }
}
