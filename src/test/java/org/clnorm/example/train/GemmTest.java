package org.clnorm.example.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.clnorm.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Both multiplications of matrices against one in double on the host. */
class GemmTest extends OnADeviceOfItsOwn {
    /** Rows and columns of the result, and what is added up. Those of the network are among them. */
    private static final int[][] SIZES = {{1, 1, 1}, {5, 7, 3}, {3, 33, 300}, {6, 10, 1568}, {9, 16, 3001},
        {130, 32, 144}};

    @ParameterizedTest
    @EnumSource(names = {"CLBLAST", "PLAIN"})
    void productsAreThoseOfTheHost(GemmKind kind) {
        assumeTrue(kind != GemmKind.CLBLAST || ClBlastGemm.isAvailable(), "JOCLBlast has no library for this machine");
        Gemm gemm = kind.open(ops);
        assertEquals(kind, gemm.kind());
        for (int[] size : SIZES) {
            for (int transposed = 0; transposed < 4; transposed++) {
                check(gemm, matrix(size[0], size[2], (transposed & 1) > 0),
                        matrix(size[2], size[1], (transposed & 2) > 0));
            }
        }
    }

    private Gemm.Matrix matrix(int rows, int columns, boolean transposed) {
        return transposed ? Gemm.Matrix.of(drawn(columns, rows), columns, rows).transpose()
                : Gemm.Matrix.of(drawn(rows, columns), rows, columns);
    }

    private void check(Gemm gemm, Gemm.Matrix a, Gemm.Matrix b) {
        Tensor c = drawn(a.m(), b.n());
        Runnable product = gemm.product(a, b, c);
        product.run();
        float[] first = c.read();
        product.run();
        float[] actual = c.read();
        float[] left = a.tensor().read();
        float[] right = b.tensor().read();
        for (int i = 0; i < a.m(); i++) {
            for (int j = 0; j < b.n(); j++) {
                double sum = 0;
                double size = 0;
                for (int l = 0; l < a.n(); l++) {
                    double term = (double) at(a, left, i, l) * at(b, right, l, j);
                    sum += term;
                    size += Math.abs(term);
                }
                // a rounding of each product and sum in the worst case; in fact far less
                assertEquals(sum, actual[i * b.n() + j], 1e-7 + size * 1e-6, a + " times " + b);
                assertEquals(first[i * b.n() + j], actual[i * b.n() + j], "the same again");
            }
        }
    }

    private static float at(Gemm.Matrix matrix, float[] values, int row, int column) {
        return values[matrix.transposed() ? column * matrix.columns() + row : row * matrix.columns() + column];
    }

    @Test
    void matricesThatDoNotFitAreRefused() {
        Gemm gemm = new PlainGemm(ops);
        Gemm.Matrix a = matrix(2, 3, false);
        String message = assertThrows(IllegalArgumentException.class, () -> gemm.product(a, a, a.tensor()))
                .getMessage();
        assertTrue(message.contains("got 2 x 3 times 2 x 3"), message);
    }

    @Test
    void namesAreTheOptions() {
        for (GemmKind kind : GemmKind.values()) {
            assertEquals(kind, GemmKind.of(kind.label()));
        }
        assertThrows(IllegalArgumentException.class, () -> GemmKind.of("PLAIN"));
    }
}
