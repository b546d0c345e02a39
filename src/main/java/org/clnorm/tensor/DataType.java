package org.clnorm.tensor;

/** The type of a tensor's elements. */
public enum DataType {
    /** IEEE 754 half precision, for storage: what is computed from it is float. */
    F16(2),
    /** The upper half of a float (bfloat16), for storage: what is computed from it is float. */
    BF16(2),
    /** IEEE 754 single precision: what OpenCL devices compute in, but for F64. */
    F32(4),
    /** IEEE 754 double precision: on the CPU engine, and on OpenCL devices that have it. */
    F64(8);

    private final int bytes;

    DataType(int bytes) {
        this.bytes = bytes;
    }

    /**
     * The size of one element.
     *
     * @return bytes an element
     */
    public int bytes() {
        return bytes;
    }

    /**
     * The type in which statistics of such tensors are kept, and their parameters unless somebody wants it otherwise.
     *
     * @return F64 for F64, F32 for all others
     */
    public DataType statistics() {
        return this == F64 ? F64 : F32;
    }

    /**
     * The largest finite value.
     *
     * @return 65504 for F16, about 3.4e38 for BF16 and F32
     */
    public double largest() {
        return switch (this) {
            case F16 -> 65504;
            case BF16 -> 0x1.fep127;
            case F32 -> Float.MAX_VALUE;
            case F64 -> Double.MAX_VALUE;
        };
    }

    /**
     * The nearest value of this type; of two that are as near, the even one.
     *
     * @param value any value
     * @return the value that a tensor of this type has after it was written; infinite where it is beyond the range
     */
    public double round(double value) {
        return switch (this) {
            case F16, BF16 -> Half.value(this, Half.bits(this, value));
            case F32 -> (float) value;
            case F64 -> value;
        };
    }
}
