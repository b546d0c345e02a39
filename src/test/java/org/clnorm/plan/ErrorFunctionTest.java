package org.clnorm.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Against values computed to 60 digits, on both sides of where one formula takes over from the other, and far out. */
class ErrorFunctionTest {
    @ParameterizedTest
    @CsvSource({
        "-37, 5.725571222524577e-300",
        "-20, 2.7536241186062337e-89",
        "-10, 7.619853024160525e-24",
        "-5, 2.866515718791939e-07",
        "-2, 0.02275013194817921",
        "-1.0625, 0.14400437900197094",
        "-1.0546875, 0.1457841352664101",
        "-0.5, 0.3085375387259869",
        "0, 0.5",
        "0.5, 0.6914624612740131",
        "1.0546875, 0.8542158647335899",
        "1.0625, 0.8559956209980291",
        "2, 0.9772498680518208",
        "5, 0.9999997133484281",
        "9, 1"})
    void normal(double v, double expected) {
        assertEquals(expected, ErrorFunction.normal(v), 1e-15 * (2 + v * v) * expected);
    }

    @Test
    void theTailsAddUpAndNeverTurn() {
        double before = 0;
        for (double v = -45; v <= 45; v += 0.015625) {
            double value = ErrorFunction.normal(v);
            assertTrue(value >= before, "at " + v);
            assertEquals(1, value + ErrorFunction.normal(-v), 4e-16, "at " + v);
            before = value;
        }
        assertEquals(0, ErrorFunction.normal(-45));
        assertEquals(0, ErrorFunction.normal(Double.NEGATIVE_INFINITY));
        assertEquals(1, ErrorFunction.normal(Double.POSITIVE_INFINITY));
        assertTrue(Double.isNaN(ErrorFunction.normal(Double.NaN)));
    }
}
