package org.clnorm.engine.opencl;

import org.jocl.Pointer;
import org.jocl.cl_mem;

/** Copies between host arrays and tensors of doubles, part by part. */
final class DoubleTransfers implements Transfers {
    private static final int PART = 1 << 20;

    private final ClSession session;

    DoubleTransfers(ClSession session) {
        this.session = session;
    }

    @Override
    public void read(cl_mem memory, long from, float[] into, int offset, int length) {
        inParts(length, (part, done, count) -> {
            session.cl().read(session.queue(), memory, (from + done) * Double.BYTES, (long) count * Double.BYTES,
                    Pointer.to(part));
            for (int i = 0; i < count; i++) {
                into[offset + done + i] = (float) part[i];
            }
        });
    }

    @Override
    public void read(cl_mem memory, long from, double[] into, int offset, int length) {
        inParts(length, (part, done, count) -> {
            session.cl().read(session.queue(), memory, (from + done) * Double.BYTES, (long) count * Double.BYTES,
                    Pointer.to(part));
            System.arraycopy(part, 0, into, offset + done, count);
        });
    }

    @Override
    public void write(cl_mem memory, long to, float[] values, int offset, int length) {
        inParts(length, (part, done, count) -> {
            for (int i = 0; i < count; i++) {
                part[i] = values[offset + done + i];
            }
            write(memory, to + done, part, count);
        });
    }

    @Override
    public void write(cl_mem memory, long to, double[] values, int offset, int length) {
        inParts(length, (part, done, count) -> {
            System.arraycopy(values, offset + done, part, 0, count);
            write(memory, to + done, part, count);
        });
    }

    private void write(cl_mem memory, long to, double[] part, int count) {
        session.cl().write(session.queue(), memory, to * Double.BYTES, (long) count * Double.BYTES, Pointer.to(part));
    }

    @Override
    public void fill(cl_mem memory, long from, double value, long elements) {
        Pointer pattern = Pointer.to(new double[] {value});
        session.use(() -> session.fill(memory, pattern, Double.BYTES, from * Double.BYTES, elements * Double.BYTES));
    }

    /** What is done with the elements from {@code done} on, as many as {@code count}. */
    private interface Part {
        void move(double[] part, int done, int count);
    }

    private void inParts(int length, Part action) {
        session.use(() -> {
            session.finish();
            double[] part = new double[Math.min(PART, length)];
            for (long done = 0; done < length; done += part.length) {
                action.move(part, (int) done, (int) Math.min(part.length, length - done));
            }
        });
    }
}
