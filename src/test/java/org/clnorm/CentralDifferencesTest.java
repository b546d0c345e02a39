package org.clnorm;

import static org.clnorm.Values.normal;
import static org.clnorm.Values.positive;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.stream.Stream;
import org.clnorm.plan.Activation;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Scope;
import org.clnorm.tensor.Shape;
import org.clnorm.tensor.Tensor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The gradients of loss = Σ y · r with random r, against (loss(v + h) − loss(v − h)) / 2h for every input and parameter
 * value v, in double on the Java engine.
 */
class CentralDifferencesTest {
    private static final double STEP = 1e-5;
    private static final double TOLERANCE = 1e-7;

    static Stream<Arguments> layers() {
        return Stream.of(batch(), instance(), group(), layer(), channelsLast(), arranged(), forms())
                .flatMap(s -> s);
    }

    private static Arguments with(LayerBuilder<?, ?> builder, String mode, long... dims) {
        return Arguments.of(builder.dataType(DataType.F64), mode, dims);
    }

    private static Stream<Arguments> batch() {
        return Stream.of("train", "eval", "frozen").flatMap(mode -> Stream.of(
                with(BatchNorm1d.builder(3), mode, 5, 3),
                with(BatchNorm1d.builder(3), mode, 4, 3, 2),
                with(BatchNorm2d.builder(2).bias(false), mode, 3, 2, 2, 2),
                with(BatchNorm2d.builder(2).affine(false), mode, 3, 2, 2, 2),
                with(BatchNorm2d.builder(2).eps(0.1).cumulativeMomentum(), mode, 3, 2, 2, 2),
                with(BatchNorm3d.builder(2), mode, 2, 2, 2, 1, 3),
                with(BatchNorm2d.builder(1), mode, 2, 1, 2, 2)));
    }

    private static Stream<Arguments> instance() {
        Stream<Arguments> untracked = Stream.of("train", "eval").flatMap(mode -> Stream.of(
                with(BatchNorm2d.builder(2).trackRunningStats(false), mode, 3, 2, 2, 2),
                with(InstanceNorm1d.builder(3), mode, 2, 3, 4),
                with(InstanceNorm2d.builder(3).affine(true), mode, 2, 3, 2, 2),
                with(InstanceNorm2d.builder(3).affine(true).bias(false), mode, 3, 2, 2),
                with(InstanceNorm3d.builder(2).affine(true), mode, 2, 2, 2, 1, 3)));
        Stream<Arguments> tracking = Stream.of("train", "eval", "frozen").flatMap(mode -> Stream.of(
                with(InstanceNorm1d.builder(3).affine(true).trackRunningStats(true), mode, 2, 3, 4),
                with(InstanceNorm2d.builder(3).affine(true).trackRunningStats(true), mode, 3, 2, 2),
                with(InstanceNorm2d.builder(3).trackRunningStats(true), mode, 2, 3, 2, 2)));
        return Stream.concat(untracked, tracking);
    }

    private static Stream<Arguments> group() {
        return Stream.of("train", "eval").flatMap(mode -> Stream.of(
                with(GroupNorm.builder(1, 6), mode, 2, 6, 3),
                with(GroupNorm.builder(2, 6), mode, 2, 6, 2, 2),
                with(GroupNorm.builder(3, 6).bias(false), mode, 2, 6, 3),
                with(GroupNorm.builder(6, 6), mode, 2, 6, 3),
                with(GroupNorm.builder(2, 6), mode, 3, 6),
                with(GroupNorm.builder(2, 6), mode, 1, 6, 2),
                with(GroupNorm.builder(2, 6).affine(false).eps(0.1), mode, 2, 6, 3)));
    }

    private static Stream<Arguments> layer() {
        return Stream.of("train", "eval").flatMap(mode -> Stream.of(
                with(LayerNorm.builder(5), mode, 5),
                with(LayerNorm.builder(5), mode, 4, 5),
                with(LayerNorm.builder(3, 4), mode, 2, 2, 3, 4),
                with(LayerNorm.builder(3, 4).bias(false).eps(0.1), mode, 2, 3, 4),
                with(LayerNorm.builder(5).elementwiseAffine(false), mode, 4, 5)));
    }

    private static Stream<Arguments> channelsLast() {
        return Stream.of("train", "eval", "frozen").flatMap(mode -> Stream.of(
                with(BatchNorm2d.builder(3).layout(Layout.CHANNELS_LAST), mode, 3, 2, 2, 3),
                with(InstanceNorm2d.builder(3).affine(true).trackRunningStats(true).layout(Layout.CHANNELS_LAST), mode,
                        2, 2, 2, 3),
                with(InstanceNorm1d.builder(3).affine(true).trackRunningStats(true).layout(Layout.CHANNELS_LAST), mode,
                        4, 3),
                with(GroupNorm.builder(3, 6).layout(Layout.CHANNELS_LAST), mode, 2, 3, 6)))
                .filter(arguments -> !arguments.get()[1].equals("frozen")
                        || !(arguments.get()[0] instanceof GroupNorm.Builder));
    }

