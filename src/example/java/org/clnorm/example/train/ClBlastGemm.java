package org.clnorm.example.train;

import static org.jocl.blast.CLBlastLayout.CLBlastLayoutRowMajor;
import static org.jocl.blast.CLBlastTranspose.CLBlastTransposeNo;
import static org.jocl.blast.CLBlastTranspose.CLBlastTransposeYes;

import org.clnorm.engine.opencl.OpenClDevice;
import org.clnorm.tensor.Tensor;
import org.jocl.CLException;
import org.jocl.blast.CLBlast;
import org.jocl.blast.CLBlastStatusCode;
import org.jocl.cl_mem;

/**
 * CLBlast's: its kernels are compiled when a shape first needs them, which takes seconds the first time. It adds up a
 * whole row and column in one chain; where that is long, as in the gradient of a weight, the product is taken in
 * slices, which are added up afterwards: that is more exact, and keeps more of a device at work.
 */
final class ClBlastGemm implements Gemm {
    /** What a slice adds up at least, and how many slices there are at most. */
    private static final int LEAST = 128;
    private static final int MOST = 512;

    private final Ops ops;
    private final OpenClDevice device;

    ClBlastGemm(Ops ops) {
        if (!isAvailable()) {
            throw new IllegalArgumentException("expected a machine that JOCLBlast has a native library for, got "
                    + System.getProperty("os.name") + " on " + System.getProperty("os.arch")
                    + "; the GEMM 'plain' needs none");
        }
        this.ops = ops;
        this.device = ops.device();
    }

    /** Whether there is a native library for this machine; tried once. */
    static boolean isAvailable() {
        return Native.AVAILABLE;
    }

    private static final class Native {
        static final boolean AVAILABLE = load();

        private static boolean load() {
            try {
                CLBlast.setExceptionsEnabled(false);
                return true;
            } catch (LinkageError missing) {
                return false;
            }
        }
    }

    @Override
    public GemmKind kind() {
        return GemmKind.CLBLAST;
    }

    @Override
    public Runnable product(Matrix a, Matrix b, Tensor c) {
        Gemm.check(a, b, c);
        if (Gemm.isEmpty(a, b)) {
            return () -> c.fill(0);
        }
        int slices = a.transposed() && !b.transposed() ? slices(a.n()) : 1;
        return slices > 1 ? inSlices(a, b, c, slices) : whole(a, b, c);
    }

    /** As many equal ones as may be. */
    private static int slices(int k) {
        int slices = Math.min(MOST, k / LEAST);
        while (slices > 1 && k % slices != 0) {
            slices--;
        }
        return Math.max(1, slices);
    }

    private Runnable whole(Matrix a, Matrix b, Tensor c) {
        int ta = a.transposed() ? CLBlastTransposeYes : CLBlastTransposeNo;
        int tb = b.transposed() ? CLBlastTransposeYes : CLBlastTransposeNo;
        int m = a.m();
        int n = b.n();
        int k = a.n();
        // what it would allocate, and free, in every call
        long[] bytes = new long[1];
        check(CLBlast.CLBlastSGemmTempBufferSize(CLBlastLayoutRowMajor, ta, tb, m, n, k, 0, a.columns(), 0, b.columns(),
                0, n, device.queue(), bytes));
        cl_mem scratch = bytes[0] == 0 ? null : device.memory(ops.tensor((bytes[0] + Float.BYTES - 1) / Float.BYTES));
        cl_mem left = device.memory(a.tensor());
        cl_mem right = device.memory(b.tensor());
        cl_mem result = device.memory(c);
        return () -> {
            if (scratch == null) {
                check(CLBlast.CLBlastSgemm(CLBlastLayoutRowMajor, ta, tb, m, n, k, 1, left, 0, a.columns(), right, 0,
                        b.columns(), 0, result, 0, n, device.queue(), null));
            } else {
                check(CLBlast.CLBlastSgemmWithTempBuffer(CLBlastLayoutRowMajor, ta, tb, m, n, k, 1, left, 0,
                        a.columns(), right, 0, b.columns(), 0, result, 0, n, device.queue(), null, scratch));
            }
            device.wrote(c);
        };
    }

    /** A slice of a transposed matrix, and one of b, are rows that lie together. */
    private Runnable inSlices(Matrix a, Matrix b, Tensor c, int slices) {
        int m = a.m();
        int n = b.n();
        int k = a.n() / slices;
        Tensor parts = ops.tensor(slices, m, n);
        Ops.Call add = ops.call(PlainGemm.SOURCE, "add_slices", c.size(), parts, c, slices);
        cl_mem left = device.memory(a.tensor());
        cl_mem right = device.memory(b.tensor());
        cl_mem each = device.memory(parts);
        return () -> {
            check(CLBlast.CLBlastSgemmStridedBatched(CLBlastLayoutRowMajor, CLBlastTransposeYes, CLBlastTransposeNo, m,
                    n, k, 1, left, 0, m, (long) k * m, right, 0, n, (long) k * n, 0, each, 0, n, (long) m * n, slices,
                    device.queue(), null));
            add.run(c);
        };
    }

    private static void check(int status) {
        if (status != CLBlastStatusCode.CLBlastSuccess) {
            throw new CLException("CLBlast failed: " + CLBlastStatusCode.stringFor(status), status);
        }
    }
}
