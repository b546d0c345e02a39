package org.clnorm.engine.opencl;

import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Half;
import org.jocl.Pointer;
import org.jocl.cl_mem;

/** Copies between host arrays and tensors of 16-bit numbers; the host widens and rounds, part by part. */
final class HalfTransfers implements Transfers {
    private static final int PART = 1 << 16;

    private final ClSession session;
    private final DataType type;

    HalfTransfers(ClSession session, DataType type) {
        this.session = session;
        this.type = type;
    }

    @Override
    public void read(cl_mem memory, long from, float[] into, int offset, int length) {
        inParts(length, (part, done, count) -> {
            read(memory, from + done, part, count);
            for (int i = 0; i < count; i++) {
                into[offset + done + i] = Half.value(type, part[i]);
            }
        });
    }

    @Override
    public void read(cl_mem memory, long from, double[] into, int offset, int length) {
        inParts(length, (part, done, count) -> {
            read(memory, from + done, part, count);
            for (int i = 0; i < count; i++) {
                into[offset + done + i] = Half.value(type, part[i]);
            }
        });
    }

    @Override
    public void write(cl_mem memory, long to, float[] values, int offset, int length) {
        inParts(length, (part, done, count) -> {
            for (int i = 0; i < count; i++) {
                part[i] = Half.bits(type, values[offset + done + i]);
            }
            write(memory, to + done, part, count);
        });
    }

    @Override
    public void write(cl_mem memory, long to, double[] values, int offset, int length) {
        inParts(length, (part, done, count) -> {
            for (int i = 0; i < count; i++) {
                part[i] = Half.bits(type, values[offset + done + i]);
            }
            write(memory, to + done, part, count);
        });
    }

    @Override
    public void fill(cl_mem memory, long from, double value, long elements) {
        Pointer pattern = Pointer.to(new short[] {Half.bits(type, value)});
        session.use(() -> session.fill(memory, pattern, Short.BYTES, from * Short.BYTES,
                elements * Short.BYTES));
    }

    /** What is done with the elements from {@code done} on, as many as {@code count}. */
    private interface Part {
        void move(short[] part, int done, int count);
    }

    private void inParts(int length, Part action) {
        session.use(() -> {
            session.finish();
            short[] part = new short[Math.min(PART, length)];
            for (long done = 0; done < length; done += part.length) {
                action.move(part, (int) done, (int) Math.min(part.length, length - done));
            }
        });
    }

    private void read(cl_mem memory, long from, short[] part, int count) {
        session.cl().read(session.queue(), memory, from * Short.BYTES, (long) count * Short.BYTES, Pointer.to(part));
    }

    private void write(cl_mem memory, long to, short[] part, int count) {
        session.cl().write(session.queue(), memory, to * Short.BYTES, (long) count * Short.BYTES, Pointer.to(part));
    }
}
