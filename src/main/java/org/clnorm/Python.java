package org.clnorm;

import java.math.BigDecimal;

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
        BigDecimal exact = new BigDecimal(Double.toString(value)).stripTrailingZeros();
        int exponent = exact.precision() - exact.scale() - 1;
        if (exponent < -4 || exponent >= 16) {
            String digits = exact.unscaledValue().toString();
            String fraction = digits.length() > 1 ? "." + digits.substring(1) : "";
            return digits.charAt(0) + fraction + "e" + (exponent < 0 ? "-" : "+")
                    + String.format("%02d", Math.abs(exponent));
        }
        String plain = exact.toPlainString();
        return plain.contains(".") ? plain : plain + ".0";
    }
}
