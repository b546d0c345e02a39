package org.clnorm.conformance;

import java.util.Arrays;
import org.clnorm.plan.Activation;
import org.clnorm.plan.Join;
import org.clnorm.state.HostTensor;
import org.clnorm.tensor.DataType;

/**
 * What stands around the normalization and affine of a layer, element by element in double on the host: so that what
 * engines make of it in one pass is compared with something else.
 */
final class Surroundings {
    private final Activation activation;
    private final CaseStep step;
    private final Join join;

    /** Of a step of a layer. */
    Surroundings(LayerSpec spec, CaseStep step) {
        activation = spec.activation();
        join = spec.join();
        this.step = step;
    }

    /** What is normalized: x, or the sum as it is stored. */
    static double[] normalized(LayerSpec spec, CaseStep step, DataType storage) {
        double[] x = step.x().toDoubles();
        return spec.join() == Join.BEFORE ? map(x, step.residual().toDoubles(), (a, b) -> storage.round(a + b)) : x;
    }

    /** What the activation is applied to, of what the affine gives. */
    double[] inner(double[] affine) {
        return join == Join.AFTER ? map(affine, step.residual().toDoubles(), Double::sum) : affine;
    }

    double[] y(double[] inner) {
        return Arrays.stream(inner).map(activation::value).toArray();
    }

    /** The gradient of what the activation is applied to. */
    double[] gradient(double[] inner) {
        return map(inner, step.dy().toDoubles(), (v, dy) -> dy * activation.derivative(v));
    }

    /** The gradient of x, of that of what is normalized. */
    double[] dx(double[] normalized) {
        return join == Join.BEFORE ? map(normalized, step.dsum().toDoubles(), Double::sum) : normalized;
    }

    /** The same values in the shape of x. */
    HostTensor shaped(double[] values) {
        return HostTensor.ofDoubles(values, step.x().shape());
    }

    private interface Pairwise {
        double of(double a, double b);
    }

    private static double[] map(double[] a, double[] b, Pairwise function) {
        double[] result = new double[a.length];
        Arrays.setAll(result, i -> function.of(a[i], b[i]));
        return result;
    }
}
