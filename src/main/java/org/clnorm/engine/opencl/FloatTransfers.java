package org.clnorm.engine.opencl;

import org.jocl.Pointer;
import org.jocl.cl_mem;

/**
 * Copies between host arrays and float tensors in device memory. A blocking transfer of an array holds the garbage
 * collector off for as long as it waits, so the queue is finished first, and long arrays go window by window.
 */
final class FloatTransfers implements Transfers {
    private static final int WINDOW = 1 << 24;
    private static final int CONVERTED = 1 << 16;

    private final ClSession session;

    FloatTransfers(ClSession session) {
        this.session = session;
    }

    @Override
    public void read(cl_mem memory, long from, float[] into, int offset, int length) {
        session.use(() -> {
            session.finish();
            for (long done = 0; done < length; done += WINDOW) {
                readWindow(memory, from + done, into, offset + done, (int) Math.min(WINDOW, length - done));
            }
        });
    }

    @Override
    public void read(cl_mem memory, long from, double[] into, int offset, int length) {
        session.use(() -> {
            session.finish();
            float[] part = new float[Math.min(CONVERTED, length)];
            for (long done = 0; done < length; done += part.length) {
                int count = (int) Math.min(part.length, length - done);
                readWindow(memory, from + done, part, 0, count);
                for (int i = 0; i < count; i++) {
                    into[(int) (offset + done) + i] = part[i];
                }
            }
        });
    }

    @Override
    public void write(cl_mem memory, long to, float[] values, int offset, int length) {
        session.use(() -> {
            session.finish();
            for (long done = 0; done < length; done += WINDOW) {
                writeWindow(memory, to + done, values, offset + done, (int) Math.min(WINDOW, length - done));
            }
        });
    }

    @Override
    public void write(cl_mem memory, long to, double[] values, int offset, int length) {
        session.use(() -> {
            session.finish();
            float[] part = new float[Math.min(CONVERTED, length)];
            for (long done = 0; done < length; done += part.length) {
                int count = (int) Math.min(part.length, length - done);
                for (int i = 0; i < count; i++) {
                    part[i] = (float) values[(int) (offset + done) + i];
                }
                writeWindow(memory, to + done, part, 0, count);
            }
        });
    }

    @Override
    public void fill(cl_mem memory, long from, double value, long elements) {
        Pointer pattern = Pointer.to(new float[] {(float) value});
        session.use(() -> session.fill(memory, pattern, Float.BYTES, from * Float.BYTES,
                elements * Float.BYTES));
    }

    private void readWindow(cl_mem memory, long from, float[] into, long offset, int length) {
        session.cl().read(session.queue(), memory, from * Float.BYTES, (long) length * Float.BYTES, at(into, offset));
    }

    private void writeWindow(cl_mem memory, long to, float[] values, long offset, int length) {
        session.cl().write(session.queue(), memory, to * Float.BYTES, (long) length * Float.BYTES, at(values, offset));
    }

    private static Pointer at(float[] values, long offset) {
        return Pointer.to(values).withByteOffset(offset * Float.BYTES);
    }
}
