package org.clnorm.example.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class AgreementTest {
    private static final List<Double> EXACT = List.of(2.0, 1.0, 0.5);
    private static final List<Double> SINGLE = List.of(2.0, 1.25, 0.5);

    @Test
    void theLargestDifferenceOfAnyStep() {
        Agreement agreement = Agreement.of(List.of(2.5, 1.0, -0.25), SINGLE, EXACT);
        assertEquals(new Agreement(0.75, 0.25), agreement);
        assertTrue(agreement.holds());
        assertEquals("largest difference from PyTorch's float64: ours 7.50e-01, PyTorch's float32 2.50e-01"
                + " (3.00 times)", agreement.toString());
        assertFalse(Agreement.of(List.of(2.0, 1.0, -0.251), SINGLE, EXACT).holds());
    }

    @Test
    void whatIsNoNumberAgreesWithNothing() {
        assertFalse(Agreement.of(List.of(2.0, Double.NaN, 0.5), SINGLE, EXACT).holds());
        assertFalse(Agreement.of(EXACT, List.of(Double.NaN, 1.0, 0.5), EXACT).holds());
    }

    @Test
    void theLargestOfTwo() {
        assertEquals(new Agreement(3, 2), new Agreement(1, 2).and(new Agreement(3, 1)));
        assertFalse(new Agreement(Double.NaN, 2).and(new Agreement(3, 1)).holds());
    }

    @Test
    void curvesAreOfOneLength() {
        assertThrows(IllegalArgumentException.class, () -> Agreement.of(List.of(1.0), SINGLE, EXACT));
    }
}
