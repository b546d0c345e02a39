package org.clnorm.example.train;

import org.clnorm.tensor.Tensor;

/**
 * A kernel of this example's: a work-item computes a tile of 4 rows and 16 columns. Where there would be few tiles, as
 * in the gradient of a weight, the sum is shared out to slices, which are added up afterwards.
 */
final class PlainGemm implements Gemm {
    private static final int ROWS = 4;
    private static final int COLUMNS = 16;
    /** Enough work-items for a device, whatever it is. */
    private static final int ENOUGH = 4096;
    /** What a slice adds up at least. */
    private static final int LEAST = 128;

    static final String SOURCE = """
            float16 load(global const float *b, int columns)
            {
                if (columns >= 16)
                    return vload16(0, b);
                float part[16];
                for (int j = 0; j < 16; j++)
                    part[j] = j < columns ? b[j] : 0;
                return vload16(0, part);
            }

            void store(float16 sum, global float *c, int columns)
            {
                if (columns >= 16) {
                    vstore16(sum, 0, c);
                    return;
                }
                float part[16];
                vstore16(sum, 0, part);
                for (int j = 0; j < columns; j++)
                    c[j] = part[j];
            }

            // c[slice] = a b over a slice of k; a[i][l] lies at i * down + l * across, b and c row after row
            kernel void multiply(global const float *restrict a, int down, int across, global const float *restrict b,
                                 global float *restrict c, int m, int n, int k, int slice)
            {
                int row = get_global_id(1) * 4, column = get_global_id(0) * 16, first = get_global_id(2) * slice;
                int last = min(first + slice, k), rows = min(m - row, 4), columns = n - column;
                global const float *a0 = a + row * down;
                // rows that are not there repeat the last one that is
                int r1 = min(1, rows - 1) * down, r2 = min(2, rows - 1) * down, r3 = min(3, rows - 1) * down;
                float16 s0 = 0, s1 = 0, s2 = 0, s3 = 0;
                for (int l = first; l < last; l++) {
                    float16 v = load(b + (size_t)l * n + column, columns);
                    global const float *at = a0 + (size_t)l * across;
                    s0 = fma(at[0], v, s0);
                    s1 = fma(at[r1], v, s1);
                    s2 = fma(at[r2], v, s2);
                    s3 = fma(at[r3], v, s3);
                }
                global float *to = c + ((size_t)get_global_id(2) * m + row) * n + column;
                store(s0, to, columns);
                if (rows > 1) store(s1, to + n, columns);
                if (rows > 2) store(s2, to + 2 * n, columns);
                if (rows > 3) store(s3, to + 3 * n, columns);
            }

            kernel void add_slices(global const float *parts, global float *c, int slices)
            {
                size_t i = get_global_id(0), size = get_global_size(0);
                float sum = 0;
                for (int s = 0; s < slices; s++)
                    sum += parts[s * size + i];
                c[i] = sum;
            }

            kernel void transpose(global const float *a, global float *b, int rows, int columns)
            {
                size_t i = get_global_id(0);
                b[i] = a[i % rows * columns + i / rows];
            }
            """;

    private final Ops ops;

    PlainGemm(Ops ops) {
        this.ops = ops;
    }

    @Override
    public GemmKind kind() {
        return GemmKind.PLAIN;
    }

    @Override
    public Runnable product(Matrix a, Matrix b, Tensor c) {
        Gemm.check(a, b, c);
        if (Gemm.isEmpty(a, b)) {
            return () -> c.fill(0);
        }
        int m = a.m();
        int n = b.n();
        int k = a.n();
        int across = (n + COLUMNS - 1) / COLUMNS;
        int down = (m + ROWS - 1) / ROWS;
        int slice = slice(k, across * down);
        int slices = (k + slice - 1) / slice;
        Tensor rows = b.transposed() ? ops.tensor(b.m(), b.n()) : b.tensor();
        Tensor parts = slices == 1 ? c : ops.tensor(slices, m, n);
        Ops.Call transpose = b.transposed()
                ? ops.call(SOURCE, "transpose", b.tensor().size(), b.tensor(), rows, b.rows(), b.columns()) : null;
        Ops.Call multiply = ops.call(SOURCE, "multiply", new long[] {across, down, slices}, a.tensor(),
                a.transposed() ? 1 : a.columns(), a.transposed() ? a.columns() : 1, rows, parts, m, n, k, slice);
        Ops.Call add = slices == 1 ? null : ops.call(SOURCE, "add_slices", c.size(), parts, c, slices);
        return () -> {
            if (transpose != null) {
                transpose.run();
            }
            multiply.run(c);
            if (add != null) {
                add.run();
            }
        };
    }

    private static int slice(int k, int tiles) {
        int slices = Math.max(1, Math.min(k / LEAST, ENOUGH / tiles));
        return (k + slices - 1) / slices;
    }
}
