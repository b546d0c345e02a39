package org.clnorm.conformance;

import java.util.BitSet;
import java.util.function.IntToDoubleFunction;
import org.clnorm.plan.Activation;
import org.clnorm.plan.Join;
import org.clnorm.state.HostTensor;
import org.clnorm.state.StateDict;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Shape;

/**
 * What the errors of a step's tensors are divided by: the magnitude before cancellation, computed from the inputs in
 * double. Elements that are not finite, or beyond the range of the tensor's type, do not count.
 */
final class Scales {
    /** By which derivatives are compared, to see how they change. */
    private static final double STEP = 1e-3;

    private final LayerSpec spec;
    private final double[] x;
    private final double[] residual;
    private final double[] dy;
    private final double[] dsum;
    private final double[] weight;
    private final double[] bias;
    private final Correction.Factors factors;
    private final Groups groups;
    private final boolean given;
    private final double[] rstd;
    private final double[] xhat;
    private final double[] dweight;
    private final double[] dbias;
    private final StateDict before;
    private final boolean moves;
    private final boolean[] valid;
    /** Of each group. */
    private final double[] size;
    private final double[] meanG;
    private final double[] meanGx;

    /**
     * Scales of a step.
     *
     * @param what   the case
     * @param index  which step
     * @param before the layer's state before the step
     * @param former the scales of the step before, null for the first
     */
    Scales(Case what, int index, StateDict before, Scales former) {
        CaseStep step = what.steps().get(index);
        spec = what.spec();
        this.before = before;
        boolean batch = !spec.track() || step.training() && !what.statisticsFrozen();
        given = !batch;
        moves = batch && spec.track();
        x = Surroundings.normalized(spec, step, what.storage(index));
        residual = step.residual() == null ? null : step.residual().toDoubles();
        dsum = step.dsum() == null ? null : step.dsum().toDoubles();
        dy = step.dy() == null ? new double[0] : step.dy().toDoubles();
        weight = spec.affine() ? before.doubles("weight") : null;
        bias = spec.bias() ? before.doubles("bias") : null;
        groups = new Groups(spec, Shape.of(step.x().shape()), given);
        valid = spec.valid(Shape.of(step.x().shape()));
        size = new double[groups.count()];
        for (int i = 0; i < x.length; i++) {
            size[groups.group(i)] += valid[i] ? 1 : 0;
        }
        factors = !spec.corrects() ? null : given ? Correction.none(spec)
                : spec.correction().of(spec, Shape.of(step.x().shape()), x, before);
        rstd = new double[groups.count()];
        meanG = new double[groups.count()];
        meanGx = new double[groups.count()];
        xhat = new double[x.length];
        dweight = former != null && what.accumulates() ? former.dweight.clone() : new double[groups.parameters()];
        dbias = former != null && what.accumulates() ? former.dbias.clone() : new double[groups.parameters()];
        normalize();
        sumGradients();
    }

    private void normalize() {
        double[] mean = given ? before.doubles("running_mean") : spec.kind() == LayerKind.RMS_NORM
                ? new double[groups.count()] : means();
        double[] variance = given ? before.doubles("running_var") : variances(mean);
        for (int g = 0; g < rstd.length; g++) {
            double v = variance[g] + spec.eps();
            rstd[g] = v == 0 && spec.kind().mayTrack() && !given ? 0 : 1 / Math.sqrt(v);
        }
        for (int i = 0; i < x.length; i++) {
            int g = groups.group(i);
            x[i] = valid[i] ? x[i] : mean[g];
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
            if (valid[i] && !seen[g]) {
                seen[g] = true;
                first[g] = x[i];
            }
            mean[g] += valid[i] ? (x[i] - first[g]) / size[g] : 0;
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
            variance[g] += valid[i] ? (x[i] - mean[g]) * (x[i] - mean[g]) / size[g] : 0;
        }
        return variance;
    }

    private double weight(int element) {
        double factor = factors == null ? 1 : factors.r()[groups.parameter(element)];
        return factor * stored(element);
    }

    private double stored(int element) {
        return weight == null ? 1 : spec.weight(weight[groups.parameter(element)]);
    }

    /** What is added to x̂ · weight, and was before it cancelled. */
    private double offset(int element) {
        return factors == null ? 0 : stored(element) * factors.d()[groups.parameter(element)];
    }

    private double forward(int i) {
        return Math.max(1, Math.abs(spec.activation().slope())) * inner(i);
    }

    /** Of what the activation is applied to. */
    private double inner(int i) {
        return Math.abs(xhat[i] * weight(i)) + Math.abs(offset(i))
                + (bias == null ? 0 : Math.abs(bias[groups.parameter(i)]))
                + (spec.join() == Join.AFTER ? Math.abs(residual[i]) : 0);
    }

