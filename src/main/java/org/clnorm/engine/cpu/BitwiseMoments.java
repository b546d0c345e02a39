package org.clnorm.engine.cpu;

/**
 * Mean, in two floats, and variance of a group that was multiplied by a power of two; made as {@code common/bitwise.cl}
 * makes them.
 */
record BitwiseMoments(float mean, float delta, float variance, float scale) {
    private static final float SMALLEST = 0x1p-80f;
    /** Large numbers are multiplied by this before their average is taken. */
    private static final int SHIFT = 40;
    private static final float SHRUNK = 0x1p-40f;

    /** Of the n elements of a group; walked once more, scaled, if squares left float's range. */
    static BitwiseMoments of(int n, BitwiseSum.Term x, float eps) {
        BitwiseMoments plain = scaled(n, x, 1);
        boolean small = plain.variance <= Float.MAX_VALUE;
        if (small && plain.variance > SMALLEST) {
            return plain;
        }
        float shrunk = small ? 1 : SHRUNK;
        float sum = BitwiseSum.of(n, e -> x.of(e) * shrunk);
        if (!small && !Float.isFinite(sum)) {
            return new BitwiseMoments(sum, 0, Float.NaN, 1);
        }
        float average = BitwiseSum.of(n, e -> Math.abs(x.of(e) * shrunk)) / n;
        BitwiseMoments rescued = scaled(n, x, rescueScale(average, small ? 0 : SHIFT, eps));
        boolean helps = rescued.variance > 0 || rescued.scale > 1;
        return helps ? rescued : new BitwiseMoments(plain.mean, plain.delta, 0, 1);
    }

    /** The corrected two-pass, relative to the first element. */
    private static BitwiseMoments scaled(int n, BitwiseSum.Term x, float scale) {
        float pivot = x.of(0) * scale;
        float mean = pivot + BitwiseSum.of(n, e -> x.of(e) * scale - pivot) / n;
        float rest = BitwiseSum.of(n, e -> x.of(e) * scale - mean);
        float squares = BitwiseSum.of(n, e -> square(x.of(e) * scale - mean));
        float delta = Float.isFinite(mean) ? rest / n : 0;
        float variance = squares / n - delta * delta;
        return new BitwiseMoments(mean, delta, variance < 0 ? 0 : variance, scale);
    }

    private static float square(float value) {
        return value * value;
    }

    /** The power of two that brings the average of magnitudes to 2 … 4, as far as eps · scale² stays in range. */
    private static float rescueScale(float average, int shift, float eps) {
        if (!(average > 0 && average <= Float.MAX_VALUE)) {
            return 1;
        }
        int power = 1 - (exponent(average) + shift);
        if (eps > 0) {
            power = Math.min(power, (100 - exponent(eps)) / 2);
        }
        return Math.scalb(1f, Math.max(-126, Math.min(126, power)));
    }

    private static int exponent(float value) {
        return value < Float.MIN_NORMAL ? Math.getExponent(value * 0x1p24f) - 24 : Math.getExponent(value);
    }
}
