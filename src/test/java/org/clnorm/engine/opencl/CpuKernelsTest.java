package org.clnorm.engine.opencl;

import static org.clnorm.plan.Axis.kept;
import static org.clnorm.plan.Axis.reduced;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.Arrays;
import java.util.stream.Stream;
import org.clnorm.engine.ForwardCall;
import org.clnorm.engine.NormEngine;
import org.clnorm.plan.NormView;
import org.clnorm.tensor.Scope;
import org.clnorm.tensor.Tensor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The CPU kernels against the formulas: lengths that are and are not multiples of a vector, shorter than one, long
 * enough for several chunks, and large enough to be shared by several work-items and stored past the caches.
 */
class CpuKernelsTest {
    static Stream<Arguments> views() {
        return Stream.of(
                rows("cpu/rows", layer(7, 31), layer(5, 3), layer(300, 64), layer(40, 1025), layer(3, 9001),
                        group(3, 2, 3, 35), group(5, 3, 2, 1), instance(3, 5, 21), instance(2, 3, 4100)),
                rows("cpu/planes", planes(3, 5, 77), planes(9, 3, 2), planes(2, 7, 6001)),
                rows("cpu/columns", columns(129, 13), columns(3, 2), columns(260, 1100), columns(5000, 7),
                        planes(40, 33, 9), planes(701, 5, 7), planes(3, 40, 199), planes(900, 20, 30),
                        groupsLast(5, 130, 33, 1), groupsLast(3, 100, 5, 7), groupsLast(2, 60, 3, 400),
                        groupsLast(1, 300, 1, 64), overChannels(3, 33, 70), overChannels(1, 20, 1300)))
                .flatMap(stream -> stream);
    }

    static Stream<Arguments> largeViews() {
        return Stream.of(
                rows("cpu/rows", layer(2, 300_007), layer(2_100, 1_001), group(1, 1, 3, 70_001)),
                rows("cpu/planes", planes(3, 2, 70_001), planes(5_000, 1, 60), planes(70, 10, 3_001)),
                rows("cpu/columns", columns(4_099, 513), columns(400_001, 3), planes(9_001, 10, 21),
                        groupsLast(2, 6_001, 10, 21), groupsLast(1, 90_001, 7, 1)))
                .flatMap(stream -> stream);
    }

    private static Stream<Arguments> rows(String variant, NormView... views) {
        return Stream.of(views).map(view -> Arguments.of(variant, view));
    }

    private static NormView layer(long rows, long length) {
        return NormView.of(kept(rows, length, 0), reduced(length, 1, 1));
    }

    private static NormView group(long samples, long groups, long channels, long space) {
        return NormView.of(kept(samples, groups * channels * space, 0), kept(groups, channels * space, channels),
                reduced(channels, space, 1), reduced(space, 1, 0));
    }

    private static NormView instance(long samples, long channels, long space) {
        return NormView.of(kept(samples, channels * space, 0), kept(channels, space, 1), reduced(space, 1, 0));
    }

    private static NormView planes(long samples, long channels, long space) {
        return NormView.of(reduced(samples, channels * space, 0), kept(channels, space, 1), reduced(space, 1, 0));
    }

    private static NormView columns(long rows, long channels) {
        return NormView.of(reduced(rows, channels, 0), kept(channels, 1, 1));
    }

    /** Channels last, in groups of some members each. */
    private static NormView groupsLast(long samples, long pixels, long groups, long members) {
        long channels = groups * members;
        return NormView.of(kept(samples, pixels * channels, 0), reduced(pixels, channels, 0),
                kept(groups, members, members), reduced(members, 1, 1));
    }

    /** Layer normalization over the channels of [samples, channels, pixels]. */
    private static NormView overChannels(long samples, long channels, long pixels) {
        return NormView.of(kept(samples, channels * pixels, 0), reduced(channels, pixels, 1), kept(pixels, 1, 0));
    }

    @ParameterizedTest
    @MethodSource("views")
    void agreesWithTheFormulas(String variant, NormView view) {
        try (OpenClDevice device = TestDevices.open("cpu", variant)) {
            new PassCheck(view).run(device);
            new PassCheck(view).tracking().run(device);
            new PassCheck(view).tracking().values(1e4, 1e-2).run(device);
            new PassCheck(view).values(1e6, 1).run(device);
            new PassCheck(view).values(0, 1e18).run(device);
            if (view.groupSize() > 3) {
                new PassCheck(view).values(1e-20, 1e-20).eps(0).run(device);
            }
            if (!variant.equals("cpu/rows")) {
                new PassCheck(view).given().run(device);
            }
            if (!variant.equals("cpu/rows") && keepsAxesWithoutParameters(view)) {
                new PassCheck(view).apart().tracking().values(0, 1e18).run(device);
            }
        }
    }

    /** Exactly, whatever the length: a mean that is off in its last digit would be multiplied by 1/sqrt(eps). */
    @ParameterizedTest
    @MethodSource("views")
    void constantGroupsGiveTheBias(String variant, NormView view) {
        int n = (int) view.elements();
        int parameters = (int) view.parameters();
        float[] x = new float[n];
        Arrays.fill(x, 3.1415927e7f);
        float[] bias = new float[parameters];
        Arrays.fill(bias, 0.25f);
        float[] expected = new float[n];
        Arrays.fill(expected, 0.25f);
        try (OpenClDevice device = TestDevices.open("cpu", variant); Scope scope = device.scope()) {
            Tensor y = device.zeros(n);
            NormEngine.of(device).forward(new ForwardCall(view, device.tensor(x, n), y, null,
                    device.tensor(bias, parameters), 1e-12, false, null, null)).close();
            assertArrayEquals(expected, y.read());
        }
    }

    @ParameterizedTest
    @MethodSource("views")
    void needsNoParameters(String variant, NormView view) {
        if (variant.equals("cpu/rows") || keepsAxesWithoutParameters(view)) {
            try (OpenClDevice device = TestDevices.open("cpu", variant)) {
                new PassCheck(view).plain().run(device);
            }
        }
    }

    private static boolean keepsAxesWithoutParameters(NormView view) {
        return view.withoutParameters().axes().size() == view.axes().size();
    }

    @ParameterizedTest
    @MethodSource("largeViews")
    void agreesWithTheFormulasOnLargeTensors(String variant, NormView view) {
        try (OpenClDevice device = TestDevices.open("cpu", variant)) {
            new PassCheck(view).run(device);
            new PassCheck(view).tracking().values(1e5, 1).run(device);
            if (!variant.equals("cpu/rows")) {
                new PassCheck(view).given().run(device);
                new PassCheck(view).apart().tracking().run(device);
            }
        }
    }
}
