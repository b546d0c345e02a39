package org.clnorm.engine.opencl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.clnorm.engine.BackwardCall;
import org.clnorm.engine.BackwardExtras;
import org.clnorm.engine.ForwardCall;
import org.clnorm.engine.ForwardExtras;
import org.clnorm.engine.NormEngine;
import org.clnorm.engine.RunningStatistics;
import org.clnorm.engine.RunningUpdate;
import org.clnorm.engine.SavedStatistics;
import org.clnorm.plan.Activation;
import org.clnorm.plan.Axis;
import org.clnorm.plan.Form;
import org.clnorm.plan.Join;
import org.clnorm.plan.NormView;
import org.clnorm.plan.Task;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Half;
import org.clnorm.tensor.Scope;
import org.clnorm.tensor.Shape;
import org.clnorm.tensor.Tensor;

/**
 * One forward and backward pass on a device against the formulas, written out in double over the axes of a view. For
 * tests of kernels: set what differs, then {@link #run}.
 */
public final class PassCheck {
    /** Allowed error, as a part of the scale before cancellation. */
    private static final double TOLERANCE = 6e-7;
    private static final double MOMENTUM = 0.25;
    private static final double CORRECTION = 1.5;

    private final NormView view;
    private final int parameters;
    private double eps = 1e-5;
    private boolean given;
    private boolean tracking;
    private boolean affine = true;
    private boolean apart;
    private boolean inPlace;
    private boolean wantDx = true;
    private boolean wantParameters = true;
    private boolean filled = true;
    private Consumer<Task> told = task -> { };
    private float offset;
    private float deviation = 1;
    private long seed = 1;
    private DataType storage = DataType.F32;
    private DataType parameterStorage = DataType.F32;
    private Form form = Form.PLAIN;

    /** A pass over a view. */
    public PassCheck(NormView view) {
        this.view = view;
        this.parameters = (int) view.parameters();
    }

    /** Statistics are given, not the batch's. */
    public PassCheck given() {
        given = true;
        return this;
    }

    /** The batch's statistics move running ones, a pair a group. */
    public PassCheck tracking() {
        tracking = true;
        return this;
    }

    /** Statistics by a pass, y by another. */
    public PassCheck apart() {
        apart = true;
        return this;
    }

    /** Neither weight nor bias. */
    public PassCheck plain() {
        affine = false;
        return this;
    }

    /** y takes the place of x, and dx that of dy. */
    public PassCheck inPlace() {
        inPlace = true;
        return this;
    }

    /** Backward without dx. */
    public PassCheck withoutDx() {
        wantDx = false;
        return this;
    }

    /** Backward without dweight and dbias, though there are a weight and a bias. */
    public PassCheck frozen() {
        wantParameters = false;
        return this;
    }

    /** What the passes write is as the device makes it before, not full of NaN. */
    PassCheck unfilled() {
        filled = false;
        return this;
    }

    /** Tells of the tasks that run. */
    PassCheck telling(Consumer<Task> listener) {
        told = listener;
        return this;
    }

    /** Another eps than 1e-5. */
    public PassCheck eps(double value) {
        eps = value;
        return this;
    }

    /** The values of x: normal with this mean and deviation. */
    public PassCheck values(double mean, double spread) {
        offset = (float) mean;
        deviation = (float) spread;
        return this;
    }

    /** Another seed than 1. */
    public PassCheck seed(long value) {
        seed = value;
        return this;
    }

    /** Tensors, and weight and bias, of other types than F32. */
    public PassCheck in(DataType tensors, DataType ofParameters) {
        storage = tensors;
        parameterStorage = ofParameters;
        return this;
    }

    /** Does what else the form says. */
    public PassCheck as(Form other) {
        form = other;
        return this;
    }

