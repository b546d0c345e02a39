package org.clnorm.state;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Objects;

/**
 * A dense tensor in host memory: an element type, a shape and the little-endian bytes of its elements, the last
 * dimension running fastest. Immutable, so it may be shared between threads. Equal tensors have equal type, shape and
 * bytes (thus a NaN equals itself, and 0.0 is not -0.0).
 */
public final class HostTensor {
    /** A Java array cannot be longer. */
    static final int MAX_BYTES = Integer.MAX_VALUE - 8;

    private final ElementType type;
    private final long[] shape;
    private final byte[] bytes;

    private HostTensor(ElementType type, long[] shape, byte[] bytes) {
        this.type = type;
        this.shape = shape;
        this.bytes = bytes;
    }

    /**
     * A tensor of type {@link ElementType#F32}.
     *
     * @param values the elements; copied
     * @param shape the sizes of the dimensions; none for a single value
     * @return the tensor
     * @throws IllegalArgumentException if the shape does not hold as many elements as there are values
     */
    public static HostTensor ofFloats(float[] values, long... shape) {
        ByteBuffer buffer = allocate(ElementType.F32, values.length, shape);
        buffer.asFloatBuffer().put(values);
        return new HostTensor(ElementType.F32, shape.clone(), buffer.array());
    }

    /**
     * A tensor of type {@link ElementType#F64}.
     *
     * @param values the elements; copied
     * @param shape the sizes of the dimensions; none for a single value
     * @return the tensor
     * @throws IllegalArgumentException if the shape does not hold as many elements as there are values
     */
    public static HostTensor ofDoubles(double[] values, long... shape) {
        ByteBuffer buffer = allocate(ElementType.F64, values.length, shape);
        buffer.asDoubleBuffer().put(values);
        return new HostTensor(ElementType.F64, shape.clone(), buffer.array());
    }

    /**
     * A tensor of a floating point type.
     *
     * @param type F64, F32, F16 or BF16
     * @param values the elements, rounded to the nearest of the type, ties to even; copied
     * @param shape the sizes of the dimensions; none for a single value
     * @return the tensor
     * @throws IllegalArgumentException if the type is another, or the shape does not hold as many elements as there are
     *     values
     */
    public static HostTensor of(ElementType type, double[] values, long... shape) {
        ByteBuffer buffer = allocate(type, values.length, shape);
        Elements.put(type, values, buffer);
        return new HostTensor(type, shape.clone(), buffer.array());
    }

    /**
     * A tensor of type {@link ElementType#I64}.
     *
     * @param values the elements; copied
     * @param shape the sizes of the dimensions; none for a single value
     * @return the tensor
     * @throws IllegalArgumentException if the shape does not hold as many elements as there are values
     */
    public static HostTensor ofLongs(long[] values, long... shape) {
        ByteBuffer buffer = allocate(ElementType.I64, values.length, shape);
        buffer.asLongBuffer().put(values);
        return new HostTensor(ElementType.I64, shape.clone(), buffer.array());
    }

    /**
     * A tensor of any type from its bytes.
     *
     * @param type the element type
     * @param bytes the elements, little-endian; copied
     * @param shape the sizes of the dimensions; none for a single value
     * @return the tensor
     * @throws IllegalArgumentException if there are not exactly as many bytes as type and shape ask for
     */
    public static HostTensor ofBytes(ElementType type, byte[] bytes, long... shape) {
        return owning(type, bytes.clone(), shape.clone());
    }

    /** As {@link #ofBytes}, but the arrays become the tensor's own: a checkpoint is not held in memory twice. */
    static HostTensor owning(ElementType type, byte[] bytes, long[] shape) {
        long size = Objects.requireNonNull(type, "type").byteSize(shape);
        if (size != bytes.length) {
            throw new IllegalArgumentException("expected " + size + " bytes for shape " + Arrays.toString(shape)
                    + " of " + type + ", got " + bytes.length);
        }
        return new HostTensor(type, shape, bytes);
    }

    private static ByteBuffer allocate(ElementType type, int count, long[] shape) {
        long size = type.byteSize(shape);
        if (type.count(shape) != count) {
            throw new IllegalArgumentException("expected " + type.count(shape) + " values for shape "
                    + Arrays.toString(shape) + ", got " + count);
        }
        if (size > MAX_BYTES) {
            throw new IllegalArgumentException("expected at most " + MAX_BYTES + " bytes, got shape "
                    + Arrays.toString(shape) + " of " + type + " with " + size);
        }
        return ByteBuffer.allocate((int) size).order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * The type of the elements.
     *
     * @return the element type
     */
    public ElementType type() {
        return type;
    }

    /**
     * The sizes of the dimensions.
     *
     * @return a copy of the shape; empty for a single value
     */
    public long[] shape() {
        return shape.clone();
    }

    /**
     * The number of elements: the product of the sizes, 1 for a single value.
     *
     * @return the number of elements
     */
    public int count() {
        return (int) ((long) bytes.length * Byte.SIZE / type.bits());
    }

    /**
     * The elements as they are stored.
     *
     * @return a read-only view of the bytes, in little-endian order, from the first element to the last
     */
    public ByteBuffer bytes() {
        return ByteBuffer.wrap(bytes).asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * The elements as float; every value is kept exactly.
     *
     * @return a new array of {@link #count()} values
     * @throws IllegalArgumentException if the type is not F32, F16 or BF16
     */
    public float[] toFloats() {
        return Elements.floats(type, bytes());
    }

    /**
     * The elements as double; every value is kept exactly.
     *
     * @return a new array of {@link #count()} values
     * @throws IllegalArgumentException if the type is not F64, F32, F16 or BF16
     */
    public double[] toDoubles() {
        return Elements.doubles(type, bytes());
    }

    /**
     * The elements as long; every value is kept exactly, a truth value is 0 or 1.
     *
     * @return a new array of {@link #count()} values
     * @throws IllegalArgumentException if the type is neither an integer nor BOOL, or a U64 is 2^63 or more
     */
    public long[] toLongs() {
        return Elements.longs(type, bytes());
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof HostTensor that && type == that.type && Arrays.equals(shape, that.shape)
                && Arrays.equals(bytes, that.bytes);
    }

    @Override
    public int hashCode() {
        return 31 * (31 * type.name().hashCode() + Arrays.hashCode(shape)) + Arrays.hashCode(bytes);
    }

    /**
     * Type and shape, such as {@code F32[64, 3]}.
     *
     * @return the text
     */
    @Override
    public String toString() {
        return type + Arrays.toString(shape);
    }
}
