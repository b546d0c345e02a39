package org.clnorm.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.clnorm.BatchNorm2d;
import org.clnorm.LayerNorm;
import org.clnorm.NormLayer;
import org.clnorm.OnEveryDevice;
import org.clnorm.plan.Activation;
import org.clnorm.plan.Task;
import org.clnorm.state.HostTensor;
import org.clnorm.state.StateDict;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Scope;
import org.clnorm.tensor.Shape;
import org.clnorm.tensor.Tensor;

/** Tensors of doubles, on devices that have them. */
class DoublePrecisionTest {
    /** Of scale, where x is not far from its mean; what PyTorch itself rounds is in it. */
    private static final double TOLERANCE = 1e-12;
    /** What a rounding of x, or of a mean, adds to that for each deviation that x is away from 0. */
    private static final double ROUNDING = 0x1p-52;

    @OnEveryDevice
    void agreesWithPyTorch(Device device) {
        assumeTrue(device.supports(DataType.F64));
        List<String> faults = new ArrayList<>();
        for (Path file : TestCases.all()) {
            Case what = Case.load(file);
            if (what.storage(0) == DataType.F32) {
                StateDict results = CaseRunner.runInDouble(what, device, null);
                for (int k = 0; k < what.steps().size(); k++) {
                    int step = k;
                    double tolerance = TOLERANCE + ROUNDING * deviations(what.steps().get(k).x().toDoubles());
                    what.steps().get(k).expected().forEach((name, expected) -> compare(what, step + "." + name,
                            expected, results.tensors().get(step + "." + name), tolerance, faults));
                }
            }
        }
        assertEquals(List.of(), faults);
    }

    /** How many deviations the mean is away from 0. */
    private static double deviations(double[] x) {
        double mean = Arrays.stream(x).average().orElse(0);
        double variance = Arrays.stream(x).map(value -> (value - mean) * (value - mean)).average().orElse(0);
        double deviations = Math.abs(mean) / Math.sqrt(variance);
        return Double.isFinite(deviations) ? deviations : 0;
    }

    private static void compare(Case what, String name, Expected expected, HostTensor got, double tolerance,
            List<String> faults) {
        double[] wanted = expected.values().toDoubles();
        double[] values = got.toDoubles();
        for (int i = 0; i < wanted.length; i++) {
            boolean finite = Double.isFinite(wanted[i]) && Double.isFinite(values[i]);
            boolean right = finite ? Math.abs(wanted[i] - values[i]) <= tolerance * expected.scale()
                    : Double.isFinite(wanted[i]) == Double.isFinite(values[i])
                            && (what.formulaDependent() || Double.compare(wanted[i], values[i]) == 0);
            if (!right) {
                faults.add(what + " " + name + "[" + i + "]: expected " + wanted[i] + ", got " + values[i]
                        + ", scale " + expected.scale());
                return;
            }
        }
    }

    /** Digits that floats do not have: the same as on the Java engine. */
    @OnEveryDevice
    void keepsTheDigits(Device device) {
        assumeTrue(device.supports(DataType.F64));
        double[] values = new double[4 * 3 * 5 * 7];
        Arrays.setAll(values, i -> 1e6 + Math.sin(0.37 * i));
        try (Device cpu = Device.cpu()) {
            for (Activation activation : new Activation[] {Activation.NONE, Activation.leakyRelu(0.01),
                    Activation.SILU, Activation.GELU, Activation.GELU_TANH}) {
                double[][] expected = passes(cpu, activation, values);
                double[][] got = passes(device, activation, values);
                for (int k = 0; k < expected.length; k++) {
                    double scale = Arrays.stream(expected[k]).map(Math::abs).max().orElse(0);
                    for (int i = 0; i < expected[k].length; i++) {
                        assertEquals(expected[k][i], got[k][i], 1e-9 * scale, activation + " " + k);
                    }
                }
            }
        }
    }

    /** y, dx, dweight, dbias and the running variance. */
    private static double[][] passes(Device device, Activation activation, double[] values) {
        try (NormLayer layer = BatchNorm2d.builder(3).eps(1e-7).dataType(DataType.F64).activation(activation).build()
                .on(device); Scope scope = device.scope()) {
            Tensor x = device.empty(DataType.F64, Shape.of(4, 3, 5, 7)).write(values);
            Tensor dy = device.empty(DataType.F64, Shape.of(4, 3, 5, 7));
            double[] gradients = new double[values.length];
            Arrays.setAll(gradients, i -> Math.cos(0.11 * i));
            double[] y = layer.forward(x).readDoubles();
            double[] dx = layer.backward(dy.write(gradients)).readDoubles();
            return new double[][] {y, dx, layer.weight().grad().readDoubles(), layer.bias().grad().readDoubles(),
                    layer.stateDict().doubles("running_var")};
        }
    }

    @OnEveryDevice
    void saysWhichKernelsDoIt(Device device) {
        assumeTrue(device.supports(DataType.F64));
        try (NormLayer layer = LayerNorm.builder(8).dataType(DataType.F64).build().on(device);
                Tensor x = device.empty(DataType.F64, Shape.of(2, 8));
                Tensor floats = device.empty(DataType.F32, Shape.of(2, 8))) {
            String variant = layer.explain(x, Task.Pass.FORWARD).variant();
            assertEquals(variant.equals("reference") ? variant : "plain", variant);
            assertThrows(IllegalArgumentException.class, () -> layer.forward(floats));
        }
    }
}
