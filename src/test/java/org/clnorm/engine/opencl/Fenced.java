package org.clnorm.engine.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Half;
import org.clnorm.tensor.Shape;
import org.clnorm.tensor.Tensor;
import org.jocl.CL;
import org.jocl.Pointer;
import org.jocl.cl_mem;

/**
 * Tensors in one buffer of the caller's, each between bytes that nobody may change: they begin right after its last
 * element. What lies there differs from byte to byte, so that a copy from elsewhere is noticed too.
 */
final class Fenced implements AutoCloseable {
    /** Where a tensor lies. */
    record Region(String name, DataType type, int elements, int at) {
        int end() {
            return at + elements * type.bytes();
        }
    }

    private final Bare bare;
    private final int alignment;
    private final ByteArrayOutputStream made = new ByteArrayOutputStream();
    private byte[] before;
    private cl_mem memory;

    Fenced(Bare bare) {
        this.bare = bare;
        this.alignment = (int) bare.alignment();
        fence();
    }

    /** A tensor with values, as its type has them. */
    Region with(String name, DataType type, float[] values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * type.bytes()).order(ByteOrder.nativeOrder());
        for (float value : values) {
            if (type == DataType.F32) {
                bytes.putFloat(value);
            } else {
                bytes.putShort(Half.bits(type, value));
            }
        }
        return add(name, type, values.length, bytes.array());
    }

    /** A tensor of NaN, to be written. */
    Region empty(String name, DataType type, int elements) {
        byte[] bytes = new byte[elements * type.bytes()];
        Arrays.fill(bytes, (byte) 0xff);
        return add(name, type, elements, bytes);
    }

    private Region add(String name, DataType type, int elements, byte[] bytes) {
        Region region = new Region(name, type, elements, made.size());
        made.writeBytes(bytes);
        fence();
        return region;
    }

    /** At least as much as devices align to, and up to where the next tensor may begin. */
    private void fence() {
        int end = (made.size() + alignment - 1) / alignment * alignment + alignment;
        for (int at = made.size(); at < end; at++) {
            made.write(guard(at));
        }
    }

    static byte guard(int at) {
        return (byte) (at * 37 + at / 256 + 11);
    }

    /** The memory with all tensors that were added. */
    Fenced build() {
        before = made.toByteArray();
        int[] status = new int[1];
        memory = CL.clCreateBuffer(bare.context, CL.CL_MEM_READ_WRITE | CL.CL_MEM_COPY_HOST_PTR, before.length,
                Pointer.to(before), status);
        Bare.ok(status[0]);
        return this;
    }

    /** Null for null. */
    Tensor on(OpenClDevice device, Region region) {
        return region == null ? null : device.borrow(memory, region.at(), region.type(), Shape.of(region.elements()));
    }

    /** Some tensors were written, every element of them; nothing else was. */
    void check(String what, Region... written) {
        byte[] after = bare.read(memory);
        List<Region> regions = new ArrayList<>();
        for (Region region : written) {
            if (region != null) {
                regions.add(region);
                checkWritten(what, region, after);
                System.arraycopy(before, region.at(), after, region.at(), region.end() - region.at());
            }
        }
        int first = Arrays.mismatch(before, after);
        assertEquals(-1, first, () -> "byte " + first + " of " + regions + ", " + what);
    }

    private static void checkWritten(String what, Region region, byte[] bytes) {
        ByteBuffer values = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
        for (int i = 0; i < region.elements(); i++) {
            int at = region.at() + i * region.type().bytes();
            float value = region.type() == DataType.F32 ? values.getFloat(at)
                    : Half.value(region.type(), values.getShort(at));
            int index = i;
            assertFalse(Float.isNaN(value), () -> "element " + index + " of " + region + ", " + what);
        }
    }

    @Override
    public void close() {
        if (memory != null) {
            Bare.ok(CL.clReleaseMemObject(memory));
        }
    }
}
