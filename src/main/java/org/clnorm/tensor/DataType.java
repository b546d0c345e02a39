package org.clnorm.tensor;

/** The type of a tensor's elements. */
public enum DataType {
    /** IEEE 754 half precision, for storage: what is computed from it is float. */
    F16(2),
    /** The upper half of a float (bfloat16), for storage: what is computed from it is float. */
    BF16(2),
    /** IEEE 754 single precision: what OpenCL devices compute in. */
    F32(4),
    /** IEEE 754 double precision: tensors of the CPU engine, for reference computations. */
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
}
