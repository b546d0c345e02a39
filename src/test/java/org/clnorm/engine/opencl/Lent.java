package org.clnorm.engine.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Half;
import org.clnorm.tensor.Shape;
import org.clnorm.tensor.Tensor;
import org.jocl.CL;
import org.jocl.Pointer;
import org.jocl.cl_mem;

/** A tensor in a buffer of the caller's, with something else around and between its elements that must stay. */
final class Lent {
    /** How a tensor [N, C, H, W] may lie. */
    enum Way {
        WHOLE, ALIGNED, PART, UNALIGNED, BATCH_SLICE, CHANNEL_SLICE, CHANNELS_LAST, CROPPED
    }

    private static final byte CANARY = 0x5a;

    private final Bare bare;
    private final DataType type;
    private final long[] dims;
    private final long[] strides = new long[4];
    private final boolean dense;
    private final long first;
    private final cl_mem whole;
    private final cl_mem memory;
    private final long inMemory;

    /** Makes a buffer that holds values, NaN where there are none. */
    Lent(Bare bare, Way way, DataType type, float[] values, long... dims) {
        this.bare = bare;
        this.type = type;
        this.dims = dims;
        long plane = dims[2] * dims[3];
        long sample = dims[1] * plane;
        Arrays.setAll(strides, i -> i == 0 ? sample : i == 1 ? plane : i == 2 ? dims[3] : 1);
        long element = 0;
        switch (way) {
            case WHOLE, ALIGNED, PART -> { }
            case UNALIGNED -> element = 3;
            case BATCH_SLICE -> {
                strides[0] = sample + 5;
                element = 5;
            }
            case CHANNEL_SLICE -> {
                strides[0] = 3 * sample;
                element = sample;
            }
            case CHANNELS_LAST -> {
                strides[1] = 1;
                strides[2] = dims[3] * dims[1];
                strides[3] = dims[1];
            }
            case CROPPED -> {
                strides[2] = dims[3] + 3;
                strides[1] = dims[2] * strides[2] + 7;
                strides[0] = 2 * dims[1] * strides[1];
                element = 1;
            }
            default -> throw new IllegalArgumentException(way.toString());
        }
        dense = way.ordinal() <= Way.UNALIGNED.ordinal();
        long offset = way == Way.ALIGNED || way == Way.PART ? 2 * bare.alignment() : 0;
        first = offset / type.bytes() + element;
        long span = 1;
        for (int i = 0; i < 4; i++) {
            span += (dims[i] - 1) * strides[i];
        }
        long room = way == Way.WHOLE ? span : first + span + 9;
        ByteBuffer contents = ByteBuffer.allocate((int) (room * type.bytes())).order(ByteOrder.nativeOrder());
        Arrays.fill(contents.array(), CANARY);
        for (int i = 0; i < values.length; i++) {
            put(contents, place(i), values[i]);
        }
        whole = bare.buffer(contents.array(), CL.CL_MEM_READ_WRITE);
        boolean part = way == Way.PART;
        memory = part ? bare.part(whole, bare.alignment(), contents.capacity() - bare.alignment()) : whole;
        inMemory = first * type.bytes() - (part ? bare.alignment() : 0);
    }

    private int place(int index) {
        long at = first;
        long rest = index;
        for (int i = 3; i >= 0; i--) {
            at += rest % dims[i] * strides[i];
            rest /= dims[i];
        }
        return (int) (at * type.bytes());
    }

    private void put(ByteBuffer contents, int at, float value) {
        if (type == DataType.F32) {
            contents.putFloat(at, value);
        } else {
            contents.putShort(at, Half.bits(type, value));
        }
    }

    cl_mem memory() {
        return memory;
    }

    /** A write of the caller's, of what the first byte is already; not for tensors that begin there. */
    void writeCanary() {
        Bare.ok(CL.clEnqueueWriteBuffer(bare.queue, whole, true, 0, 1, Pointer.to(new byte[] {CANARY}), 0, null, null));
    }

    Tensor on(OpenClDevice device) {
        return dense ? device.borrow(memory, inMemory, type, Shape.of(dims))
                : device.borrow(memory, inMemory, type, Shape.of(dims), strides);
    }

    /** What the caller finds in his buffer; what lies around must be what it was. */
    float[] values() {
        byte[] bytes = bare.read(whole);
        ByteBuffer contents = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
        float[] values = new float[(int) Shape.of(dims).size()];
        boolean[] own = new boolean[bytes.length];
        for (int i = 0; i < values.length; i++) {
            int at = place(i);
            values[i] = type == DataType.F32 ? contents.getFloat(at) : Half.value(type, contents.getShort(at));
            Arrays.fill(own, at, at + type.bytes(), true);
        }
        for (int i = 0; i < bytes.length; i++) {
            assertEquals(own[i] ? bytes[i] : CANARY, bytes[i], "byte " + i + " of the caller's buffer");
        }
        return values;
    }
}