    private static Stream<Arguments> arranged() {
        return Stream.of("train", "eval").flatMap(mode -> Stream.of(
                with(BatchNorm2d.builder(2).virtualBatch(2), mode, 6, 2, 2, 2),
                with(BatchNorm2d.builder(2).virtualBatch(2).layout(Layout.CHANNELS_LAST), mode, 4, 2, 3, 2),
                with(BatchNorm1d.builder(3).virtualBatch(3).trackRunningStats(false), mode, 6, 3),
                with(BatchNorm2d.builder(2).weight(false), mode, 3, 2, 2, 2),
                with(LayerNorm.builder(3).axes(1), mode, 2, 3, 4),
                with(LayerNorm.builder(2, 4).axes(0, -1), mode, 2, 3, 4),
                with(LayerNorm.builder(2, 3).axes(1, 3), mode, 2, 2, 2, 3),
                with(LayerNorm.builder(3).weight(false), mode, 4, 3),
                with(RMSNorm.builder(3).axes(1), mode, 2, 3, 4)));
    }

    private static Stream<Arguments> forms() {
        Stream<Arguments> smooth = Stream.of(Activation.SILU, Activation.GELU, Activation.GELU_TANH,
                Activation.leakyRelu(0.1)).flatMap(activation -> Stream.of("train", "eval").flatMap(mode -> Stream.of(
                with(BatchNorm2d.builder(2).activation(activation), mode, 3, 2, 2, 2),
                with(LayerNorm.builder(5).bias(false).activation(activation), mode, 4, 5))));
        return Stream.concat(smooth, Stream.of(
                with(InstanceNorm2d.builder(3).affine(true).activation(Activation.RELU), "train", 2, 3, 2, 2),
                with(GroupNorm.builder(2, 6).affine(false).activation(Activation.GELU), "train", 2, 6, 3),
                with(LayerNorm.builder(3, 4).zeroCentered(true), "train", 2, 3, 4),
                with(LayerNorm.builder(5).zeroCentered(true).activation(Activation.SILU), "train", 4, 5),
                with(RMSNorm.builder(5), "train", 4, 5), with(RMSNorm.builder(3, 4), "eval", 2, 3, 4),
                with(RMSNorm.builder(5).elementwiseAffine(false).eps(0.1), "train", 4, 5),
                with(RMSNorm.builder(5).zeroCentered(true).activation(Activation.GELU), "train", 4, 5)));
    }

    @ParameterizedTest(name = "{0} {1} {2}")
    @MethodSource("layers")
    void gradientsAreTheSlopes(LayerBuilder<?, ?> builder, String mode, long[] dims) {
        try (Device device = Device.cpu(); NormLayer layer = builder.build()) {
            layer.place(device);
            prepare(layer, mode);
            double[] x = normal(11, Shape.of(dims).size());
            double[] r = normal(12, x.length);
            gradients(layer, device, x, r, dims);
            assertSlopes(x, device, layer, r, dims, "dx", gradients(layer, device, x, r, dims));
            layer.parameters().forEach((name, parameter) -> assertParameterSlopes(parameter, device, layer, x, r,
                    dims));
            layer.close();
            assertEquals(0, device.liveTensors());
        }
    }

    private static void prepare(NormLayer layer, String mode) {
        layer.parameters().forEach((name, parameter) -> parameter.write(
                name.equals("weight") ? positive(13, parameter.shape().size()) : normal(14, parameter.shape().size())));
        if (layer instanceof TrackingLayer tracking && tracking.tracks()) {
            tracking.runningMean().write(normal(15, tracking.numFeatures()));
            tracking.runningVar().write(positive(16, tracking.numFeatures()));
        }
        if (mode.equals("frozen")) {
            ((TrackingLayer) layer).freezeStatistics();
        }
        layer.train(!mode.equals("eval"));
    }

    private static double[] gradients(NormLayer layer, Device device, double[] x, double[] r, long... dims) {
        try (Scope scope = device.scope()) {
            layer.forward(device.tensor(x, dims));
            return layer.backward(device.tensor(r, dims)).readDoubles();
        }
    }

    private static double loss(NormLayer layer, Device device, double[] x, double[] r, long... dims) {
        try (Tensor input = device.tensor(x, dims); Tensor output = layer.forward(input)) {
            double[] y = output.readDoubles();
            double loss = 0;
            for (int i = 0; i < y.length; i++) {
                loss += y[i] * r[i];
            }
            return loss;
        }
    }

    private static void assertSlopes(double[] x, Device device, NormLayer layer, double[] r, long[] dims, String what,
            double[] gradient) {
        double[] slopes = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            double[] moved = x.clone();
            moved[i] = x[i] + STEP;
            double above = loss(layer, device, moved, r, dims);
            moved[i] = x[i] - STEP;
            slopes[i] = (above - loss(layer, device, moved, r, dims)) / (2 * STEP);
        }
        assertAgree(slopes, gradient, layer + " " + what);
    }

    private static void assertParameterSlopes(Parameter parameter, Device device, NormLayer layer, double[] x,
            double[] r,
            long[] dims) {
        double[] values = parameter.read();
        double[] slopes = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            double[] moved = values.clone();
            moved[i] = values[i] + STEP;
            parameter.write(moved);
            double above = loss(layer, device, x, r, dims);
            moved[i] = values[i] - STEP;
            parameter.write(moved);
            slopes[i] = (above - loss(layer, device, x, r, dims)) / (2 * STEP);
        }
        parameter.write(values);
        assertAgree(slopes, parameter.grad().readDoubles(), layer + " d" + parameter.name());
    }

    private static void assertAgree(double[] slopes, double[] gradient, String what) {
        double scale = Arrays.stream(slopes).map(Math::abs).max().orElse(0);
        for (int i = 0; i < slopes.length; i++) {
            assertEquals(slopes[i], gradient[i], TOLERANCE * scale, what + "[" + i + "]");
        }
    }
}
