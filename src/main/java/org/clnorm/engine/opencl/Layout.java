package org.clnorm.engine.opencl;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.clnorm.tensor.Shape;

/**
 * Where the elements of a tensor lie in a buffer: dimensions that follow one another without a gap are merged, those of
 * one element are left out. No two elements of a layout lie in one place.
 */
final class Layout {
    /** How many dimensions the kernels of {@code common/strided.cl} walk. */
    static final int MOST_DIMENSIONS = 6;

    private final long byteOffset;
    private final int elementBytes;
    private final long elements;
    /** Outermost first. */
    private final long[] sizes;
    /** In elements. */
    private final long[] strides;

    private Layout(long byteOffset, int elementBytes, long elements, long[] sizes, long[] strides) {
        this.byteOffset = byteOffset;
        this.elementBytes = elementBytes;
        this.elements = elements;
        this.sizes = sizes;
        this.strides = strides;
    }

    /** The layout of a shape without gaps. */
    static Layout dense(Shape shape, int elementBytes, long byteOffset) {
        long[] strides = new long[shape.rank()];
        long stride = 1;
        for (int i = strides.length - 1; i >= 0; i--) {
            strides[i] = stride;
            stride *= Math.max(1, shape.dim(i));
        }
        return of(shape, elementBytes, byteOffset, strides);
    }

    /** The layout of a shape with strides in elements; refuses those that kernels cannot walk. */
    static Layout of(Shape shape, int elementBytes, long byteOffset, long... strides) {
        if (strides.length != shape.rank()) {
            throw new IllegalArgumentException(
                    "expected a stride a dimension of " + shape + ", got " + Arrays.toString(strides));
        }
        if (byteOffset < 0 || byteOffset % elementBytes != 0) {
            throw new IllegalArgumentException("expected an offset of 0 or more bytes, a multiple of the "
                    + elementBytes + " bytes of an element, got " + byteOffset);
        }
        if (shape.size() == 0) {
            return new Layout(byteOffset, elementBytes, 0, new long[0], new long[0]);
        }
        Layout layout = merged(shape, elementBytes, byteOffset, strides);
        layout.checkPlaces(shape, strides);
        return layout;
    }

    private static Layout merged(Shape shape, int elementBytes, long byteOffset, long[] strides) {
        long[] sizes = new long[strides.length];
        long[] steps = new long[strides.length];
        int rank = 0;
        for (int i = 0; i < strides.length; i++) {
            long size = shape.dim(i);
            if (size == 1) {
                continue;
            }
            boolean follows = rank > 0 && strides[i] > 0 && steps[rank - 1] % strides[i] == 0
                    && steps[rank - 1] / strides[i] == size;
            if (follows) {
                sizes[rank - 1] *= size;
            } else {
                sizes[rank++] = size;
            }
            steps[rank - 1] = strides[i];
        }
        return new Layout(byteOffset, elementBytes, shape.size(), Arrays.copyOf(sizes, rank),
                Arrays.copyOf(steps, rank));
    }

    /** Each stride must reach beyond all that the smaller ones reach. */
    private void checkPlaces(Shape shape, long[] given) {
        int[] inner = IntStream.range(0, sizes.length).boxed()
                .sorted((a, b) -> Long.compare(strides[a], strides[b])).mapToInt(i -> i).toArray();
        long reach = 0;
        try {
            for (int i : inner) {
                if (strides[i] <= reach) {
                    throw new IllegalArgumentException("expected strides of at least 1, each beyond what the smaller"
                            + " ones reach, so that no two elements of " + shape + " share a place, got "
                            + Arrays.toString(given));
                }
                reach = Math.addExact(reach, Math.multiplyExact(sizes[i] - 1, strides[i]));
            }
            Math.addExact(byteOffset, Math.multiplyExact(Math.addExact(reach, 1), elementBytes));
        } catch (ArithmeticException overflow) {
            throw new IllegalArgumentException("expected places within 2^63 bytes, got the shape " + shape
                    + " with strides " + Arrays.toString(given) + " from byte " + byteOffset, overflow);
        }
        if (sizes.length > MOST_DIMENSIONS) {
            throw new IllegalArgumentException("expected at most " + MOST_DIMENSIONS + " dimensions that do not follow"
                    + " one another without a gap, got " + shape + " with strides " + Arrays.toString(given));
        }
    }