    /** Runs both passes and compares every tensor. */
    public void run(Device device) {
        int n = (int) view.elements();
        int groups = (int) view.groups();
        boolean before = form.join() == Join.BEFORE;
        boolean after = form.join() == Join.AFTER;
        float[] first = rounded(storage, normal(n, offset, deviation));
        float[] residual = rounded(storage, reversed(normal(n, 0, deviation / 2)));
        float[] x = before ? rounded(storage, sum(first, residual)) : first;
        float[] dy = rounded(storage, normal(n, 0, 1));
        float[] dsum = rounded(storage, reversed(normal(n, 0, 1)));
        float[] w = affine ? rounded(parameterStorage, normal(parameters, 1, 0.5f)) : null;
        float[] b = affine ? rounded(parameterStorage, normal(parameters, 0, 0.5f)) : null;
        float[] mean = normal(groups, offset, deviation / 2);
        float[] var = normal(groups, 0, deviation);
        for (int i = 0; i < groups; i++) {
            var[i] *= var[i];
        }
        Expected expected = new Expected(x, dy, w, b, given ? mean : null, var, after ? residual : new float[n],
                before ? dsum : new float[n]);
        NormEngine engine = NormEngine.of(device);
        try (Scope scope = device.scope()) {
            Tensor tx = before ? output(device, storage, n) : device.tensor(storage, x, n);
            Tensor tfirst = before ? device.tensor(storage, first, n) : tx;
            Tensor tresidual = before || after ? device.tensor(storage, residual, n) : null;
            Tensor tdy = device.tensor(storage, dy, n);
            Tensor y = inPlace ? device.tensor(storage, x, n) : output(device, storage, n);
            Tensor dx = !wantDx ? null : inPlace ? tdy : device.tensor(storage, x, n);
            Tensor dw = output(device, parameterStorage, parameters);
            Tensor db = output(device, parameterStorage, parameters);
            Tensor tw = affine ? device.tensor(parameterStorage, w, parameters) : null;
            Tensor tb = affine ? device.tensor(parameterStorage, b, parameters) : null;
            RunningStatistics running = given || tracking
                    ? new RunningStatistics(device.tensor(mean, groups), device.tensor(var, groups)) : null;
            ForwardCall forward = new ForwardCall(view, inPlace ? y : tfirst, y, tw, tb, eps, false,
                    given ? running : null, tracking ? new RunningUpdate(running, MOMENTUM, CORRECTION) : null);
            forward = new ForwardCall(forward.task().as(form, affine), forward.x(), y, tw, tb, eps, false,
                    forward.given(), forward.update(), new ForwardExtras(tresidual, before ? tx : null, null));
            told.accept(forward.task());
            SavedStatistics saved = apart ? apart(engine, forward) : engine.forward(forward);
            boolean gradients = affine && wantParameters;
            boolean gated = after && form.activation() != Activation.NONE;
            Tensor dresidual = gated ? output(device, storage, n) : null;
            BackwardCall backward = new BackwardCall(view, tx, tdy, dx, tw, gradients ? dw : null,
                    gradients ? db : null, false, given, saved);
            Task task = backward.task().as(after && !gated ? form.join(Join.NONE) : form, affine);
            Tensor tdsum = before && wantDx ? device.tensor(storage, dsum, n) : null;
            backward = new BackwardCall(task, tx, tdy, dx, tw, task.bias() ? tb : null, backward.dweight(),
                    backward.dbias(), false, saved, new BackwardExtras(tdsum, dresidual, null));
            told.accept(task);
            engine.backward(backward);
            saved.close();
            compare("y", expected.y, y, expected.yScale);
            if (before) {
                assertArrayEquals(x, tx.read(), "the sum");
            }
            if (gated) {
                compare("dresidual", expected.through, dresidual, 1);
            }
            if (tracking) {
                compare("running mean", moved(mean, expected.mean, 1), running.mean(), Math.abs(offset) + deviation);
                compare("running variance", moved(var, expected.var, CORRECTION), running.variance(),
                        Arrays.stream(expected.var).max().orElseThrow() + deviation * deviation);
            }
            if (wantDx) {
                compare("dx", expected.dx, dx, expected.dxScale);
            }
            if (gradients) {
                compare("dweight", expected.dw, dw, expected.dwScale);
                compare("dbias", expected.db, db, expected.dbScale);
            }
        }
    }

    private SavedStatistics apart(NormEngine engine, ForwardCall whole) {
        Task alone = whole.task().statisticsAlone();
        boolean before = form.join() == Join.BEFORE;
        SavedStatistics saved = engine.forward(new ForwardCall(alone, whole.x(), null, null, null, eps, false, null,
                null, before ? whole.extras() : ForwardExtras.NONE));
        Task after = whole.task().saved(affine).in(storage, parameterStorage);
        return engine.forwardFrom(new ForwardCall(after, whole.normalized(), whole.y(), whole.weight(), whole.bias(),
                eps, false, null, whole.update(), before ? ForwardExtras.NONE : whole.extras()), saved);
    }

    private Tensor output(Device device, DataType type, int size) {
        Tensor tensor = device.empty(type, Shape.of(size));
        return filled ? tensor.fill(Double.NaN) : tensor;
    }

    /** Running statistics after one batch. */
    private static double[] moved(float[] before, double[] batch, double correction) {
        return IntStream.range(0, before.length)
                .mapToDouble(g -> (1 - MOMENTUM) * before[g] + MOMENTUM * correction * batch[g]).toArray();
    }

