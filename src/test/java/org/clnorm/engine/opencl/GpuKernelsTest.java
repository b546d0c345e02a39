package org.clnorm.engine.opencl;

import static org.clnorm.plan.Axis.kept;
import static org.clnorm.plan.Axis.reduced;

import java.util.stream.Stream;
import org.clnorm.plan.NormView;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The fast variants of the GPU kernel set, on shapes that end between vectors, that split, and that fold. */
class GpuKernelsTest {
    static Stream<Arguments> rows() {
        return Stream.of(
                named("layer norm, aligned rows", layer(37, 64)),
                named("layer norm, odd rows", layer(41, 31)),
                named("layer norm, rows shorter than a vector", layer(50, 3)),
                named("layer norm, one row", layer(1, 17)),
                named("layer norm, more rows than fit the blocks", layer(700, 20)),
                named("layer norm, a row is several quads a work-item", layer(9, 4099)),
                named("layer norm, rows by columns", layer(3, 33000)),
                named("layer norm, odd rows by columns", layer(2, 33001)),
                named("group norm", groups(3, 4, 5, 35)),
                named("group norm, aligned", groups(2, 2, 8, 64)),
                named("group norm, many samples to fold", groups(67, 2, 3, 8)),
                named("group norm of [N, C]", groups(9, 3, 5, 1)),
                named("group norm, few long groups", groups(1, 2, 5, 7001)),
                named("instance norm", groups(3, 5, 1, 77)),
                named("instance norm, few long planes", groups(1, 3, 1, 40003)));
    }

    static Stream<Arguments> planes() {
        return Stream.of(
                named("planes, odd", planes(5, 7, 35)),
                named("planes, aligned", planes(3, 6, 64)),
                named("planes, tiny", planes(33, 9, 2)),
                named("planes of one element", planes(19, 5, 1)),
                named("one sample", planes(1, 4, 49)),
                named("one channel", planes(5, 1, 21)),
                named("few channels, chunks of planes", planes(300, 3, 121)),
                named("few channels, chunks of a plane", planes(2, 3, 20001)),
                named("few channels, many chunks to fold", planes(2, 1, 300000)));
    }

    static Stream<Arguments> columns() {
        return Stream.of(
                named("columns, odd", planes(29, 13, 1)),
                named("columns, aligned", planes(50, 64, 1)),
                named("columns, chunks", planes(1031, 12, 1)),
                named("columns, odd chunks", planes(777, 35, 1)),
                named("columns, one", planes(130, 1, 1)),
                named("columns, more than a tile", planes(65, 300, 1)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("rows")
    void rowsAgreeWithTheFormulas(String name, NormView view) {
        try (OpenClDevice device = TestDevices.open("gpu", "gpu/rows")) {
            check(device, view);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("planes")
    void planesAgreeWithTheFormulas(String name, NormView view) {
        try (OpenClDevice device = TestDevices.open("gpu", "gpu/planes")) {
            check(device, view);
            new PassCheck(view).given().run(device);
            new PassCheck(view).given().plain().run(device);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("columns")
    void columnsAgreeWithTheFormulas(String name, NormView view) {
        try (OpenClDevice device = TestDevices.open("gpu", "gpu/columns")) {
            check(device, view);
            new PassCheck(view).given().run(device);
            new PassCheck(view).given().plain().run(device);
        }
    }

    private static void check(OpenClDevice device, NormView view) {
        new PassCheck(view).run(device);
        new PassCheck(view).plain().run(device);
        new PassCheck(view).values(1e4, 1e-2).eps(1e-9).run(device);
        new PassCheck(view).values(1e6, 1).run(device);
        new PassCheck(view).values(0, 1e19).run(device);
        new PassCheck(view).values(1e-20, 1e-20).eps(0).run(device);
    }

    private static Arguments named(String name, NormView view) {
        return Arguments.of(name, view);
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
