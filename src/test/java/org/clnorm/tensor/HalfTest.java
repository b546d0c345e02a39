package org.clnorm.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** All 65536 numbers of both types, and rounding to them. */
class HalfTest {
    private static final int INFINITY_F16 = 0x7c00;
    private static final int INFINITY_BF16 = 0x7f80;

    private static int infinity(DataType type) {
        return type == DataType.F16 ? INFINITY_F16 : INFINITY_BF16;
    }

    @Test
    void knownNumbers() {
        assertEquals(1, Half.value(DataType.F16, (short) 0x3c00));
        assertEquals(65504, Half.value(DataType.F16, (short) 0x7bff));
        assertEquals(-0x1p-24f, Half.value(DataType.F16, (short) 0x8001));
        assertEquals(0x1p-14f, Half.value(DataType.F16, (short) 0x0400));
        assertEquals(1, Half.value(DataType.BF16, (short) 0x3f80));
        assertEquals(3.3895314e38f, Half.value(DataType.BF16, (short) 0x7f7f));
        assertEquals(-0x1p-133f, Half.value(DataType.BF16, (short) 0x8001));
        assertEquals((short) 0x2e66, Half.bits(DataType.F16, 0.1));
        assertEquals((short) 0x3dcd, Half.bits(DataType.BF16, 0.1));
    }

    /** The definition: significand times a power of two. */
    private static double defined(DataType type, int bits) {
        int fraction = type == DataType.F16 ? 10 : 7;
        int exponents = type == DataType.F16 ? 31 : 255;
        int exponent = (bits & 0x7fff) >> fraction;
        int digits = bits & (1 << fraction) - 1;
        double sign = bits > 0x7fff ? -1 : 1;
        if (exponent == exponents) {
            return digits == 0 ? sign * Double.POSITIVE_INFINITY : Double.NaN;
        }
        int significand = exponent == 0 ? digits : digits + (1 << fraction);
        return sign * significand * Math.pow(2, Math.max(1, exponent) - exponents / 2 - fraction);
    }

    @ParameterizedTest
    @EnumSource(names = {"F16", "BF16"})
    void everyNumberGoesThereAndBack(DataType type) {
        for (int bits = 0; bits <= 0xffff; bits++) {
            float value = Half.value(type, (short) bits);
            assertEquals(defined(type, bits), value, "of " + bits);
            if (Float.isNaN(value)) {
                assertTrue(Float.isNaN(Half.value(type, Half.bits(type, value))), "of " + bits);
            } else {
                assertEquals((short) bits, Half.bits(type, value), "of " + bits);
            }
        }
    }

    /** Between two neighbours the middle goes to the even one, and what is beside the middle to the nearer one. */
    @ParameterizedTest
    @EnumSource(names = {"F16", "BF16"})
    void betweenNeighboursTheNearerWins(DataType type) {
        for (int bits = 0; bits < infinity(type); bits++) {
            double low = defined(type, bits);
            double high = bits + 1 == infinity(type) ? beyond(type) : defined(type, bits + 1);
            double middle = low + (high - low) / 2;
            for (int sign : new int[] {0, 0x8000}) {
                double s = sign == 0 ? 1 : -1;
                int even = bits % 2 == 0 ? bits : bits + 1;
                assertEquals((short) (sign | even), Half.bits(type, s * middle), "middle above " + bits);
                assertEquals((short) (sign | bits), Half.bits(type, s * Math.nextDown(middle)), "below it " + bits);
                assertEquals((short) (sign | bits + 1), Half.bits(type, s * Math.nextUp(middle)), "above it " + bits);
            }
        }
    }

    /** What would be the next number, had the type one more exponent. */
    private static double beyond(DataType type) {
        return type == DataType.F16 ? 65536 : 0x1p128;
    }

    /** Values whose way through a float would round twice. */
    @Test
    void roundsOnce() {
        double aboveTheMiddle = 1 + 0x1p-11 + 0x1p-40;
        assertEquals(1, Half.value(DataType.F16, Half.bits(DataType.F16, (float) aboveTheMiddle)));
        assertEquals(1 + 0x1p-10f, Half.value(DataType.F16, Half.bits(DataType.F16, aboveTheMiddle)));
        double belowTheMiddle = 1 + 3 * 0x1p-8 - 0x1p-40;
        assertEquals(1 + 0x1p-6f, Half.value(DataType.BF16, Half.bits(DataType.BF16, (float) belowTheMiddle)));
        assertEquals(1 + 0x1p-7f, Half.value(DataType.BF16, Half.bits(DataType.BF16, belowTheMiddle)));
        assertEquals(0, Half.bits(DataType.F16, 0x1p-25));
        assertEquals(1, Half.bits(DataType.F16, Math.nextUp(0x1p-25)));
        assertEquals(0, Half.bits(DataType.BF16, 0x1p-134));
        assertEquals(1, Half.bits(DataType.BF16, Math.nextUp(0x1p-134)));
    }