    /** Of the gradient of what the activation is applied to, whose own error moves the derivative. */
    private double gradient(int i) {
        Activation activation = spec.activation();
        if (activation.equals(Activation.NONE)) {
            return Math.abs(dy[i]);
        }
        double v = xhat[i] * weight(i) + offset(i) + (bias == null ? 0 : bias[groups.parameter(i)])
                + (spec.join() == Join.AFTER ? residual[i] : 0);
        double slope = Math.abs(activation.derivative(v));
        return Math.abs(dy[i]) * (activation.hasCorner() ? slope : slope + curvature(activation, v) * inner(i));
    }

    private static double curvature(Activation activation, double v) {
        return Math.abs(activation.derivative(v + STEP) - activation.derivative(v - STEP)) / (2 * STEP);
    }

    private void sumGradients() {
        for (int i = 0; i < dy.length; i++) {
            int g = groups.group(i);
            dy[i] = valid[i] ? dy[i] : 0;
            double gradient = gradient(i);
            meanG[g] += valid[i] ? finite(Math.abs(gradient * weight(i))) / size[g] : 0;
            meanGx[g] += valid[i] ? finite(Math.abs(gradient * weight(i) * xhat[i])) / size[g] : 0;
            dweight[groups.parameter(i)] += finite(Math.abs(gradient) * corrected(i));
            dbias[groups.parameter(i)] += finite(gradient);
        }
    }

    /** Of x̂ as it meets the weight. */
    private double corrected(int i) {
        int p = groups.parameter(i);
        return factors == null ? Math.abs(xhat[i])
                : factors.r()[p] * Math.abs(xhat[i]) + Math.abs(factors.d()[p]);
    }

    private double inputGradient(int i) {
        int g = groups.group(i);
        double centering = spec.kind() == LayerKind.RMS_NORM ? 0 : meanG[g];
        double means = given ? 0 : centering + Math.abs(xhat[i]) * meanGx[g];
        return rstd[g] * (Math.abs(gradient(i) * weight(i)) + means) + (dsum == null ? 0 : Math.abs(dsum[i]));
    }

    /** Of a parameter whose x̂ are all 0, or not finite, dy is all there is to measure by. */
    private double weightGradient(int p) {
        return dweight[p] == 0 ? dbias[p] : dweight[p];
    }

    private static double finite(double value) {
        return Double.isFinite(value) ? value : 0;
    }

    private double[] runningMean() {
        double[] magnitude = before.doubles("running_mean");
        for (int c = 0; c < magnitude.length; c++) {
            magnitude[c] = Math.abs(magnitude[c]);
        }
        if (moves && x.length > 0) {
            double m = spec.momentum().orElseGet(() -> 1.0 / (before.longs(CaseRunner.BATCHES)[0] + 1));
            double[] sum = new double[magnitude.length];
            double[] count = new double[magnitude.length];
            for (int i = 0; i < x.length; i++) {
                sum[groups.parameter(i)] += valid[i] ? Math.abs(x[i]) : 0;
                count[groups.parameter(i)] += valid[i] ? 1 : 0;
            }
            for (int c = 0; c < sum.length; c++) {
                magnitude[c] = (1 - m) * magnitude[c] + m * sum[c] / Math.max(1, count[c]);
            }
        }
        return magnitude;
    }

    /**
     * The scale of a tensor.
     *
     * @param name     one of {@link CaseRunner#TENSORS}
     * @param type     what the tensor is stored in
     * @param expected what the tensor should be
     */
    double of(String name, DataType type, HostTensor expected) {
        double[] values = expected.toDoubles();
        return switch (name) {
            case "y" -> largest(type, values, this::forward);
            case "sum" -> largest(type, values, i -> Math.abs(x[i]));
            case "dresidual" -> largest(type, values, this::gradient);
            case "dx" -> largest(type, values, this::inputGradient);
            case "dweight" -> largest(type, values, this::weightGradient);
            case "dbias" -> largest(type, values, p -> dbias[p]);
            case "running_mean" -> {
                double[] magnitude = runningMean();
                yield largest(type, values, c -> magnitude[c]);
            }
            case "running_var" -> largest(type, values, c -> Math.abs(values[c]));
            default -> throw new IllegalArgumentException("expected one of " + CaseRunner.TENSORS + ", got " + name);
        };
    }

    /**
     * The elements of dx whose normalized value is so near 0 that rounding decides its sign: where a gradient of the
     * group is infinite, that decides between Inf and NaN.
     *
     * @param name y, dx, dweight, dbias, running_mean or running_var
     */
    BitSet ofEitherSign(String name) {
        BitSet near = new BitSet();
        if (name.equals("dx")) {
            for (int i = 0; i < xhat.length; i++) {
                near.set(i, Math.abs(xhat[i]) <= Comparison.CONTRACT);
            }
        }
        return near;
    }

    /** Of the elements that the type can hold before or after what cancels has cancelled. */
    private static double largest(DataType type, double[] values, IntToDoubleFunction magnitude) {
        double largest = 0;
        for (int i = 0; i < values.length; i++) {
            double candidate = finite(magnitude.applyAsDouble(i));
            if (candidate <= type.largest() || Math.abs(values[i]) <= type.largest()) {
                largest = Math.max(largest, candidate);
            }
        }
        return largest;
    }
}
