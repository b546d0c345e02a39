package org.clnorm;

import java.util.function.IntBinaryOperator;
import java.util.function.IntUnaryOperator;

/**
 * Normalization written down once more, element by element and without views: each element says its group and its parameter.
 *
 * @param group     the group of an element
 * @param groups    how many there are
 * @param parameter the parameter of an element
 * @param eps       added to the variance
 */
record Reference(IntUnaryOperator group, int groups, IntUnaryOperator parameter, double eps) {
    private static Reference of(int channels, int space, IntBinaryOperator group, int groups, double eps) {
        IntUnaryOperator channel = i -> i / space % channels;
        return new Reference(i -> group.applyAsInt(i / space / channels, channel.applyAsInt(i)), groups, channel, eps);
    }

    static Reference batch(int channels, int space, double eps) {
        return of(channels, space, (n, c) -> c, channels, eps);
    }

    static Reference instance(int samples, int channels, int space, double eps) {
        return of(channels, space, (n, c) -> n * channels + c, samples * channels, eps);
    }

    static Reference group(int samples, int groups, int channels, int space, double eps) {
        return of(channels, space, (n, c) -> n * groups + c / (channels / groups), samples * groups, eps);
    }

    static Reference layer(int rows, int length, double eps) {
        return new Reference(i -> i / length, rows, i -> i % length, eps);
    }

    /** Mean and biased variance of every group. */
    record Moments(double[] mean, double[] variance, int[] count) {
    }

    Moments moments(double[] x) {
        double[] mean = new double[groups];
        double[] variance = new double[groups];
        int[] count = new int[groups];
        for (int i = 0; i < x.length; i++) {
            mean[group.applyAsInt(i)] += x[i];
            count[group.applyAsInt(i)]++;
        }
        for (int g = 0; g < groups; g++) {
            mean[g] /= count[g];
        }
        for (int i = 0; i < x.length; i++) {
            int g = group.applyAsInt(i);
            variance[g] += (x[i] - mean[g]) * (x[i] - mean[g]) / count[g];
        }
        return new Moments(mean, variance, count);
    }

    double[] normalized(double[] x, Moments moments) {
        double[] normalized = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            int g = group.applyAsInt(i);
            normalized[i] = (x[i] - moments.mean[g]) / Math.sqrt(moments.variance[g] + eps);
        }
        return normalized;
    }

    /** y; weight and bias may be null. */
    double[] forward(double[] x, Moments moments, double[] weight, double[] bias) {
        double[] y = normalized(x, moments);
        for (int i = 0; i < y.length; i++) {
            int p = parameter.applyAsInt(i);
            y[i] = y[i] * (weight == null ? 1 : weight[p]) + (bias == null ? 0 : bias[p]);
        }
        return y;
    }

    /** dx through the group's own statistics. */
    double[] inputGradient(double[] x, double[] dy, Moments moments, double[] weight) {
        double[] normalized = normalized(x, moments);
        double[] g = new double[groups];
        double[] gx = new double[groups];
        for (int i = 0; i < x.length; i++) {
            double scaled = dy[i] * (weight == null ? 1 : weight[parameter.applyAsInt(i)]);
            g[group.applyAsInt(i)] += scaled;
            gx[group.applyAsInt(i)] += scaled * normalized[i];
        }
        double[] dx = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            int k = group.applyAsInt(i);
            double scaled = dy[i] * (weight == null ? 1 : weight[parameter.applyAsInt(i)]);
            dx[i] = (scaled - (g[k] + normalized[i] * gx[k]) / moments.count[k])
                    / Math.sqrt(moments.variance[k] + eps);
        }
        return dx;
    }

    double[] weightGradient(double[] x, double[] dy, Moments moments, int parameters) {
        double[] normalized = normalized(x, moments);
        double[] sum = new double[parameters];
        for (int i = 0; i < x.length; i++) {
            sum[parameter.applyAsInt(i)] += dy[i] * normalized[i];
        }
        return sum;
    }

    double[] biasGradient(double[] dy, int parameters) {
        double[] sum = new double[parameters];
        for (int i = 0; i < dy.length; i++) {
            sum[parameter.applyAsInt(i)] += dy[i];
        }
        return sum;
    }
}
