package org.clnorm.engine.opencl;

import static org.clnorm.plan.Axis.kept;
import static org.clnorm.plan.Axis.reduced;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.clnorm.engine.BackwardCall;
import org.clnorm.engine.ForwardCall;
import org.clnorm.engine.NormEngine;
import org.clnorm.engine.SavedStatistics;
import org.clnorm.plan.Activation;
import org.clnorm.plan.Form;
import org.clnorm.plan.Join;
import org.clnorm.plan.NormView;
import org.clnorm.tensor.Scope;
import org.clnorm.tensor.Tensor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The fast variants of the GPU kernel set, on shapes that end between vectors, that are cut into chunks, and whose
 * partial sums are folded. PoCL takes about a second a kernel to compile, so each shape is there for a path of its own.
 */
class GpuKernelsTest {
    private static final float BIAS = 0.3f;

    static Stream<Arguments> shapes() {
        return Stream.of(
                shape("layer norm, teams of a work-group", "gpu/rows", layer(137, 64)),
                shape("layer norm, odd rows", "gpu/rows", layer(301, 31)),
                shape("layer norm, odd rows, parameters kept", "gpu/rows", layer(1030, 35)),
                shape("layer norm, rows shorter than a pack", "gpu/rows", layer(50, 3)),
                shape("layer norm, a work-group a row", "gpu/rows", layer(11, 1500)),
                shape("layer norm, x and dy read again", "gpu/rows", layer(33, 5002)),
                shape("layer norm, rows in chunks", "gpu/rows", layer(4, 50_000)),
                shape("layer norm, odd rows in chunks", "gpu/rows", layer(5, 33_001)),
                shape("layer norm, split rows, by columns", "gpu/rows", layer(2, 66_001)),
                shape("group norm, odd segments", "gpu/rows", groups(3, 4, 5, 35)),
                shape("group norm, sums of many samples folded", "gpu/rows", groups(67, 2, 3, 8)),
                shape("group norm of [N, C]", "gpu/rows", groups(9, 3, 5, 1)),
                shape("group norm, few long groups in chunks", "gpu/rows", groups(1, 2, 5, 7001)),
                shape("instance norm", "gpu/rows", groups(3, 5, 1, 77)),
                shape("planes, odd", "gpu/planes", planes(5, 7, 35)),
                shape("planes of two elements", "gpu/planes", planes(33, 9, 2)),
                shape("planes, few channels in chunks of planes", "gpu/planes", planes(300, 3, 121)),
                shape("planes, few channels in chunks of a plane", "gpu/planes", planes(2, 3, 20_001)),
                shape("planes, ticketed", "gpu/planes-ticketed", planes(5, 7, 3001)),
                shape("planes, ticketed, many slices", "gpu/planes-ticketed", planes(3, 5, 20_001)),
                shape("planes, ticketed, channels of a slice", "gpu/planes-ticketed", planes(6, 40, 36)),
                shape("columns, odd", "gpu/columns", planes(29, 13, 1)),
                shape("columns, four abreast in chunks of rows", "gpu/columns", planes(1031, 12, 1)),
                shape("columns, odd in chunks of rows", "gpu/columns", planes(777, 35, 1)),
                shape("columns, few, many rows", "gpu/columns", planes(70_001, 3, 1)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("shapes")
    void agreesWithTheFormulas(String name, String variant, NormView view) {
        try (OpenClDevice device = TestDevices.open("gpu", variant)) {
            new PassCheck(view).run(device);
            new PassCheck(view).values(1e4, 1e-2).eps(1e-9).run(device);
            new PassCheck(view).values(1e6, 1).run(device);
            new PassCheck(view).values(0, 1e19).run(device);
            new PassCheck(view).values(1e-20, 1e-20).eps(0).run(device);
            if (!variant.equals("gpu/rows") && !variant.equals("gpu/planes-ticketed")) {
                new PassCheck(view).given().run(device);
                new PassCheck(view).apart().tracking().values(0, 1e19).run(device);
            }
        }
    }

    static Stream<Arguments> forms() {
        Form rms = new Form(false, true, Activation.SILU, Join.BEFORE);
        Form added = Form.PLAIN.activation(Activation.RELU).join(Join.AFTER);
        return Stream.of(
                form("a sum normalized by its root mean square, odd rows", "gpu/rows", layer(1030, 35), rms),
                form("a sum of rows in chunks", "gpu/rows", layer(5, 33_001), Form.PLAIN.join(Join.BEFORE)),
                form("a sum of split rows", "gpu/rows", layer(2, 66_000), rms),
                form("a residual, groups in chunks", "gpu/rows", groups(1, 2, 5, 7001), added),
                form("gelu, columns", "gpu/columns", planes(777, 35, 1), Form.PLAIN.activation(Activation.GELU)),
                form("a residual, ticketed", "gpu/planes-ticketed", planes(3, 5, 20_001), added));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("forms")
    void agreesWithTheFormulasInOtherForms(String name, String variant, NormView view, Form form) {
        try (OpenClDevice device = TestDevices.open("gpu", variant)) {
            new PassCheck(view).as(form).run(device);
            new PassCheck(view).as(form).values(0, 1e19).run(device);
        }
    }

    static Stream<Arguments> tracked() {
        return Stream.of(
                shape("no launch of its own: planes", "gpu/planes", planes(5, 7, 35)),
                shape("no launch of its own: planes in chunks", "gpu/planes", planes(300, 3, 121)),
                shape("no launch of its own: columns, odd", "gpu/columns", planes(29, 13, 1)),
                shape("no launch of its own: columns merged", "gpu/columns", planes(777, 35, 1)),
                shape("no launch of its own: columns, moments merged before", "gpu/columns", planes(70_001, 3, 1)),
                shape("no launch of its own: one sample", "gpu/rows", groups(1, 5, 1, 77)),
                shape("a launch of its own: a parameter an element", "gpu/rows", layer(50, 3)),
                shape("a launch of its own: ticketed", "gpu/planes-ticketed", planes(5, 7, 3001)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("tracked")
    void movesRunningStatistics(String name, String variant, NormView view) {
        try (OpenClDevice device = TestDevices.open("gpu", variant)) {
            new PassCheck(view).tracking().run(device);
            new PassCheck(view).tracking().values(1e4, 1).run(device);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("shapes")
    void whatIsNotFiniteStaysInItsGroupAndEveryRunGivesTheSameBits(String name, String variant, NormView view) {
        int n = (int) view.elements();
        float[] x = values(n, 1);
        x[n / 2] = Float.POSITIVE_INFINITY;
        try (OpenClDevice device = TestDevices.open("gpu", variant)) {
            float[][] first = pass(device, view, x);
            float[][] second = pass(device, view, x);
            for (int i = 0; i < first.length; i++) {
                assertArrayEquals(first[i], second[i], name);
            }
            for (int i = 0; i < 2; i++) {
                assertEquals(n - view.groupSize(), finite(first[i]), "finite elements, all but those of one group");
            }
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("shapes")
    void equalElementsGiveExactlyTheBias(String name, String variant, NormView view) {
        float[] x = new float[(int) view.elements()];
        Arrays.fill(x, 12345.678f);
        try (OpenClDevice device = TestDevices.open("gpu", variant)) {
            for (float y : pass(device, view, x)[0]) {
                assertEquals(BIAS, y);
            }
        }
    }

    /** y, dx, dweight and dbias. */
    private static float[][] pass(OpenClDevice device, NormView view, float[] x) {
        int parameters = (int) view.parameters();
        NormEngine engine = NormEngine.of(device);
        try (Scope scope = device.scope()) {
            Tensor tx = device.tensor(x, x.length);
            Tensor y = device.zeros(x.length).fill(7);
            Tensor dx = device.zeros(x.length).fill(7);
            Tensor weight = device.tensor(values(parameters, 2), parameters);
            Tensor bias = device.zeros(parameters).fill(BIAS);
            Tensor dweight = device.zeros(parameters);
            Tensor dbias = device.zeros(parameters);
            try (SavedStatistics saved = engine
                    .forward(new ForwardCall(view, tx, y, weight, bias, 1e-5, false, null, null))) {
                Tensor dy = device.tensor(values(x.length, 3), x.length);
                engine.backward(new BackwardCall(view, tx, dy, dx, weight, dweight, dbias, false, false, saved));
            }
            return new float[][] {y.read(), dx.read(), dweight.read(), dbias.read()};
        }
    }

    private static Arguments form(String name, String variant, NormView view, Form form) {
        return Arguments.of(name, variant, view, form);
    }

    private static float[] values(int count, long seed) {
        Random random = new Random(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    private static long finite(float[] values) {
        long finite = 0;
        for (float value : values) {
            finite += Float.isFinite(value) ? 1 : 0;
        }
        return finite;
    }

    private static Arguments shape(String name, String variant, NormView view) {
        return Arguments.of(name, variant, view);
    }

    private static NormView layer(long rows, long length) {
        return NormView.of(kept(rows, length, 0), reduced(length, 1, 1));
    }

    private static NormView groups(long samples, long groups, long channels, long span) {
        return NormView.of(kept(samples, groups * channels * span, 0), kept(groups, channels * span, channels),
                reduced(channels, span, 1), reduced(span, 1, 0));
    }

    private static NormView planes(long outer, long channels, long span) {
        return NormView.of(reduced(outer, channels * span, 0), kept(channels, span, 1), reduced(span, 1, 0));
    }
}
