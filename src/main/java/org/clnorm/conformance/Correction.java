package org.clnorm.conformance;

import java.util.Arrays;
import org.clnorm.state.StateDict;
import org.clnorm.tensor.Shape;

/**
 * The limits of batch renormalization.
 *
 * @param rMax how far r may be from 1
 * @param dMax how far d may be from 0
 */
record Correction(double rMax, double dMax) {
    /** Batch normalization. */
    static final Correction NONE = new Correction(1, 0);

    /** What x̂ is multiplied by and what is added, a value a channel. */
    record Factors(double[] r, double[] d) {
        /** What is made of a weight that x̂ · r + d meets. */
        double[] weight(double[] weight) {
            double[] corrected = weight.clone();
            Arrays.setAll(corrected, c -> weight[c] * r[c]);
            return corrected;
        }

        /** The bias that x̂ meets, of that which x̂ · r + d meets. */
        double[] bias(double[] weight, double[] bias) {
            double[] corrected = bias.clone();
            Arrays.setAll(corrected, c -> bias[c] + weight[c] * d[c]);
            return corrected;
        }

        /** The gradient of the weight, of those that weight and bias have that x̂ meets. */
        double[] gradient(double[] dweight, double[] dbias) {
            double[] gradient = dweight.clone();
            Arrays.setAll(gradient, c -> r[c] * dweight[c] + d[c] * dbias[c]);
            return gradient;
        }
    }

    /** As text, {@code 3:5}. */
    static Correction parse(String key, String text) {
        String[] limits = text.split(":", -1);
        if (limits.length != 2) {
            throw new IllegalArgumentException("expected " + key + " of RMAX:DMAX, got '" + text + "'");
        }
        return new Correction(Settings.real(key, limits[0]), Settings.real(key, limits[1]));
    }

    /** Where nothing is corrected. */
    static Factors none(LayerSpec spec) {
        int channels = Math.toIntExact(spec.channels());
        double[] ones = new double[channels];
        Arrays.fill(ones, 1);
        return new Factors(ones, new double[channels]);
    }

    /** Of a training step, whose layer has a state before it; in double, from the definition. */
    Factors of(LayerSpec spec, Shape shape, double[] x, StateDict before) {
        Groups groups = new Groups(spec, shape, false);
        Factors factors = none(spec);
        double[] means = before.doubles("running_mean");
        double[] variances = before.doubles("running_var");
        double[][] moments = moments(groups, x, spec.valid(shape));
        for (int c = 0; c < means.length && x.length > 0; c++) {
            double running = Math.sqrt(variances[c] + spec.eps());
            factors.r[c] = clipped(Math.sqrt(moments[1][c] + spec.eps()) / running, 1 / rMax, rMax);
            factors.d[c] = clipped((moments[0][c] - means[c]) / running, -dMax, dMax);
        }
        return factors;
    }

    private static double[][] moments(Groups groups, double[] x, boolean[] valid) {
        double[] mean = new double[groups.count()];
        double[] variance = new double[groups.count()];
        double[] first = new double[groups.count()];
        double[] size = new double[groups.count()];
        for (int i = x.length - 1; i >= 0; i--) {
            first[groups.group(i)] = valid[i] ? x[i] : first[groups.group(i)];
            size[groups.group(i)] += valid[i] ? 1 : 0;
        }
        for (int i = 0; i < x.length; i++) {
            mean[groups.group(i)] += valid[i] ? (x[i] - first[groups.group(i)]) / size[groups.group(i)] : 0;
        }
        Arrays.setAll(mean, c -> mean[c] + first[c]);
        for (int i = 0; i < x.length; i++) {
            double distance = x[i] - mean[groups.group(i)];
            variance[groups.group(i)] += valid[i] ? distance * distance / size[groups.group(i)] : 0;
        }
        return new double[][] {mean, variance};
    }

    private static double clipped(double value, double least, double most) {
        return Math.max(least, Math.min(most, value));
    }

    /** As {@link #parse} reads it. */
    @Override
    public String toString() {
        return number(rMax) + ":" + number(dMax);
    }

    private static String number(double limit) {
        return Double.isInfinite(limit) ? "inf" : WorkloadFormat.number(limit);
    }
}
