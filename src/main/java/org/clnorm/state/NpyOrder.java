package org.clnorm.state;

/** The order of an array's bytes: into little-endian elements, the last dimension running fastest. */
final class NpyOrder {
    private NpyOrder() {
    }

    /** The data in our order; the array given may become the one returned. */
    static byte[] little(String file, NpyHeader header, byte[] data) {
        int width = header.type().byteSize();
        if (header.bigEndian()) {
            swap(data, width);
        }
        boolean transpose = header.fortranOrder() && header.shape().length > 1;
        return transpose ? transposed(file, header.shape(), width, data) : data;
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

    /** From the first dimension running fastest to the last one. */
    private static byte[] transposed(String file, long[] shape, int width, byte[] data) {
        byte[] result = Npy.allocate(file, data.length);
        int[] index = new int[shape.length];
        int[] strides = new int[shape.length];
        int stride = width;
        for (int d = 0; d < shape.length; d++) {
            strides[d] = stride;
            stride *= (int) shape[d];
        }
        int from = 0;
        for (int to = 0; to < data.length; to += width) {
            System.arraycopy(data, from, result, to, width);
            from = next(index, from, strides, shape);
        }
        return result;
    }

    /** Counts the index up by one, the last dimension first, and says where that element is. */
    private static int next(int[] index, int from, int[] strides, long[] shape) {
        int at = from;
        for (int d = shape.length - 1; d >= 0; d--) {
            at += strides[d];
            if (++index[d] < shape[d]) {
                return at;
            }
            at -= index[d] * strides[d];
            index[d] = 0;
        }
        return at;
    }
}
