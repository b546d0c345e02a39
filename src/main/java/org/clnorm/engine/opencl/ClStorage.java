package org.clnorm.engine.opencl;

import java.util.Objects;
import org.jocl.cl_mem;

/** Elements in a block of the pool; a storage of no elements has none. */
final class ClStorage extends DeviceStorage {
    private final BufferPool pool;
    private final Transfers transfers;
    private final BufferPool.Block block;
    private final long elements;

    ClStorage(BufferPool pool, Transfers transfers, long elements, int elementBytes) {
        super(pool);
        this.pool = pool;
        this.transfers = transfers;
        this.elements = elements;
        this.block = elements == 0 ? null : pool.take(elements, elementBytes);
    }

    @Override
    BufferPool.Block block() {
        return block;
    }

    @Override
    cl_mem memory() {
        return block == null ? null : block.memory();
    }

    @Override
    long byteOffset() {
        return 0;
    }

    @Override
    public void read(long from, double[] into, int offset, int length) {
        if (check(from, into.length, offset, length)) {
            transfers.read(memory(), from, into, offset, length);
            checkDefined();
        }
    }

    @Override
    public void read(long from, float[] into, int offset, int length) {
        if (check(from, into.length, offset, length)) {
            transfers.read(memory(), from, into, offset, length);
            checkDefined();
        }
    }

    @Override
    public void write(long to, double[] values, int offset, int length) {
        if (check(to, values.length, offset, length)) {
            writing(length, () -> transfers.write(memory(), to, values, offset, length));
        }
    }

    @Override
    public void write(long to, float[] values, int offset, int length) {
        if (check(to, values.length, offset, length)) {
            writing(length, () -> transfers.write(memory(), to, values, offset, length));
        }
    }

    @Override
    public void fill(double value) {
        if (elements > 0) {
            writing(elements, () -> transfers.fill(memory(), 0, value, elements));
        }
    }

    private void writing(long length, Runnable write) {
        int before = failures();
        write.run();
        if (length == elements) {
            written(before);
        }
    }

    /** Returns whether there is anything to do. */
    private boolean check(long first, int hostLength, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, hostLength);
        Objects.checkFromIndexSize(first, length, elements);
        return length > 0;
    }

    @Override
    protected void free() {
        if (block != null) {
            pool.giveBack(block);
        }
    }
}
