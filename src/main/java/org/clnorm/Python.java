package org.clnorm;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Locale;

/** Numbers and truth values as Python prints them. */
final class Python {
    private Python() {
    }

    static String repr(boolean value) {
        return value ? "True" : "False";
    }

    /** The shortest digits that give the value back, with an exponent below 1e-4 and from 1e16 on. */
    static String repr(double value) {
        if (value == 0) {
            return "0.0";
        }
        if (Double.isInfinite(value)) {
            return value > 0 ? "inf" : "-inf";
        }
        BigDecimal shortest = shortest(value);
        int exponent = shortest.precision() - shortest.scale() - 1;
        if (exponent < -4 || exponent >= 16) {
            String digits = shortest.unscaledValue().toString();
            String fraction = digits.length() > 1 ? "." + digits.substring(1) : "";
            return digits.charAt(0) + fraction + "e" + (exponent < 0 ? "-" : "+")
                    + String.format(Locale.ROOT, "%02d", Math.abs(exponent));
        }
        String plain = shortest.toPlainString();
        return plain.contains(".") ? plain : plain + ".0";
    }

    /** Searched for, because {@link Double#toString(double)} gives a digit too many now and then before Java 19. */
    private static BigDecimal shortest(double value) {
        BigDecimal exact = new BigDecimal(value);
        int digits = 1;
        BigDecimal rounded = exact.round(new MathContext(digits));
        while (rounded.doubleValue() != value) {
            rounded = exact.round(new MathContext(++digits));
        }
        return rounded.stripTrailingZeros();
    }
}
