package org.clnorm;

import static org.clnorm.Values.normal;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import org.clnorm.plan.Activation;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Scope;
import org.clnorm.tensor.Tensor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The gradients of passes with a residual against central differences, in double on the Java engine. */
class ResidualSlopesTest {
    private static final long[] SHAPE = {3, 2, 4};
    private static final int SIZE = 24;
    private static final double STEP = 1e-5;
    private static final double TOLERANCE = 1e-7;

    static Stream<LayerBuilder<?, ?>> layers() {
        return Stream.of(BatchNorm1d.builder(2), LayerNorm.builder(4).activation(Activation.SILU),
                GroupNorm.builder(1, 2).bias(false), RMSNorm.builder(4).zeroCentered(true));
    }

    static Stream<LayerBuilder<?, ?>> rectified() {
        return Stream.of(BatchNorm1d.builder(2), BatchNorm1d.builder(2).activation(Activation.RELU),
                LayerNorm.builder(4).activation(Activation.RELU), RMSNorm.builder(4),
                InstanceNorm1d.builder(2).activation(Activation.RELU));
    }

    /** loss = Σ y · a + Σ s · b. */
    @ParameterizedTest
    @MethodSource("layers")
    void before(LayerBuilder<?, ?> builder) {
        double[] a = normal(3, SIZE);
        double[] b = normal(4, SIZE);
        try (Device device = Device.cpu(); Scope scope = device.scope(); NormLayer layer = placed(builder, device)) {
            AddNorm add = new AddNorm(layer);
            ToDoubleFunction<double[][]> loss = inputs -> {
                Tensor sum = device.zeros(DataType.F64, SHAPE);
                Tensor y = add.forward(device.tensor(inputs[0], SHAPE), device.tensor(inputs[1], SHAPE), sum);
                return dot(y, a) + dot(sum, b);
            };
            double[][] inputs = {normal(1, SIZE), normal(2, SIZE)};
            loss.applyAsDouble(inputs);
            double[] gradient = add.backward(device.tensor(a, SHAPE), device.tensor(b, SHAPE)).readDoubles();
            assertAgree(loss, inputs, 0, gradient);
            assertAgree(loss, inputs, 1, gradient);
            assertParameters(layer, loss, inputs);
        }
    }

    /** loss = Σ y · a. */
    @ParameterizedTest
    @MethodSource("rectified")
    void after(LayerBuilder<?, ?> builder) {
        double[] a = normal(3, SIZE);
        try (Device device = Device.cpu(); Scope scope = device.scope(); NormLayer layer = placed(builder, device)) {
            NormAdd add = new NormAdd(layer);
            ToDoubleFunction<double[][]> loss = inputs ->
                    dot(add.forward(device.tensor(inputs[0], SHAPE), device.tensor(inputs[1], SHAPE)), a);
            double[][] inputs = {normal(1, SIZE), normal(2, SIZE)};
            loss.applyAsDouble(inputs);
            Tensor dy = device.tensor(a, SHAPE);
            Tensor dresidual = device.tensor(a, SHAPE); // dy itself where there is no activation
            Tensor dx = layer.form().activation().equals(Activation.NONE) ? layer.backward(dy)
                    : add.backward(dy, dresidual);
            assertAgree(loss, inputs, 0, dx.readDoubles());
            assertAgree(loss, inputs, 1, dresidual.readDoubles());
            assertParameters(layer, loss, inputs);
        }
    }

    private static NormLayer placed(LayerBuilder<?, ?> builder, Device device) {
        NormLayer layer = builder.dataType(DataType.F64).build();
        layer.parameters().values().forEach(parameter -> parameter.write(normal(7, parameter.shape().size())));
        return layer.on(device);
    }

    private static double dot(Tensor tensor, double[] factors) {
        double[] values = tensor.readDoubles();
        double sum = 0;
        for (int i = 0; i < values.length; i++) {
            sum += values[i] * factors[i];
        }
        return sum;
    }

    private static void assertAgree(ToDoubleFunction<double[][]> loss, double[][] inputs, int which,
            double[] gradient) {
        double[] slopes = new double[SIZE];
        for (int i = 0; i < SIZE; i++) {
            double[][] moved = {inputs[0].clone(), inputs[1].clone()};
            moved[which][i] = inputs[which][i] + STEP;
            double above = loss.applyAsDouble(moved);
            moved[which][i] = inputs[which][i] - STEP;
            slopes[i] = (above - loss.applyAsDouble(moved)) / (2 * STEP);
        }
        assertAgree(slopes, gradient);
    }

    private static void assertParameters(NormLayer layer, ToDoubleFunction<double[][]> loss, double[][] inputs) {
        for (Parameter parameter : layer.parameters().values()) {
            double[] values = parameter.read();
            double[] slopes = new double[values.length];
            for (int i = 0; i < values.length; i++) {
                double[] moved = values.clone();
                moved[i] = values[i] + STEP;
                parameter.write(moved);
                double above = loss.applyAsDouble(inputs);
                moved[i] = values[i] - STEP;
                parameter.write(moved);
                slopes[i] = (above - loss.applyAsDouble(inputs)) / (2 * STEP);
            }
            parameter.write(values);
            assertAgree(slopes, parameter.grad().readDoubles());
        }
    }

    private static void assertAgree(double[] slopes, double[] gradient) {
        double scale = Arrays.stream(slopes).map(Math::abs).max().orElseThrow();
        for (int i = 0; i < slopes.length; i++) {
            assertEquals(slopes[i], gradient[i], TOLERANCE * scale, "element " + i);
        }
    }
}
