package org.clnorm.engine.opencl;

import java.util.Objects;
import java.util.function.Consumer;
import org.clnorm.tensor.Cleanup;
import org.clnorm.tensor.Storage;
import org.jocl.CL;
import org.jocl.cl_mem;

/**
 * Elements in a buffer of the caller's. Kernels take it as it lies where it is dense and begins where the device likes,
 * by itself or as a sub-buffer; otherwise {@link Staging} copies it before and after a pass.
 */
final class BorrowedStorage extends DeviceStorage {
    /** What all borrowed memory of a device needs. */
    record Means(ClSession session, BufferPool pool, StridedMoves moves, Regions regions) {
    }

    private final Means means;
    private final Borrowing borrowing;
    private final Transfers transfers;
    private final Layout layout;
    private final BufferPool.Block whole;
    /** What kernels take: the whole buffer, a part of it, or null where they cannot. */
    private final BufferPool.Block block;
    private final StridedCopy gathering;
    private final StridedCopy scattering;
    /** Other borrowed memory that shares a byte with this; changed by {@link Regions} only. */
    private volatile BorrowedStorage[] neighbours = {};

    /**
     * Puts it together.
     *
     * @param borrowing what was asked for
     * @param part      the sub-buffer that kernels take, or null
     */
    BorrowedStorage(Means means, Borrowing borrowing, Transfers transfers, cl_mem part) {
        super(means.pool());
        this.means = means;
        this.borrowing = borrowing;
        this.transfers = transfers;
        this.layout = borrowing.layout();
        this.whole = new BufferPool.Block(borrowing.memory(), borrowing.bytes());
        boolean direct = layout.elements() > 0 && borrowing.reason().isEmpty();
        this.block = !direct ? null : part == null ? whole : new BufferPool.Block(part, layout.spanBytes());
        boolean copied = layout.elements() > 0 && !direct;
        this.gathering = copied ? means.moves().copy(layout, false) : null;
        this.scattering = copied ? means.moves().copy(layout, true) : null;
    }

    Borrowing borrowing() {
        return borrowing;
    }

    Layout layout() {
        return layout;
    }

    /** The caller's buffer from its beginning. */
    BufferPool.Block whole() {
        return whole;
    }

    @Override
    BufferPool.Block block() {
        return block;
    }

    /** How it becomes dense; null where it need not. */
    StridedCopy gathering() {
        return gathering;
    }

    StridedCopy scattering() {
        return scattering;
    }

    @Override
    cl_mem memory() {
        return layout.elements() == 0 ? null : whole.memory();
    }

    @Override
    long byteOffset() {
        return layout.byteOffset();
    }

    /** Throws where kernels may not read it. */
    void checkReadable() {
        if (borrowing.has(CL.CL_MEM_WRITE_ONLY)) {
            throw new IllegalArgumentException("expected memory that kernels may read, got a buffer made with"
                    + " CL_MEM_WRITE_ONLY");
        }
    }

    /** Throws where kernels may not write it. */
    void checkWritable() {
        if (borrowing.has(CL.CL_MEM_READ_ONLY)) {
            throw new IllegalArgumentException("expected memory that kernels may write, got a buffer made with"
                    + " CL_MEM_READ_ONLY");
        }
    }

    // ---- what the host reads and writes

    /** Something done to elements that lie densely in a buffer, from the one at {@code first} on. */
    private interface Access {
        void to(cl_mem memory, long first);
    }

    @Override
    public void read(long from, double[] into, int offset, int length) {
        if (check(from, into.length, offset, length)) {
            reading((memory, first) -> transfers.read(memory, first + from, into, offset, length));
        }
    }

    @Override
    public void read(long from, float[] into, int offset, int length) {
        if (check(from, into.length, offset, length)) {
            reading((memory, first) -> transfers.read(memory, first + from, into, offset, length));
        }
    }

    @Override
    public void write(long to, double[] values, int offset, int length) {
        if (check(to, values.length, offset, length)) {
            writing(length, (memory, first) -> transfers.write(memory, first + to, values, offset, length));
        }
    }

    @Override
    public void write(long to, float[] values, int offset, int length) {
        if (check(to, values.length, offset, length)) {
            writing(length, (memory, first) -> transfers.write(memory, first + to, values, offset, length));
        }
    }

    @Override
    public void fill(double value) {
        if (layout.elements() > 0) {
            writing(layout.elements(), (memory, first) -> transfers.fill(memory, first, value, layout.elements()));
        }
    }

    private void reading(Access access) {
        if (layout.isDense()) {
            access.to(memory(), layout.first());
        } else {
            throughDense(true, false, dense -> access.to(dense, 0));
        }
        checkDefined();
    }

    /** Writes so many elements; what is not written of a tensor with gaps is gathered and comes back as it was. */
    private void writing(long length, Access access) {
        int before = failures();
        if (layout.isDense()) {
            access.to(memory(), layout.first());
        } else {
            throughDense(length < layout.elements(), true, dense -> access.to(dense, 0));
        }
        if (length == layout.elements()) {
            written(before);
        }
    }

    /** Works on a dense copy that is made before, or dealt out after. */
    private void throughDense(boolean gather, boolean scatter, Consumer<cl_mem> work) {
        if (gather) {
            checkReadable();
        }
        if (scatter) {
            checkWritable();
        }
        means.moves().makeRoom();
        means.session().use(() -> {
            PreparedPlan in = gather ? means.moves().prepared(gathering) : null;
            PreparedPlan out = scatter ? means.moves().prepared(scattering) : null;
            BufferPool.Block dense = means.pool().take(layout.elements(), layout.elementBytes());
            try {
                if (gather) {
                    means.moves().gather(in, this, dense);
                }
                work.accept(dense.memory());
                if (scatter) {
                    means.moves().scatter(out, dense, this);
                }
            } finally {
                means.pool().giveBack(dense);
            }
        });
    }

    /** Returns whether there is anything to do. */
    private boolean check(long first, int hostLength, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, hostLength);
        Objects.checkFromIndexSize(first, length, layout.elements());
        return length > 0;
    }

    // ---- who shares it

    void neighbours(BorrowedStorage[] others) {
        neighbours = others;
    }

    BorrowedStorage[] neighbours() {
        return neighbours;
    }

    @Override
    public boolean overlaps(Storage other) {
        return other == this || other instanceof BorrowedStorage borrowed && borrowing.overlaps(borrowed.borrowing);
    }

    @Override
    public void touch() {
        super.touch();
        for (BorrowedStorage neighbour : neighbours) {
            neighbour.touchAlone();
        }
    }

    private void touchAlone() {
        super.touch();
    }

    @Override
    protected void free() {
        means.regions().free(this);
    }

    /** Lets go of what was held for it. */
    void letGo(Cleanup cleanup) {
        Cl cl = means.session().cl();
        if (block != null && block != whole) {
            cleanup.add(() -> cl.release(block.memory()));
        }
        cleanup.add(() -> cl.release(whole.memory()));
    }
}
