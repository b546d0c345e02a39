package org.clnorm.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class ShapeTest {
    @Test
    void dimensions() {
        Shape shape = Shape.of(2, 3, 4);
        assertEquals(3, shape.rank());
        assertEquals(3, shape.dim(1));
        assertEquals(24, shape.size());
        assertEquals(12, shape.size(1, 3));
        assertEquals(1, shape.size(2, 2));
        assertEquals("[2, 3, 4]", shape.toString());
        assertEquals(Shape.of(2, 3, 4), shape);
        assertEquals(Shape.of(2, 3, 4).hashCode(), shape.hashCode());
        assertNotEquals(Shape.of(2, 12), shape);
        assertThrows(IndexOutOfBoundsException.class, () -> shape.dim(3));
    }

    @Test
    void isImmutable() {
        long[] dims = {2, 3};
        Shape shape = Shape.of(dims);
        dims[0] = 9;
        shape.dims()[1] = 9;
        assertArrayEquals(new long[] {2, 3}, shape.dims());
    }

    @Test
    void scalarsAndEmptyShapes() {
        assertEquals(1, Shape.of().size());
        assertEquals(0, Shape.of().rank());
        assertEquals(0, Shape.of(3, 0, 4).size());
    }

    @Test
    void limits() {
        assertEquals(Long.MAX_VALUE, Shape.of(Long.MAX_VALUE).size());
        assertThrows(IllegalArgumentException.class, () -> Shape.of(1L << 32, 1L << 31));
        assertThrows(IllegalArgumentException.class, () -> Shape.of(2, -1));
        assertThrows(IllegalArgumentException.class, () -> Shape.of(0, -1));
        assertEquals(0, Shape.of(0, Long.MAX_VALUE, Long.MAX_VALUE).size());
    }
}
