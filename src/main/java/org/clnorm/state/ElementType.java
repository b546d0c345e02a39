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
    BOOL(8),
    /** Floating point, 4 bits: 2 of exponent, 1 of fraction; two in a byte. */
    F4(4),
    /** Floating point, 6 bits: 2 of exponent, 3 of fraction; four in three bytes. */
    F6_E2M3(6),
    /** Floating point, 6 bits: 3 of exponent, 2 of fraction; four in three bytes. */
    F6_E3M2(6),
    /** Unsigned integer, 8 bits. */
    U8(8),
    /** Signed integer, 8 bits. */
    I8(8),
    /** Floating point, 8 bits: 5 of exponent, 2 of fraction. */
    F8_E5M2(8),
    /** Floating point, 8 bits: 4 of exponent, 3 of fraction. */
    F8_E4M3(8),
    /** A power of two, 8 bits of exponent. */
    F8_E8M0(8),
    /** As {@link #F8_E4M3}, without infinity and negative zero. */
    F8_E4M3FNUZ(8),
    /** As {@link #F8_E5M2}, without infinity and negative zero. */
    F8_E5M2FNUZ(8),
    /** Signed integer, 16 bits. */
    I16(16),
    /** Unsigned integer, 16 bits. */
    U16(16),
    /** IEEE half precision, 16 bits. */
    F16(16),
    /** The upper 16 bits of an {@link #F32}. */
    BF16(16),
    /** Signed integer, 32 bits. */
    I32(32),
    /** Unsigned integer, 32 bits. */
    U32(32),
    /** IEEE single precision, 32 bits. */
    F32(32),
    /** A complex number of two {@link #F32}. */
    C64(64),
    /** IEEE double precision, 64 bits. */
    F64(64),
    /** Signed integer, 64 bits. */
    I64(64),
    /** Unsigned integer, 64 bits. */
    U64(64);

    /** More dimensions than any framework can make; it bounds what a header can make us allocate for a shape. */
    static final int MAX_RANK = 255;

    private final int bits;

    ElementType(int bits) {
        this.bits = bits;
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
     * @return the size in bits
     */
    public int bits() {
        return bits;
    }

    /**
     * The size of one element.
     *
     * @return the size in bytes
     * @throws IllegalStateException if an element is smaller than a byte
     */
    public int byteSize() {
        if (bits < Byte.SIZE) {
            throw new IllegalStateException("expected a type of whole bytes, got " + this + " of " + bits + " bits");
        }
        return bits / Byte.SIZE;
    }

    /**
     * The size of a dense tensor of this type.
     *
     * @param shape the sizes of the dimensions; none for a single value
     * @return the size in bytes
     * @throws IllegalArgumentException if there are too many dimensions, one is negative, the product overflows,
     *                                  or elements of less than a byte do not fill whole bytes
     */
    long byteSize(long[] shape) {
        if (shape.length > MAX_RANK) {
            throw new IllegalArgumentException("expected at most " + MAX_RANK + " dimensions, got " + shape.length);
        }
        long count = count(shape);
        int packed = bits < Byte.SIZE ? Byte.SIZE / Integer.lowestOneBit(bits) : 1; // as many fill whole bytes
        if (count % packed != 0) {
            throw new IllegalArgumentException("expected elements that fill whole bytes, got shape "
                    + Arrays.toString(shape) + " of " + this);
        }
        try {
            return Math.multiplyExact(count / packed, (long) packed * bits / Byte.SIZE);
        } catch (ArithmeticException e) {
            throw tooLarge(shape, e);
        }
    }

    private IllegalArgumentException tooLarge(long[] shape, ArithmeticException e) {
        return new IllegalArgumentException(
                "expected fewer than 2^63 bytes, got shape " + Arrays.toString(shape) + " of " + this, e);
    }

    /** The number of elements, with the errors of {@link #byteSize(long[])}. */
    long count(long[] shape) {
        long count = 1;
        for (long dimension : shape) {
            if (dimension < 0) {
                throw new IllegalArgumentException("expected sizes of 0 or more, got shape " + Arrays.toString(shape));
            }
            try {
                count = Math.multiplyExact(count, dimension);
            } catch (ArithmeticException e) {
                throw tooLarge(shape, e);
            }
        }
        return count;
    }
}
