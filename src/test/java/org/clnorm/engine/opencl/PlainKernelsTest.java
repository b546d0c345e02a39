package org.clnorm.engine.opencl;

import static org.clnorm.plan.Axis.kept;
import static org.clnorm.plan.Axis.reduced;

import java.util.stream.Stream;
import org.clnorm.plan.NormView;
import org.clnorm.tensor.DataType;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The plain variant on views of all patterns, in both kernel sets. */
class PlainKernelsTest {
    static Stream<Arguments> views() {
        return Stream.of(
                NormView.of(kept(7, 31, 0), reduced(31, 1, 1)),
                NormView.of(kept(3, 6 * 35, 0), kept(2, 3 * 35, 3), reduced(3, 35, 1), reduced(35, 1, 0)),
                NormView.of(kept(3, 5 * 21, 0), kept(5, 21, 1), reduced(21, 1, 0)),
                NormView.of(reduced(3, 5 * 77, 0), kept(5, 77, 1), reduced(77, 1, 0)),
                NormView.of(reduced(129, 13, 0), kept(13, 1, 1)),
                NormView.of(kept(4, 6 * 5, 6), reduced(5, 6, 0), kept(6, 1, 1)),
                NormView.of(kept(2, 9 * 12, 0), reduced(9, 12, 0), kept(4, 3, 3), reduced(3, 1, 1)),
                NormView.of(reduced(1000, 1, 1)))
                .flatMap(view -> Stream.of(Arguments.of(view, "cpu"), Arguments.of(view, "gpu")));
    }

    @ParameterizedTest
    @MethodSource("views")
    void agreesWithTheFormulas(NormView view, String kernels) {
        try (OpenClDevice device = TestDevices.open(kernels, "plain")) {
            new PassCheck(view).run(device);
            new PassCheck(view).given().run(device);
            new PassCheck(view).plain().run(device);
            new PassCheck(view).plain().given().run(device);
            new PassCheck(view).values(1e4, 1).run(device);
            new PassCheck(view).values(0, 1e18).run(device);
            new PassCheck(view).values(1e-20, 1e-20).eps(0).run(device);
        }
    }

    @ParameterizedTest
    @MethodSource("views")
    void sixteenBitsAgreeToTheLast(NormView view, String kernels) {
        try (OpenClDevice device = TestDevices.open(kernels, "plain")) {
            for (DataType type : new DataType[] {DataType.F16, DataType.BF16}) {
                new PassCheck(view).in(type, DataType.F32).run(device);
                new PassCheck(view).in(type, DataType.F32).given().run(device);
                new PassCheck(view).in(type, type).run(device);
                new PassCheck(view).in(type, type).given().run(device);
                new PassCheck(view).in(type, type).plain().run(device);
                new PassCheck(view).in(type, DataType.F32).values(1e4, 1e3).run(device);
                new PassCheck(view).in(type, DataType.F32).values(1e-6, 1e-6).eps(0).run(device);
            }
            new PassCheck(view).in(DataType.BF16, DataType.BF16).values(0, 1e18).run(device);
        }
    }
}