    private float[] normal(int count, float mean, float spread) {
        Random random = new Random(seed * 31 + count);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) (mean + spread * random.nextGaussian());
        }
        return values;
    }

    private static float[] reversed(float[] values) {
        float[] reversed = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            reversed[i] = values[values.length - 1 - i];
        }
        return reversed;
    }

    private static float[] sum(float[] a, float[] b) {
        float[] sum = new float[a.length];
        for (int i = 0; i < a.length; i++) {
            sum[i] = a[i] + b[i];
        }
        return sum;
    }

    private static float[] rounded(DataType type, float[] values) {
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) type.round(values[i]);
        }
        return values;
    }

    private void compare(String name, double[] expected, Tensor tensor, double scale) {
        float[] got = tensor.read();
        double worst = 0;
        int at = 0;
        for (int i = 0; i < expected.length; i++) {
            boolean near = tensor.type().bytes() == Short.BYTES && Half.isNear(tensor.type(), expected[i], got[i]);
            double error = near || expected[i] == got[i] ? 0 : Math.abs(expected[i] - got[i]) / scale;
            if (!(error <= worst)) {
                worst = error;
                at = i;
            }
        }
        String what = name + " " + tensor.type() + " of " + view + (given ? " given" : "");
        assertTrue(worst <= TOLERANCE, what + ": error " + worst + " of scale " + scale + ", expected " + expected[at]
                + ", got " + got[at] + " at " + at);
    }

    /** The formulas. */
    private final class Expected {
        final double[] mean;
        final double[] var;
        final double[] y;
        final double[] dx;
        /** dy through the activation. */
        final double[] through;
        final double[] dw = new double[parameters];
        final double[] db = new double[parameters];
        double yScale;
        double dxScale;
        double dwScale;
        double dbScale;

        Expected(float[] x, float[] dy, float[] w, float[] b, float[] givenMean, float[] givenVar, float[] residual,
                float[] dsum) {
            int n = x.length;
            int groups = (int) view.groups();
            double size = view.groupSize();
            int[] group = index(true);
            int[] param = index(false);
            mean = new double[groups];
            var = new double[groups];
            for (int i = 0; i < n && form.centered(); i++) {
                mean[group[i]] += x[i] / size;
            }
            for (int i = 0; i < n; i++) {
                double d = x[i] - mean[group[i]];
                var[group[i]] += d * d / size;
            }
            double[] rstd = new double[groups];
            for (int g = 0; g < groups; g++) {
                mean[g] = givenMean == null ? mean[g] : givenMean[g];
                rstd[g] = 1 / Math.sqrt((givenMean == null ? var[g] : givenVar[g]) + (float) eps);
            }
            y = new double[n];
            dx = new double[n];
            through = new double[n];
            double[][] sums = new double[4][groups];
            double[][] scales = new double[2][parameters];
            for (int i = 0; i < n; i++) {
                double xHat = (x[i] - mean[group[i]]) * rstd[group[i]];
                double weight = weight(w, param[i]);
                double bias = b == null ? 0 : b[param[i]];
                double v = xHat * weight + bias + residual[i];
                y[i] = form.activation().value(v);
                yScale = Math.max(yScale, Math.abs(xHat * weight) + Math.abs(bias) + Math.abs(residual[i]));
                through[i] = dy[i] * form.activation().derivative(v);
                double g = through[i] * weight;
                sums[0][group[i]] += g / size;
                sums[1][group[i]] += g * xHat / size;
                sums[2][group[i]] += Math.abs(g) / size;
                sums[3][group[i]] += Math.abs(g * xHat) / size;
                dw[param[i]] += through[i] * xHat;
                db[param[i]] += through[i];
                scales[0][param[i]] += Math.abs(dy[i] * xHat);
                scales[1][param[i]] += Math.abs(dy[i]);
            }
            for (int i = 0; i < n; i++) {
                int k = group[i];
                double xHat = (x[i] - mean[k]) * rstd[k];
                double g = through[i] * weight(w, param[i]);
                double meanG = form.centered() ? sums[0][k] : 0;
                dx[i] = dsum[i] + (givenMean == null ? rstd[k] * (g - meanG - xHat * sums[1][k]) : rstd[k] * g);
                dxScale = Math.max(dxScale, Math.abs(dsum[i]) + rstd[k] * (Math.abs(dy[i] * weight(w, param[i]))
                        + (givenMean == null ? sums[2][k] + Math.abs(xHat) * sums[3][k] : 0)));
            }
            for (int p = 0; p < parameters; p++) {
                dwScale = Math.max(dwScale, scales[0][p]);
                dbScale = Math.max(dbScale, scales[1][p]);
            }
        }

        private double weight(float[] w, int p) {
            return w == null ? 1 : form.weightPlus1() ? 1.0 + w[p] : w[p];
        }

        /** The group, or the parameter, of every element. */
        private int[] index(boolean groups) {
            int[] index = new int[(int) view.elements()];
            fill(index, groups, 0, 0, 0);
            return index;
        }

        private void fill(int[] index, boolean groups, int axis, long offset, long value) {
            if (axis == view.axes().size()) {
                index[(int) offset] = (int) value;
                return;
            }
            Axis a = view.axes().get(axis);
            for (long i = 0; i < a.size(); i++) {
                long next = groups ? (a.reduced() ? value : value * a.size() + i) : value + i * a.paramStride();
                fill(index, groups, axis + 1, offset + i * a.stride(), next);
            }
        }
    }
}
