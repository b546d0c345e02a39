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

/** CLBlast's: its kernels are compiled when a shape first needs them, which takes seconds the first time. */
final class ClBlastGemm implements Gemm {
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

    private static void check(int status) {
        if (status != CLBlastStatusCode.CLBlastSuccess) {
            throw new CLException("CLBlast failed: " + CLBlastStatusCode.stringFor(status), status);
        }
    }
}
