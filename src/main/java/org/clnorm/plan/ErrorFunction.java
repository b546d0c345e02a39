package org.clnorm.plan;

/**
 * The normal distribution function in double, to about 1e-15 of its value, times v² far out: near 0 by the error
 * function's series of positive terms, beyond that by the continued fraction of its complement. Abramowitz and Stegun,
 * 7.1.6 and 7.1.14.
 */
final class ErrorFunction {
    /** From where on the continued fraction is taken, and 1 − erf would lose digits. */
    private static final double FAR = 0.75;
    /** Enough for FAR. */
    private static final int STEPS = 400;
    /** From where on the complement is less than the smallest double. */
    private static final double BEYOND = 28;

    private ErrorFunction() {
    }

    /** Φ(v) = erfc(−v / √2) / 2. */
    static double normal(double v) {
        double z = Math.abs(v) / Math.sqrt(2);
        double tail = z < FAR ? (1 - near(z)) / 2 : far(z) / 2;
        return v < 0 ? tail : 1 - tail;
    }

    /** erf(z) = 2/√π · exp(−z²) · Σ 2ⁿ z²ⁿ⁺¹ / (1 · 3 · … · (2n + 1)). */
    private static double near(double z) {
        double term = z;
        double sum = z;
        for (int n = 1; term > sum * 1e-17; n++) {
            term *= 2 * z * z / (2 * n + 1);
            sum += term;
        }
        return 2 / Math.sqrt(Math.PI) * Math.exp(-z * z) * sum;
    }

    /** erfc(z) = exp(−z²)/√π · 1/(z + (1/2)/(z + 1/(z + (3/2)/(z + …)))). */
    private static double far(double z) {
        if (z > BEYOND) {
            return 0;
        }
        double rest = z;
        for (int k = STEPS; k > 0; k--) {
            rest = z + k / 2.0 / rest;
        }
        return Math.exp(-z * z) / Math.sqrt(Math.PI) / rest;
    }
}
