package org.clnorm.state;

import java.nio.ByteBuffer;
import java.util.EnumSet;
import java.util.Set;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Half;

/** The elements of a tensor as Java numbers: reading keeps every value, writing rounds. */
final class Elements {
    private static final Set<ElementType> FLOATS = EnumSet.of(ElementType.F32, ElementType.F16, ElementType.BF16);
    private static final Set<ElementType> INTEGERS = EnumSet.of(ElementType.BOOL, ElementType.U8, ElementType.I8,
            ElementType.I16, ElementType.U16, ElementType.I32, ElementType.U32, ElementType.I64, ElementType.U64);

    private Elements() {
    }

    static float[] floats(ElementType type, ByteBuffer bytes) {
        require(FLOATS.contains(type), "F32, F16 or BF16", type);
        float[] values = new float[bytes.remaining() / type.byteSize()];
        switch (type) {
            case F32 -> bytes.asFloatBuffer().get(values);
            case F16 -> widen(DataType.F16, bytes, values);
            case BF16 -> widen(DataType.BF16, bytes, values);
            default -> throw new AssertionError(type);
        }
        return values;
    }

    private static void widen(DataType type, ByteBuffer bytes, float[] values) {
        for (int i = 0; i < values.length; i++) {
            values[i] = Half.value(type, bytes.getShort());
        }
    }

    /** Writes values as elements of a floating point type, rounded to nearest even. */
    static void put(ElementType type, double[] values, ByteBuffer bytes) {
        require(type == ElementType.F64 || FLOATS.contains(type), "F64, F32, F16 or BF16", type);
        for (double value : values) {
            switch (type) {
                case F16 -> bytes.putShort(Half.bits(DataType.F16, value));
                case BF16 -> bytes.putShort(Half.bits(DataType.BF16, value));
                case F32 -> bytes.putFloat((float) value);
                default -> bytes.putDouble(value);
            }
        }
    }

    static double[] doubles(ElementType type, ByteBuffer bytes) {
        require(type == ElementType.F64 || FLOATS.contains(type), "F64, F32, F16 or BF16", type);
        double[] values = new double[bytes.remaining() / type.byteSize()];
        if (type == ElementType.F64) {
            bytes.asDoubleBuffer().get(values);
            return values;
        }
        float[] floats = floats(type, bytes);
        for (int i = 0; i < values.length; i++) {
            values[i] = floats[i];
        }
        return values;
    }

    static long[] longs(ElementType type, ByteBuffer bytes) {
        require(INTEGERS.contains(type), "an integer type or BOOL", type);
        long[] values = new long[bytes.remaining() / type.byteSize()];
        for (int i = 0; i < values.length; i++) {
            values[i] = switch (type) {
                case BOOL -> bytes.get() == 0 ? 0 : 1;
                case U8 -> Byte.toUnsignedLong(bytes.get());
                case I8 -> bytes.get();
                case I16 -> bytes.getShort();
                case U16 -> Short.toUnsignedLong(bytes.getShort());
                case I32 -> bytes.getInt();
                case U32 -> Integer.toUnsignedLong(bytes.getInt());
                case I64 -> bytes.getLong();
                case U64 -> signed(bytes.getLong());
                default -> throw new AssertionError(type);
            };
        }
        return values;
    }

    private static void require(boolean fits, String expected, ElementType type) {
        if (!fits) {
            throw new IllegalArgumentException("expected elements of " + expected + ", got " + type);
        }
    }

    private static long signed(long unsigned) {
        if (unsigned < 0) {
            throw new IllegalArgumentException(
                    "expected U64 elements below 2^63, got " + Long.toUnsignedString(unsigned));
        }
        return unsigned;
    }
}
