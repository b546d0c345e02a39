package org.clnorm.conformance;

import java.util.Random;

/**
 * Values whose statistics are exact in any order of summation: a group is pairs m ± |m| · f around a power of two m,
 * with f a power of two of so few digits that no partial sum of a group needs more than a float has. Its mean is m, and
 * its variance (m · f)² where it has an even number of elements; an odd one has a single m at its end. With such an x
 * whatever differs from the mean and the variance of the group is a fault, and not rounding. The gradients that go with
 * it are small powers of two with the sign of x̂, so that their sums are exact and nothing of dweight cancels.
 */
final class ExactValues {
    /** A float's digits, which n · (2^k + 1) must not exceed where f is 2^-k. */
    private static final long DIGITS = 1L << 24;

    /** What BF16 holds besides the leading one. */
    private static final int MOST_BITS = 7;

    private static final int EXPONENTS = 4;
    private static final int GRADIENTS = 3;

    private final Groups groups;
    private final long seed;
    private final float[] values;
    private final int size;

    /** Of a tensor of {@code length} elements; x and dy of one seed go together. */
    ExactValues(Groups groups, int length, long seed) {
        this.groups = groups;
        this.seed = seed;
        values = new float[length];
        size = length / Math.max(1, groups.count());
    }

    /** Pairs around a mean of its own for each group. */
    float[] inputs(Random random) {
        float[] mean = new float[groups.count()];
        for (int g = 0; g < mean.length; g++) {
            float magnitude = Math.scalb(1f, random.nextInt(EXPONENTS) - 1);
            mean[g] = random.nextBoolean() ? magnitude : -magnitude;
        }
        int bits = bits();
        each((g, side) -> mean[g] + side * Math.scalb(Math.abs(mean[g]), -bits));
        return values;
    }

    /** The gradients of y to them. */
    float[] gradients(Random random) {
        each((g, side) -> Math.scalb(side == 0 ? 1f : side, random.nextInt(GRADIENTS)));
        return values;
    }

    private int bits() {
        int bits = MOST_BITS;
        while (bits > 0 && size * ((1L << bits) + 1) > DIGITS) {
            bits--;
        }
        return bits;
    }

    private interface Value {
        /** Of an element of a group; side is 1 above the mean, -1 below, 0 at it. */
        float of(int group, int side);
    }

    private void each(Value value) {
        int[] seen = new int[groups.count()];
        for (int i = 0; i < values.length; i++) {
            int g = groups.group(i);
            values[i] = value.of(g, side(g, seen[g]++));
        }
    }

    /** Pairs lie side by side; which of the two comes first is as good as random. */
    private int side(int group, int position) {
        if (position == size - 1 && size % 2 == 1) {
            return 0;
        }
        long mixed = (seed + group * 0x9E3779B97F4A7C15L + position / 2 + 1) * 0xBF58476D1CE4E5B9L;
        boolean first = (Long.bitCount(mixed ^ mixed >>> 29) & 1) == 0;
        return first == (position % 2 == 0) ? 1 : -1;
    }
}
