package org.clnorm.tensor;

import java.util.Arrays;

/**
 * The dimensions of a tensor, outermost first; immutable. A dimension may be 0, the number of elements fits 63 bits.
 */
public final class Shape {
    private final long[] dims;
    private final long size;

    private Shape(long[] dims) {
        this.dims = dims;
        this.size = product(dims);
    }

    /**
     * A shape from its dimensions.
     *
     * @param dims the dimensions, outermost first; none for a scalar
     * @return the shape
     * @throws IllegalArgumentException if a dimension is negative or their product exceeds 2⁶³ − 1
     */
    public static Shape of(long... dims) {
        return new Shape(dims.clone());
    }

    private static long product(long[] dims) {
        boolean empty = false;
        for (long dim : dims) {
            if (dim < 0) {
                throw new IllegalArgumentException("expected dimensions of 0 or more, got " + Arrays.toString(dims));
            }
            empty |= dim == 0;
        }
        return empty ? 0 : checkedProduct(dims);
    }

    private static long checkedProduct(long[] dims) {
        try {
            long size = 1;
            for (long dim : dims) {
                size = Math.multiplyExact(size, dim);
            }
            return size;
        } catch (ArithmeticException overflow) {
            throw new IllegalArgumentException(
                    "expected at most 2^63 - 1 elements, got the shape " + Arrays.toString(dims), overflow);
        }
    }

    /**
     * The number of dimensions.
     *
     * @return the rank, 0 for a scalar
     */
    public int rank() {
        return dims.length;
    }

    /**
     * One dimension.
     *
     * @param index 0 is the outermost
     * @return its size
     * @throws IndexOutOfBoundsException if there is no such dimension
     */
    public long dim(int index) {
        return dims[index];
    }

    /**
     * All dimensions.
     *
     * @return a copy, outermost first
     */
    public long[] dims() {
        return dims.clone();
    }

    /**
     * The number of elements.
     *
     * @return the product of the dimensions
     */
    public long size() {
        return size;
    }

    /**
     * The number of elements in a range of dimensions.
     *
     * @param from first dimension of the range
     * @param to   end of the range, exclusive
     * @return the product of these dimensions, 1 for an empty range
     */
    public long size(int from, int to) {
        return product(Arrays.copyOfRange(dims, from, to));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Shape that && Arrays.equals(dims, that.dims);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(dims);
    }

    @Override
    public String toString() {
        return Arrays.toString(dims);
    }
}
