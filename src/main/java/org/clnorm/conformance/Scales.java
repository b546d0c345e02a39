package org.clnorm.conformance;

import java.util.Arrays;
import org.clnorm.state.HostTensor;
import org.clnorm.state.StateDict;
import org.clnorm.tensor.Shape;

/**
 * What the errors of a step's tensors are divided by: the magnitude before cancellation, computed from the inputs in double.
 * Elements that are not finite, or beyond float32, do not count.
 */
final class Scales {
    private final LayerSpec spec;
    private final double[] x;
    private final double[] dy;
    private final double[] weight;
    private final double[] bias;
    private final Groups groups;
    private final boolean given;
    private final double[] rstd;
    private final double[] xhat;
    private final double[] dweight;
    private final double[] dbias;
    private final StateDict before;
    private final boolean moves;
    private final int size;
    private final double y;
    private final double dx;

    /**
     * Scales of a step.
     *
     * @param what   the case
     * @param step   the inputs
     * @param before the layer's state before the step
     * @param former the scales of the step before, null for the first
     */
    Scales(Case what, CaseStep step, StateDict before, Scales former) {
        spec = what.spec();
        this.before = before;
        boolean batch = !spec.track() || step.training() && !what.statisticsFrozen();
        given = !batch;
        moves = batch && spec.track();
        x = step.x().toDoubles();
        dy = step.dy() == null ? new double[0] : step.dy().toDoubles();
        weight = spec.affine() ? before.doubles("weight") : null;
        bias = spec.bias() ? before.doubles("bias") : null;
        groups = new Groups(spec, Shape.of(step.x().shape()), given);
        size = x.length / Math.max(1, groups.count());
        rstd = new double[groups.count()];
        xhat = new double[x.length];
        dweight = former != null && what.accumulates() ? former.dweight.clone() : new double[groups.parameters()];
        dbias = former != null && what.accumulates() ? former.dbias.clone() : new double[groups.parameters()];
        normalize();
        y = forward();
        dx = backward();
    }

    private void normalize() {
        double[] mean = given ? before.doubles("running_mean") : means();
        double[] variance = given ? before.doubles("running_var") : variances(mean);
        for (int g = 0; g < rstd.length; g++) {
            double v = variance[g] + spec.eps();
            rstd[g] = v == 0 && spec.kind().mayTrack() && !given ? 0 : 1 / Math.sqrt(v);
        }
        for (int i = 0; i < x.length; i++) {
            int g = groups.group(i);
            xhat[i] = (x[i] - mean[g]) * rstd[g];
        }
    }

    private double[] means() {
        double[] mean = new double[groups.count()];
        // the mean of differences from a group's first element is exact where all are equal
        double[] first = new double[groups.count()];
        boolean[] seen = new boolean[groups.count()];
        for (int i = 0; i < x.length; i++) {
            int g = groups.group(i);
            if (!seen[g]) {
                seen[g] = true;
                first[g] = x[i];
            }
            mean[g] += (x[i] - first[g]) / size;
        }
        for (int g = 0; g < mean.length; g++) {
            mean[g] += first[g];
        }
        return mean;
    }

    private double[] variances(double[] mean) {
        double[] variance = new double[groups.count()];
        for (int i = 0; i < x.length; i++) {
            int g = groups.group(i);
            variance[g] += (x[i] - mean[g]) * (x[i] - mean[g]) / size;
        }
        return variance;
    }

    private double weight(int element) {
        return weight == null ? 1 : weight[groups.parameter(element)];
    }

    private double forward() {
        double largest = 0;
        for (int i = 0; i < x.length; i++) {
            double b = bias == null ? 0 : Math.abs(bias[groups.parameter(i)]);
            largest = larger(largest, Math.abs(xhat[i] * weight(i)) + b);
        }
        return largest;
    }

    private double backward() {
        double[] a = new double[groups.count()];
        double[] b = new double[groups.count()];
        for (int i = 0; i < dy.length; i++) {
            int g = groups.group(i);
            a[g] += finite(Math.abs(dy[i] * weight(i))) / size;
            b[g] += finite(Math.abs(dy[i] * weight(i) * xhat[i])) / size;
            dweight[groups.parameter(i)] += finite(Math.abs(dy[i] * xhat[i]));
            dbias[groups.parameter(i)] += finite(Math.abs(dy[i]));
        }
        double largest = 0;
        for (int i = 0; i < dy.length; i++) {
            int g = groups.group(i);
            double means = given ? 0 : a[g] + Math.abs(xhat[i]) * b[g];
            largest = larger(largest, rstd[g] * (Math.abs(dy[i] * weight(i)) + means));
        }
        return largest;
    }

    /** Of a parameter whose x̂ are all 0, or not finite, dy is all there is to measure by. */
    private double weightGradient() {
        double[] magnitude = dweight.clone();
        for (int p = 0; p < magnitude.length; p++) {
            magnitude[p] = magnitude[p] == 0 ? dbias[p] : magnitude[p];
        }
        return largest(magnitude);
    }

    private static double finite(double value) {
        return Double.isFinite(value) ? value : 0;
    }

    private double runningMean() {
        double[] magnitude = before.doubles("running_mean");
        if (!moves || x.length == 0) {
            return largest(magnitude);
        }
        double m = momentum();
        double[] mean = new double[magnitude.length];
        for (int i = 0; i < x.length; i++) {
            mean[groups.parameter(i)] += Math.abs(x[i]) / (x.length / mean.length);
        }
        for (int c = 0; c < mean.length; c++) {
            magnitude[c] = (1 - m) * Math.abs(magnitude[c]) + m * mean[c];
        }
        return largest(magnitude);
    }

    private double momentum() {
        return spec.momentum().orElseGet(() -> 1.0 / (before.longs(CaseRunner.BATCHES)[0] + 1));
    }

    /**
     * The scale of a tensor.
     *
     * @param name     y, dx, dweight, dbias, running_mean or running_var
     * @param expected what the tensor should be
     */
    double of(String name, HostTensor expected) {
        return switch (name) {
            case "y" -> y;
            case "dx" -> dx;
            case "dweight" -> weightGradient();
            case "dbias" -> largest(dbias);
            case "running_mean" -> runningMean();
            case "running_var" -> largest(expected.toDoubles());
            default -> throw new IllegalArgumentException("expected one of " + CaseRunner.TENSORS + ", got " + name);
        };
    }

    private static double largest(double[] values) {
        return Arrays.stream(values).map(Math::abs).reduce(0, Scales::larger);
    }

    private static double larger(double largest, double candidate) {
        return candidate <= Float.MAX_VALUE ? Math.max(largest, candidate) : largest;
    }
}