    long byteOffset() {
        return byteOffset;
    }

    /** The offset in elements. */
    long first() {
        return byteOffset / elementBytes;
    }

    int elementBytes() {
        return elementBytes;
    }

    long elements() {
        return elements;
    }

    int dimensions() {
        return sizes.length;
    }

    long size(int dimension) {
        return sizes[dimension];
    }

    long stride(int dimension) {
        return strides[dimension];
    }

    boolean isDense() {
        return sizes.length == 0 || sizes.length == 1 && strides[0] == 1;
    }

    /** From the first byte to the last, with the gaps. */
    long spanBytes() {
        if (elements == 0) {
            return 0;
        }
        long last = 0;
        for (int i = 0; i < sizes.length; i++) {
            last += (sizes[i] - 1) * strides[i];
        }
        return (last + 1) * elementBytes;
    }

    long endByte() {
        return byteOffset + spanBytes();
    }

    /** The same further on in a larger buffer. */
    Layout movedBy(long bytes) {
        return new Layout(byteOffset + bytes, elementBytes, elements, sizes, strides);
    }

    /** Whether dimensions and strides are the same, wherever they begin. */
    boolean sameSteps(Layout other) {
        return elementBytes == other.elementBytes && elements == other.elements && Arrays.equals(sizes, other.sizes)
                && Arrays.equals(strides, other.strides);
    }

    int hashOfSteps() {
        return 31 * Arrays.hashCode(sizes) + Arrays.hashCode(strides);
    }

    /**
     * Whether two layouts of one buffer may share a byte. Slices of one array are told apart exactly: their places are
     * numbers written in digits, a digit a stride, and places are apart where one digit never agrees. Where strides are
     * no digits, layouts that reach across each other count as sharing.
     */
    boolean overlaps(Layout other) {
        if (elements == 0 || other.elements == 0 || endByte() <= other.byteOffset || other.endByte() <= byteOffset) {
            return false;
        }
        long[] units = IntStream.range(0, sizes.length + other.sizes.length)
                .mapToLong(i -> i < sizes.length ? strides[i] * elementBytes
                        : other.strides[i - sizes.length] * other.elementBytes)
                .distinct().sorted().toArray();
        boolean apart = false;
        for (int i = units.length; i >= 0; i--) {
            long unit = i == 0 ? 1 : units[i - 1];
            long next = i == units.length ? Long.MAX_VALUE : units[i];
            long first = byteOffset % next / unit;
            long last = first + count(unit) - 1;
            long otherFirst = other.byteOffset % next / unit;
            long otherLast = otherFirst + other.count(unit) - 1;
            boolean digit = next == Long.MAX_VALUE || next % unit == 0 && Math.max(last, otherLast) < next / unit;
            if (!digit) {
                return true;
            }
            apart |= last < otherFirst || otherLast < first;
        }
        return !apart;
    }

    /** How many steps of so many bytes there are; the smallest are the bytes of an element. */
    private long count(long bytes) {
        if (bytes == 1) {
            return elementBytes;
        }
        for (int i = 0; i < sizes.length; i++) {
            if (strides[i] * elementBytes == bytes) {
                return sizes[i];
            }
        }
        return 1;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Layout layout && byteOffset == layout.byteOffset && sameSteps(layout);
    }

    @Override
    public int hashCode() {
        return 31 * hashOfSteps() + Long.hashCode(byteOffset);
    }

    /** {@code 4 x 32 with strides 96 x 1}. */
    @Override
    public String toString() {
        return joined(sizes) + " with strides " + joined(strides);
    }

    private static String joined(long[] values) {
        return String.join(" x ", Arrays.stream(values).mapToObj(Long::toString).toList());
    }
}
