package org.clnorm.engine.cpu;

/**
 * Sums in the order, and with the operations, of {@code common/bitwise.cl}: lanes, each in two floats, then a halving
 * tree over the lanes. Java's floats are IEEE 754's and never contracted, so the bits are the same.
 */
final class BitwiseSum {
    /** The lanes of a long sequence. */
    private static final int LANES = 256;

    /** What is added up. */
    interface Term {
        float of(int element);
    }

    private final float[] hi;
    private final float[] lo;

    private BitwiseSum(int lanes) {
        hi = new float[lanes];
        lo = new float[lanes];
    }

    /** The sum over the elements 0 … n − 1; n is 1 or more. */
    static float of(int n, Term term) {
        int lanes = n == 1 ? 1 : Math.min(LANES, 2 * Integer.highestOneBit(n - 1));
        BitwiseSum sum = new BitwiseSum(lanes);
        for (int element = 0; element < n; element++) {
            sum.add(element % lanes, term.of(element));
        }
        for (int half = lanes / 2; half > 0; half /= 2) {
            for (int lane = 0; lane < half; lane++) {
                sum.add(lane, sum.hi[lane + half]);
                sum.lo[lane] += sum.lo[lane + half];
            }
        }
        return sum.value(0);
    }

    /** Knuth's two-sum, normalized after every term. */
    private void add(int lane, float b) {
        float sum = hi[lane] + b;
        float t = sum - hi[lane];
        float low = lo[lane] + ((hi[lane] - (sum - t)) + (b - t));
        boolean finite = Float.isFinite(sum);
        hi[lane] = finite ? sum + low : sum;
        lo[lane] = finite ? low - (hi[lane] - sum) : 0;
    }

    private float value(int lane) {
        return hi[lane] + lo[lane];
    }

    /** The sum of terms one after the other, which is what one lane does. */
    static final class Running {
        private final BitwiseSum sum = new BitwiseSum(1);

        void add(float term) {
            sum.add(0, term);
        }

        float value() {
            return sum.value(0);
        }
    }
}
