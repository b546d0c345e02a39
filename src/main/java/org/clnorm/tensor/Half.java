package org.clnorm.tensor;

/**
 * Numbers of 16 bits, the elements of {@link DataType#F16} and {@link DataType#BF16}: a sign, 5 or 8 bits of exponent,
 * 10 or 7 of fraction.
 */
public final class Half {
    private static final int DOUBLE_FRACTION = 52;
    private static final int DOUBLE_BIAS = 1023;
    private static final long DOUBLE_INFINITY = 0x7ffL << DOUBLE_FRACTION;
    private static final int FLOAT_FRACTION = 23;
    private static final int HALF_FRACTION = 10;
    private static final int BFLOAT_FRACTION = 7;
    private static final int MAGNITUDE = 0x7fff;

    private Half() {
    }

    /** How many of the 15 bits beside the sign are fraction. */
    private static int fraction(DataType type) {
        return switch (type) {
            case F16 -> HALF_FRACTION;
            case BF16 -> BFLOAT_FRACTION;
            default -> throw new IllegalArgumentException("expected a type of 16 bits, F16 or BF16, got " + type);
        };
    }

    /**
     * The nearest number of a type; of two that are as near, the one whose last bit is 0. Rounds once, not by way of
     * float. What is beyond the largest number by half a unit or more becomes infinite; NaN stays NaN.
     *
     * @param type  F16 or BF16
     * @param value any value
     * @return the bits of the number
     * @throws IllegalArgumentException if the type is another
     */
    public static short bits(DataType type, double value) {
        int fraction = fraction(type);
        int infinity = MAGNITUDE >> fraction << fraction;
        long bits = Double.doubleToRawLongBits(value);
        int sign = (int) (bits >>> Long.SIZE - 1) << Short.SIZE - 1;
        long magnitude = bits & Long.MAX_VALUE;
        if (magnitude > DOUBLE_INFINITY) {
            int payload = (int) (magnitude >>> DOUBLE_FRACTION - fraction) & ~infinity & MAGNITUDE;
            return (short) (sign | infinity | 1 << fraction - 1 | payload);
        }
        int exponent = (int) (magnitude >>> DOUBLE_FRACTION) - DOUBLE_BIAS + (MAGNITUDE >> fraction + 1);
        // below the normal numbers of the type all have the unit of the least of them
        int drop = DOUBLE_FRACTION - fraction + Math.max(0, 1 - exponent);
        if (drop > DOUBLE_FRACTION + 1) {
            return (short) sign;
        }
        long implicit = 1L << DOUBLE_FRACTION;
        long significand = magnitude & implicit - 1 | implicit;
        long half = 1L << drop - 1;
        long kept = significand + half - 1 + (significand >>> drop & 1) >>> drop;
        // the implicit bit of a normal number counts as one of exponent, and so does a carry out of the fraction
        long rounded = kept + ((long) Math.max(0, exponent - 1) << fraction);
        return (short) (sign | (int) Math.min(rounded, infinity));
    }

    /**
     * The value of a number, which a float always holds.
     *
     * @param type F16 or BF16
     * @param bits the bits of the number
     * @return its value
     * @throws IllegalArgumentException if the type is another
     */
    public static float value(DataType type, short bits) {
        int fraction = fraction(type);
        int sign = (bits & ~MAGNITUDE) << Short.SIZE;
        int magnitude = (bits & MAGNITUDE) << FLOAT_FRACTION - fraction;
        if (type == DataType.BF16) {
            return Float.intBitsToFloat(sign | magnitude);
        }
        if ((bits & MAGNITUDE) >> fraction == 0) {
            float denormal = (bits & MAGNITUDE) * 0x1p-24f;
            return sign == 0 ? denormal : -denormal;
        }
        int bias = (bits & MAGNITUDE) >> fraction == MAGNITUDE >> fraction ? 224 : 112;
        return Float.intBitsToFloat(sign | magnitude + (bias << FLOAT_FRACTION));
    }

    /**
     * Whether a number is the nearest to a value or a neighbour of the nearest: at most one unit in the last place from
     * the rounded value. Infinity is the neighbour of the largest number, but no further than where the next one would
     * be.
     *
     * @param type   F16 or BF16
     * @param value  what the number should be
     * @param number what it is, of this type
     * @return false where one of them is NaN
     */
    public static boolean isNear(DataType type, double value, double number) {
        if (Double.isNaN(value) || Double.isNaN(number)) {
            return false;
        }
        double nearest = type.round(value);
        if (Double.isInfinite(nearest) != Double.isInfinite(number)) {
            double unit = type.largest() - value(type, (short) (bits(type, type.largest()) - 1));
            if (Math.abs(value) > type.largest() + unit) {
                return false;
            }
        }
        return Math.abs(rank(bits(type, nearest)) - rank(bits(type, number))) <= 1;
    }

    /** Neighbours differ by 1, zeros of both signs by nothing. */
    private static int rank(short bits) {
        return bits < 0 ? -(bits & MAGNITUDE) : bits;
    }
}
