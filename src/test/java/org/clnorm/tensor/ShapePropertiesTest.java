package org.clnorm.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigInteger;
import java.util.Arrays;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Assume;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.PropertyDefaults;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

/** Products of dimensions, told by numbers that cannot overflow. */
@PropertyDefaults(edgeCases = EdgeCasesMode.NONE)
class ShapePropertiesTest {
    private static final BigInteger MOST = BigInteger.valueOf(Long.MAX_VALUE);

    @Provide
    Arbitrary<long[]> dimensions() {
        return Arbitraries.oneOf(Arbitraries.longs().between(0, 9), Arbitraries.longs().between(1, 1L << 22),
                Arbitraries.longs().between(-2, Long.MAX_VALUE), Arbitraries.of(1L << 31, 1L << 32, Long.MAX_VALUE))
                .array(long[].class).ofMaxSize(6);
    }

    private static BigInteger product(long[] dims) {
        return Arrays.stream(dims).mapToObj(BigInteger::valueOf).reduce(BigInteger.ONE, BigInteger::multiply);
    }

    @Property
    void theSizeIsTheProductOrAnError(@ForAll("dimensions") long[] dims) {
        boolean negative = Arrays.stream(dims).anyMatch(dim -> dim < 0);
        BigInteger product = product(dims);
        if (negative || product.compareTo(MOST) > 0) {
            String message = assertThrows(IllegalArgumentException.class, () -> Shape.of(dims)).getMessage();
            assertTrue(message.endsWith("got " + (negative ? "" : "the shape ") + Arrays.toString(dims)), message);
        } else {
            assertEquals(product.longValueExact(), Shape.of(dims).size());
        }
    }

    @Property
    void partsMultiplyToTheWhole(@ForAll("dimensions") long[] dims, @ForAll @IntRange(max = 6) int at) {
        Assume.that(at <= dims.length && Arrays.stream(dims).allMatch(dim -> dim > 0)
                && product(dims).compareTo(MOST) <= 0);
        Shape shape = Shape.of(dims);
        assertEquals(shape.size(), shape.size(0, at) * shape.size(at, shape.rank()));
        assertEquals(1, shape.size(at, at));
    }

    @Property
    void aShapeIsItsDimensions(@ForAll("dimensions") long[] dims) {
        Assume.that(Arrays.stream(dims).allMatch(dim -> dim >= 0)
                && (Arrays.stream(dims).anyMatch(dim -> dim == 0) || product(dims).compareTo(MOST) <= 0));
        Shape shape = Shape.of(dims);
        long[] given = shape.dims();
        assertArrayEquals(dims, given);
        Arrays.fill(given, 7);
        assertEquals(Shape.of(dims), shape);
        assertEquals(Shape.of(dims).hashCode(), shape.hashCode());
        assertEquals(Arrays.toString(dims), shape.toString());
    }
}