    @ParameterizedTest
    @EnumSource(names = {"F16", "BF16"})
    void extremes(DataType type) {
        short infinity = (short) infinity(type);
        for (double value : new double[] {Double.POSITIVE_INFINITY, Double.MAX_VALUE, beyond(type)}) {
            assertEquals(infinity, Half.bits(type, value));
            assertEquals((short) (infinity | 0x8000), Half.bits(type, -value));
        }
        for (double value : new double[] {0, Double.MIN_VALUE, Double.MIN_NORMAL, 1e-300}) {
            assertEquals((short) 0, Half.bits(type, value));
            assertEquals((short) 0x8000, Half.bits(type, -value));
        }
        for (long nan : new long[] {0x7ff0000000000001L, 0xfff0000000000001L, 0x7fffffffffffffffL}) {
            assertTrue(Float.isNaN(Half.value(type, Half.bits(type, Double.longBitsToDouble(nan)))));
        }
    }

    /** Random doubles of every magnitude lie no farther from their number than from its neighbours. */
    @ParameterizedTest
    @EnumSource(names = {"F16", "BF16"})
    void randomValues(DataType type) {
        Random random = new Random(5);
        for (int i = 0; i < 200_000; i++) {
            double value = (1 + random.nextDouble()) * Math.pow(2, random.nextInt(type == DataType.F16 ? 45 : 290)
                    - (type == DataType.F16 ? 28 : 150));
            int bits = Half.bits(type, value);
            if (bits == infinity(type)) {
                assertTrue(value >= (defined(type, bits - 1) + beyond(type)) / 2);
                continue;
            }
            BigDecimal distance = distance(value, defined(type, bits));
            if (bits > 0) {
                assertTrue(distance.compareTo(distance(value, defined(type, bits - 1))) <= 0, "of " + value);
            }
            if (bits + 1 < infinity(type)) {
                assertTrue(distance.compareTo(distance(value, defined(type, bits + 1))) <= 0, "of " + value);
            }
        }
    }

    private static BigDecimal distance(double a, double b) {
        return new BigDecimal(a).subtract(new BigDecimal(b)).abs();
    }

    @ParameterizedTest
    @CsvSource({"1, 1, true", "1, 1.0009765625, true", "1, 1.001953125, false", "1, 0.99951171875, true",
        "1.0004, 1.0009765625, true", "1.0006, 1, true", "1.0006, 1.001953125, true", "1.0006, 0.99951171875, false",
        "0, -0.0, true", "1e-9, 5.9604645e-8, true", "1e-9, -5.9604645e-8, true", "5.9604645e-8, -5.9604645e-8, false",
        "65504, Infinity, true", "65519, Infinity, true", "65530, 65504, true", "65530, Infinity, true",
        "70000, Infinity, true", "70000, 65504, false", "Infinity, 65504, false", "-70000, Infinity, false",
        "Infinity, Infinity, true", "-Infinity, Infinity, false", "65504, -Infinity, false", "NaN, NaN, false",
        "1, NaN, false", "NaN, 1, false"})
    void nearIsOneUnitInTheLastPlace(double value, double number, boolean near) {
        assertEquals(near, Half.isNear(DataType.F16, value, number));
    }

    @ParameterizedTest
    @EnumSource(names = {"F16", "BF16"})
    void theLargest(DataType type) {
        assertEquals(Half.value(type, (short) (infinity(type) - 1)), type.largest());
        assertTrue(Half.isNear(type, type.largest(), Double.POSITIVE_INFINITY));
        assertTrue(Half.isNear(type, beyond(type), type.largest()));
        assertFalse(Half.isNear(type, Math.nextUp(beyond(type)), type.largest()));
    }

    @Test
    void otherTypesAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> Half.bits(DataType.F32, 1));
        assertThrows(IllegalArgumentException.class, () -> Half.value(DataType.F64, (short) 1));
    }
}
