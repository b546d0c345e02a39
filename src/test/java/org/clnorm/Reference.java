package org.clnorm;

import java.util.Arrays;
import java.util.function.IntBinaryOperator;
import java.util.function.IntToDoubleFunction;
import java.util.function.IntUnaryOperator;

/**
 * Normalization written down once more, element by element and without views: each element says its group and its
 * parameter.
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

    /** The same of elements whose channels lie last. */
    Reference channelsLast(int channels, int space) {
        IntUnaryOperator logical = i -> i / channels / space * channels * space + i % channels * space
                + i / channels % space;
        return new Reference(i -> group.applyAsInt(logical.applyAsInt(i)), groups,
                i -> parameter.applyAsInt(logical.applyAsInt(i)), eps);
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

    /** Values, and the magnitude before cancellation that an error is measured by. */
    record Expected(double[] values, double scale) {
    }

    private static double factor(double[] weight, int index) {
        return weight == null ? 1 : weight[index];
    }

    /** y; weight and bias may be null. */
    Expected forward(double[] x, Moments moments, double[] weight, double[] bias) {
        double[] y = normalized(x, moments);
        double scale = 0;
        for (int i = 0; i < y.length; i++) {
            int p = parameter.applyAsInt(i);
            double scaled = y[i] * factor(weight, p);
            double b = bias == null ? 0 : bias[p];
            y[i] = scaled + b;
            scale = Math.max(scale, Math.abs(scaled) + Math.abs(b));
        }
        return new Expected(y, scale);
    }

    /** dx through the group's own statistics. */
    Expected inputGradient(double[] x, double[] dy, Moments moments, double[] weight) {
        double[] normalized = normalized(x, moments);
        double[][] means = new double[4][groups];
        for (int i = 0; i < x.length; i++) {
            int k = group.applyAsInt(i);
            double g = dy[i] * factor(weight, parameter.applyAsInt(i)) / moments.count[k];
            means[0][k] += g;
            means[1][k] += g * normalized[i];
            means[2][k] += Math.abs(g);
            means[3][k] += Math.abs(g * normalized[i]);
        }
        double[] dx = new double[x.length];
        double scale = 0;
        for (int i = 0; i < x.length; i++) {
            int k = group.applyAsInt(i);
            double g = dy[i] * factor(weight, parameter.applyAsInt(i));
            double rstd = 1 / Math.sqrt(moments.variance[k] + eps);
            dx[i] = rstd * (g - means[0][k] - normalized[i] * means[1][k]);
            scale = Math.max(scale, rstd * (Math.abs(g) + means[2][k] + Math.abs(normalized[i]) * means[3][k]));
        }
        return new Expected(dx, scale);
    }

    /** dx where the statistics were given. */
    Expected givenInputGradient(double[] dy, Moments moments, double[] weight) {
        double[] dx = new double[dy.length];
        double scale = 0;
        for (int i = 0; i < dy.length; i++) {
            double rstd = 1 / Math.sqrt(moments.variance[group.applyAsInt(i)] + eps);
            dx[i] = dy[i] * factor(weight, parameter.applyAsInt(i)) * rstd;
            scale = Math.max(scale, Math.abs(dx[i]));
        }
        return new Expected(dx, scale);
    }

    Expected weightGradient(double[] x, double[] dy, Moments moments, int parameters) {
        double[] normalized = normalized(x, moments);
        return sums(i -> dy[i] * normalized[i], x.length, parameters);
    }

    Expected biasGradient(double[] dy, int parameters) {
        return sums(i -> dy[i], dy.length, parameters);
    }

    private Expected sums(IntToDoubleFunction term, int count, int parameters) {
        double[] sum = new double[parameters];
        double[] magnitude = new double[parameters];
        for (int i = 0; i < count; i++) {
            sum[parameter.applyAsInt(i)] += term.applyAsDouble(i);
            magnitude[parameter.applyAsInt(i)] += Math.abs(term.applyAsDouble(i));
        }
        return new Expected(sum, Arrays.stream(magnitude).max().orElse(0));
    }
}
