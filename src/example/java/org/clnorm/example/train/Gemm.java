package org.clnorm.example.train;

import org.clnorm.tensor.Tensor;

/** Multiplies matrices, which lie row after row. */
interface Gemm {
    /**
     * A tensor taken for a matrix.
     *
     * @param tensor     as many elements as the matrix
     * @param rows       the rows as they lie
     * @param columns    the columns as they lie
     * @param transposed whether the matrix meant is the other way round
     */
    record Matrix(Tensor tensor, int rows, int columns, boolean transposed) {
        static Matrix of(Tensor tensor, int rows, int columns) {
            return new Matrix(tensor, rows, columns, false);
        }

        Matrix transpose() {
            return new Matrix(tensor, rows, columns, !transposed);
        }

        /** The rows of the matrix meant. */
        int m() {
            return transposed ? columns : rows;
        }

        /** The columns of the matrix meant. */
        int n() {
            return transposed ? rows : columns;
        }
    }

    /** c = a · b, to be enqueued again and again: takes what memory it needs now. */
    Runnable product(Matrix a, Matrix b, Tensor c);

    /** What multiplies. */
    GemmKind kind();

    /** Whether a product has nothing to add up or nowhere to put it, so that all of it is zeros. */
    static boolean isEmpty(Matrix a, Matrix b) {
        return a.m() == 0 || a.n() == 0 || b.n() == 0;
    }

    /** Throws unless they can be multiplied. */
    static void check(Matrix a, Matrix b, Tensor c) {
        if (a.n() != b.m() || c.size() != (long) a.m() * b.n()) {
            throw new IllegalArgumentException("expected matrices that fit, got " + a.m() + " x " + a.n() + " times "
                    + b.m() + " x " + b.n() + " into " + c.shape());
        }
    }
}
