package org.clnorm.state;

import java.util.Arrays;
import org.clnorm.tensor.DataType;

/**
 * The element types of a tensor on the host, under their names in safetensors files.
 *
 * <p>The order of the constants is part of the file format: the reference implementation writes the tensors of the last
 * type first, which puts wider elements before narrower ones and so keeps all of them aligned.
 */
public enum ElementType {
    /** A truth value in a byte, 0 or 1. */
    BOOL(1),
    /** Unsigned integer, 8 bits. */
    U8(1),
    /** Signed integer, 8 bits. */
    I8(1),
    /** Floating point, 8 bits: 5 of exponent, 2 of fraction. */
    F8_E5M2(1),
    /** Floating point, 8 bits: 4 of exponent, 3 of fraction. */
    F8_E4M3(1),
    /** Signed integer, 16 bits. */
    I16(2),
    /** Unsigned integer, 16 bits. */
    U16(2),
    /** IEEE half precision, 16 bits. */
    F16(2),
    /** The upper 16 bits of an {@link #F32}. */
    BF16(2),
    /** Signed integer, 32 bits. */
    I32(4),
    /** Unsigned integer, 32 bits. */
    U32(4),
    /** IEEE single precision, 32 bits. */
    F32(4),
    /** IEEE double precision, 64 bits. */
    F64(8),
    /** Signed integer, 64 bits. */
    I64(8),
    /** Unsigned integer, 64 bits. */
    U64(8);

    /** More dimensions than any framework can make; it bounds what a header can make us allocate for a shape. */
    static final int MAX_RANK = 255;

    private final int bytes;

    ElementType(int bytes) {
        this.bytes = bytes;
    }

    /**
     * The type under which the elements of a tensor are saved.
     *
     * @param type the type of a tensor on a device
     * @return the one of the same name
     */
    public static ElementType of(DataType type) {
        return valueOf(type.name());
    }

    /**
     * The size of one element.
     *
     * @return the size in bytes
     */
    public int byteSize() {
        return bytes;
    }

    /**
     * The size of a dense tensor of this type.
     *
     * @param shape the sizes of the dimensions; none for a single value
     * @return the size in bytes
     * @throws IllegalArgumentException if there are too many dimensions, one is negative, or the product overflows
     */
    long byteSize(long[] shape) {
        if (shape.length > MAX_RANK) {
            throw new IllegalArgumentException("expected at most " + MAX_RANK + " dimensions, got " + shape.length);
        }
        try {
            return Math.multiplyExact(count(shape), (long) bytes);
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException(
                    "expected fewer than 2^63 bytes, got shape " + Arrays.toString(shape) + " of " + this, e);
        }
    }

    private static long count(long[] shape) {
        long count = 1;
        for (long dimension : shape) {
            if (dimension < 0) {
                throw new IllegalArgumentException("expected sizes of 0 or more, got shape " + Arrays.toString(shape));
            }
            count = Math.multiplyExact(count, dimension);
        }
        return count;
    }
}
