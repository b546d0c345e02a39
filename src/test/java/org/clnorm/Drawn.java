package org.clnorm;

import java.util.Random;
import java.util.stream.DoubleStream;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Scope;
import org.clnorm.tensor.Tensor;

/**
 * A layer with its input [samples, channels, rows, width] and its gradient, as a property draws them. Values are
 * fractions of few bits: what a property adds to them or multiplies them with is exact in float, so that any error is
 * the layer's.
 *
 * @param kind   which layer
 * @param groups of group normalization; a divisor of the channels
 * @param affine whether it has a weight and a bias
 * @param seed   of all values
 */
record Drawn(Kind kind, int samples, int channels, int rows, int width, int groups, boolean affine, long seed) {
    /** Which layer. */
    enum Kind { BATCH, INSTANCE, GROUP, LAYER, LAYER_OF_ROWS }

    private static final int RANGE = 128;
    private static final double UNIT = 1.0 / 32;

    int space() {
        return rows * width;
    }

    int sample() {
        return channels * space();
    }

    int size() {
        return samples * sample();
    }

    Drawn as(Kind other, int otherGroups) {
        return new Drawn(other, samples, channels, rows, width, otherGroups, affine, seed);
    }

    Drawn plain() {
        return new Drawn(kind, samples, channels, rows, width, groups, false, seed);
    }

    int parameters() {
        return switch (kind) {
            case LAYER -> sample();
            case LAYER_OF_ROWS -> width;
            default -> channels;
        };
    }

    /** Whether there is more than one value to take statistics of, where a layer asks for that. */
    boolean isAllowed() {
        return switch (kind) {
            case BATCH -> samples * space() > 1;
            case INSTANCE -> space() > 1;
            case GROUP -> size() / groups > 1;
            default -> true;
        };
    }

    Reference reference(double eps) {
        return switch (kind) {
            case BATCH -> Reference.batch(channels, space(), eps);
            case INSTANCE -> Reference.instance(samples, channels, space(), eps);
            case GROUP -> Reference.group(samples, groups, channels, space(), eps);
            case LAYER -> Reference.layer(samples, sample(), eps);
            case LAYER_OF_ROWS -> Reference.layer(samples * channels * rows, width, eps);
        };
    }

    /** The layer with its parameters, on the host. */
    NormLayer layer(double eps) {
        NormLayer layer = switch (kind) {
            case BATCH -> BatchNorm2d.builder(channels).eps(eps).affine(affine).build();
            case INSTANCE -> InstanceNorm2d.builder(channels).eps(eps).affine(affine).trackRunningStats(true).build();
            case GROUP -> GroupNorm.builder(groups, channels).eps(eps).affine(affine).build();
            case LAYER -> LayerNorm.builder(channels, rows, width).eps(eps).elementwiseAffine(affine).build();
            case LAYER_OF_ROWS -> LayerNorm.builder(width).eps(eps).elementwiseAffine(affine).build();
        };
        if (affine) {
            layer.weight().write(weight());
            layer.bias().write(bias());
        }
        return layer;
    }

    double[] x() {
        return values(0, size());
    }

    double[] dy() {
        return values(1, size());
    }

    double[] otherDy() {
        return values(2, size());
    }

    /** Null without; no weight is 0. */
    double[] weight() {
        return affine ? DoubleStream.of(values(3, parameters())).map(value -> value == 0 ? 1 : value).toArray() : null;
    }

    double[] bias() {
        return affine ? values(4, parameters()) : null;
    }

    private double[] values(int stream, int count) {
        Random random = new Random(seed * 5 + stream);
        return DoubleStream.generate(() -> UNIT * (random.nextInt(2 * RANGE + 1) - RANGE)).limit(count).toArray();
    }

    /** What a layer makes of an input and a gradient; those of parameters are null without them. */
    record Passes(double[] y, double[] dx, double[] dweight, double[] dbias) {
    }

    Passes passes(Device device, double[] x, double[] dy, double eps) {
        try (Scope scope = device.scope(); NormLayer layer = layer(eps).on(device)) {
            Tensor y = layer.forward(tensor(device, x));
            Tensor dx = layer.backward(tensor(device, dy));
            return new Passes(y.readDoubles(), dx.readDoubles(), affine ? layer.weight().grad().readDoubles() : null,
                    affine ? layer.bias().grad().readDoubles() : null);
        }
    }

    Tensor tensor(Device device, double[] values) {
        return device.zeros(samples, channels, rows, width).write(values);
    }

    /** What errors of each result are measured by. */
    record Scales(double y, double dx, double dweight, double dbias) {
    }

    Scales scales(double[] x, double[] dy, double eps) {
        Reference reference = reference(eps);
        Reference.Moments moments = reference.moments(x);
        return new Scales(reference.forward(x, moments, weight(), bias()).scale(),
                reference.inputGradient(x, dy, moments, weight()).scale(),
                reference.weightGradient(x, dy, moments, parameters()).scale(),
                reference.biasGradient(dy, parameters()).scale());
    }
}
