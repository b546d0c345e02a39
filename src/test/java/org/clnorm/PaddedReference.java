package org.clnorm;

import java.util.Arrays;
import java.util.function.IntUnaryOperator;
import org.clnorm.plan.Activation;

/**
 * What normalization of sequences of different lengths comes to, by its definition in double: the valid elements of a
 * group are all there is of it.
 */
final class PaddedReference {
    /** Which elements belong together, and share parameters, and are valid. */
    record Places(int groups, int parameters, IntUnaryOperator group, IntUnaryOperator parameter, boolean[] valid) {
    }

    final double[] y;
    final double[] dx;
    final double[] dweight;
    final double[] dbias;
    final double[] mean;
    final double[] variance;

    PaddedReference(Places at, double[] x, double[] dy, double[] weight, double[] bias, double eps, boolean centered,
            Activation activation) {
        y = new double[x.length];
        dx = new double[x.length];
        dweight = new double[at.parameters()];
        dbias = new double[at.parameters()];
        mean = new double[at.groups()];
        variance = new double[at.groups()];
        int[] count = new int[at.groups()];
        double[] sumG = new double[at.groups()];
        double[] sumGx = new double[at.groups()];
        double[] hat = new double[x.length];
        double[] g = new double[x.length];
        each(at, (i, k, p) -> count[k]++);
        each(at, (i, k, p) -> mean[k] += centered ? x[i] / count[k] : 0);
        each(at, (i, k, p) -> variance[k] += (x[i] - mean[k]) * (x[i] - mean[k]) / count[k]);
        each(at, (i, k, p) -> {
            hat[i] = (x[i] - mean[k]) / Math.sqrt(variance[k] + eps);
            double affine = hat[i] * weight[p] + bias[p];
            y[i] = activation.value(affine);
            double gradient = dy[i] * activation.derivative(affine);
            dweight[p] += gradient * hat[i];
            dbias[p] += gradient;
            g[i] = gradient * weight[p];
            sumG[k] += centered ? g[i] : 0;
            sumGx[k] += g[i] * hat[i];
        });
        each(at, (i, k, p) -> dx[i] = (g[i] - sumG[k] / count[k] - hat[i] * sumGx[k] / count[k])
                / Math.sqrt(variance[k] + eps));
    }

    private interface Visit {
        void at(int element, int group, int parameter);
    }

    private static void each(Places at, Visit visit) {
        for (int i = 0; i < at.valid().length; i++) {
            if (at.valid()[i]) {
                visit.at(i, at.group().applyAsInt(i), at.parameter().applyAsInt(i));
            }
        }
    }

    static double largest(double[] values) {
        return Arrays.stream(values).map(Math::abs).max().orElse(0);
    }
}
