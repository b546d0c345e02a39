package org.clnorm.example.train;

import java.util.List;
import java.util.Locale;

/**
 * How far two loss curves are from the curve of PyTorch in double precision: the largest difference of any step.
 *
 * @param ours   of this example
 * @param theirs of PyTorch in single precision
 */
record Agreement(double ours, double theirs) {
    /** How much further than PyTorch's own single precision another way of computing the same may be. */
    static final double FACTOR = 3;

    /** Compares three curves of the same number of steps. */
    static Agreement of(List<Double> ours, List<Double> float32, List<Double> float64) {
        return new Agreement(farthest(ours, float64), farthest(float32, float64));
    }

    private static double farthest(List<Double> curve, List<Double> exact) {
        if (curve.size() != exact.size()) {
            throw new IllegalArgumentException("expected " + exact.size() + " losses, got " + curve.size());
        }
        double farthest = 0;
        for (int step = 0; step < curve.size(); step++) {
            // what is no number stays so, and agrees with nothing
            farthest = Math.max(farthest, Math.abs(curve.get(step) - exact.get(step)));
        }
        return farthest;
    }

    /**
     * The largest differences of two trainings. Curves stay as near as rounding until an element of a ReLU or a maximum
     * is decided otherwise; from there they part, whoever's they are, by more each step. When that happens is chance,
     * so that one training says little.
     */
    Agreement and(Agreement other) {
        return new Agreement(Math.max(ours, other.ours), Math.max(theirs, other.theirs));
    }

    /** Whether ours is within the factor; what is no number is not. */
    boolean holds() {
        return ours <= FACTOR * theirs;
    }

    @Override
    public String toString() {
        return String.format(Locale.ROOT, "largest difference from PyTorch's float64: ours %.2e, PyTorch's float32 %.2e"
                + " (%.2f times)", ours, theirs, ours / theirs);
    }
}
