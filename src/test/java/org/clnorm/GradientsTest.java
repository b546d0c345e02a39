package org.clnorm;

import static org.clnorm.LayersOfTests.SHAPE;
import static org.clnorm.Values.assertClose;
import static org.clnorm.Values.normal;
import static org.clnorm.Values.positive;
import static org.clnorm.Values.rounded;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.function.Supplier;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Tensor;

/** Gradients as training loops ask for them: written or added up, some of them or all, through given statistics. */
class GradientsTest {
    private static final String[] FROZEN = {"", "weight", "bias", "weight bias"};

    private static void freeze(NormLayer layer, String names) {
        layer.parameters().values().forEach(parameter -> parameter.requiresGrad(!names.contains(parameter.name())));
    }

    @OnEveryDevice
    void freezingChangesNoOtherGradient(Device device, DataType type) {
        LayersOfTests.all().forEach((name, maker) -> {
            try (NormLayer norm = LayersOfTests.on(device, maker)) {
                Tensor x = normal(device, type, 1, SHAPE);
                Tensor dy = normal(device, type, 2, SHAPE);
                norm.forward(x);
                float[] dx = norm.backward(dy).read();
                for (String frozen : FROZEN) {
                    for (boolean alone : new boolean[] {false, true}) {
                        frozen(device, maker, frozen, alone, new Tensor[] {x, dy}, dx, norm);
                    }
                }
            }
        });
    }

    private static void frozen(Device device, Supplier<NormLayer> maker, String frozen, boolean alone, Tensor[] inputs,
            float[] dx, NormLayer free) {
        try (NormLayer norm = LayersOfTests.on(device, maker)) {
            freeze(norm, frozen);
            norm.forward(inputs[0]);
            if (alone) {
                norm.backwardParameters(inputs[1]);
            } else {
                assertArrayEquals(dx, norm.backward(inputs[1]).read(), norm + ", frozen: " + frozen);
            }
            norm.parameters().forEach((name, parameter) -> {
                assertEquals(!frozen.contains(name), parameter.hasGrad(), norm + ", " + name);
                if (parameter.hasGrad()) {
                    assertClose(free.parameters().get(name).grad().readDoubles(), parameter.grad(), norm + ", " + name);
                }
            });
        }
    }

    @OnEveryDevice
    void sumsOfSeveralPasses(Device device, DataType type) {
        for (String frozen : FROZEN) {
            try (BatchNorm2d adding = new BatchNorm2d(6).on(device); BatchNorm2d norm = new BatchNorm2d(6).on(device)) {
                adding.accumulateGradients(true);
                freeze(adding, frozen);
                Tensor x = normal(device, type, 1, SHAPE);
                double[] dweight = new double[6];
                double[] dbias = new double[6];
                for (int pass = 0; pass < 3; pass++) {
                    Tensor dy = normal(device, type, 2 + pass, SHAPE);
                    adding.forward(x);
                    adding.backward(dy);
                    norm.forward(x);
                    norm.backward(dy);
                    add(dweight, norm.weight());
                    add(dbias, norm.bias());
                }
                check(adding.weight(), frozen, dweight);
                check(adding.bias(), frozen, dbias);
                adding.zeroGrad();
                check(adding.weight(), frozen, new double[6]);
                check(adding.bias(), frozen, new double[6]);
            }
        }
    }

    private static void add(double[] sum, Parameter parameter) {
        double[] values = parameter.grad().readDoubles();
        for (int i = 0; i < sum.length; i++) {
            sum[i] += values[i];
        }
    }

    private static void check(Parameter parameter, String frozen, double[] expected) {
        assertEquals(!frozen.contains(parameter.name()), parameter.hasGrad());
        if (parameter.hasGrad()) {
            assertClose(expected, parameter.grad(), parameter.name());
        }
    }

    @OnEveryDevice
    void whatIsOverwrittenIsNotRead(Device device, DataType type) {
        LayersOfTests.all().forEach((name, maker) -> {
            try (NormLayer norm = LayersOfTests.on(device, maker)) {
                Tensor x = normal(device, type, 1, SHAPE);
                Tensor dy = normal(device, type, 2, SHAPE);
                norm.forward(x);
                float[] dx = norm.backward(dy).read();
                Snapshot clean = Snapshot.of(norm);
                norm.parameters().values().forEach(parameter -> parameter.grad().fill(Double.NaN));
                Tensor into = device.zeros(type, SHAPE).fill(Double.NaN);
                Tensor y = device.zeros(type, SHAPE).fill(Double.NaN);
                norm.forward(x, y);
                norm.backward(dy, into);
                assertArrayEquals(dx, into.read(), name);
                assertEquals(clean.gradients(), Snapshot.of(norm).gradients(), name);
                into.fill(Double.NaN);
                norm.parameters().values().forEach(parameter -> parameter.grad().fill(Double.NaN));
                norm.backwardFrom(x, dy, into);
                assertArrayEquals(dx, into.read(), name);
                assertEquals(clean.gradients(), Snapshot.of(norm).gradients(), name);
                for (float value : y.read()) {
                    assertFalse(Float.isNaN(value), name);
                }
            }
        });
    }

    /** dx = dy · weight · rstd: nothing flows through statistics that are given. */
    @OnEveryDevice
    void throughGivenStatistics(Device device, DataType type) {
        Reference reference = Reference.batch(6, 20, 1e-5);
        double[] mean = normal(3, 6);
        double[] variance = positive(4, 6);
        double[] weight = normal(5, 6);
        double[] x = rounded(type, normal(1, 360));
        double[] dy = rounded(type, normal(2, 360));
        Reference.Moments moments = new Reference.Moments(mean, variance, null);
        for (boolean frozen : new boolean[] {false, true}) {
            try (BatchNorm2d norm = new BatchNorm2d(6).on(device)) {
                norm.weight().write(weight);
                norm.runningMean().write(mean);
                norm.runningVar().write(variance);
                if (frozen) {
                    norm.freezeStatistics();
                } else {
                    norm.eval();
                }
                Tensor input = device.tensor(type, x, SHAPE);
                Tensor gradient = device.tensor(type, dy, SHAPE);
                norm.forward(input);
                assertClose(reference.givenInputGradient(dy, moments, weight), norm.backward(gradient), "dx");
                for (int way = 0; way < 2; way++) {
                    assertClose(reference.weightGradient(x, dy, moments, 6), norm.weight().grad(), "dweight");
                    assertClose(reference.biasGradient(dy, 6), norm.bias().grad(), "dbias");
                    assertClose(reference.givenInputGradient(dy, moments, weight),
                            norm.backwardFrom(input, gradient), "dx again");
                }
                assertArrayEquals(mean, norm.runningMean().readDoubles());
            }
        }
    }
}
