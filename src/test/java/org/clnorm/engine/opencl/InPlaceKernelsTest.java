package org.clnorm.engine.opencl;

import static org.clnorm.plan.Axis.kept;
import static org.clnorm.plan.Axis.reduced;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.clnorm.engine.BackwardCall;
import org.clnorm.engine.ForwardCall;
import org.clnorm.engine.NormEngine;
import org.clnorm.engine.RunningStatistics;
import org.clnorm.engine.RunningUpdate;
import org.clnorm.engine.SavedStatistics;
import org.clnorm.plan.Axis;
import org.clnorm.plan.NormView;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Scope;
import org.clnorm.tensor.Tensor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every variant in place: y over x, dx over dy and over x, bit for bit what it is elsewhere, whatever the groups hold
 * (values whose squares leave float's range, equal ones, infinite ones) and whatever is asked for.
 */
class InPlaceKernelsTest {
    private static final double[] SCALES = {1, 1e25, 1e-25, 1, 0, 1e12};

    static Stream<Arguments> cpuViews() {
        return Stream.of(rows("cpu", "cpu/rows", layer(7, 31), layer(300, 33), layer(40, 1025), layer(3, 9001),
                        layer(2, 70_007), group(3, 2, 3, 35), group(5, 3, 2, 1), group(1, 1, 3, 70_001),
                        instance(3, 5, 21)),
                rows("cpu", "cpu/planes", planes(3, 5, 77), planes(9, 3, 2), planes(2, 7, 6001),
                        planes(3, 2, 70_001)),
                rows("cpu", "cpu/columns", columns(129, 13), columns(3, 2), columns(260, 1100), columns(5000, 7),
                        planes(40, 33, 9), planes(3, 40, 199), columns(40_001, 3)),
                rows("cpu", "plain", layer(7, 31), group(3, 2, 3, 35), planes(3, 5, 77)))
                .flatMap(stream -> stream);
    }

    static Stream<Arguments> gpuViews() {
        return Stream.of(rows("gpu", "gpu/rows", layer(37, 31), layer(3, 20_003), layer(2, 300_007),
                        group(3, 2, 3, 35)),
                rows("gpu", "gpu/planes", planes(3, 5, 77), planes(5, 2, 30_001)),
                rows("gpu", "gpu/columns", columns(129, 13), columns(5000, 36)),
                rows("gpu", "gpu/planes-ticketed", planes(40, 6, 1_000)),
                rows("gpu", "plain", group(3, 2, 3, 35)))
                .flatMap(stream -> stream);
    }

    private static Stream<Arguments> rows(String kernels, String variant, NormView... views) {
        return Stream.of(views).map(view -> Arguments.of(kernels, variant, view));
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

    @ParameterizedTest
    @MethodSource("cpuViews")
    void cpuKernels(String kernels, String variant, NormView view) {
        try (OpenClDevice device = TestDevices.open(kernels, variant)) {
            for (DataType type : new DataType[] {DataType.F32, DataType.F16, DataType.BF16}) {
                everything(device, variant, view, type);
            }
        }
    }

    /** One type, since these compile slowly on a CPU; the types share what could go wrong in place. */
    @ParameterizedTest
    @MethodSource("gpuViews")
    void gpuKernels(String kernels, String variant, NormView view) {
        try (OpenClDevice device = TestDevices.open(kernels, variant)) {
            everything(device, variant, view, view.groups() % 2 == 0 ? DataType.F32 : DataType.BF16);
        }
    }

    private static void everything(OpenClDevice device, String variant, NormView view, DataType type) {
        check(device, view, type, false, true);
        boolean slow = variant.startsWith("gpu");
        if (!slow) {
            check(device, view, type, false, false);
        }
        if (!variant.endsWith("rows") && !variant.endsWith("ticketed")) {
            check(device, view, type, true, true);
            if (!slow) {
                check(device, view, type, true, false);
            }
        }
    }

    private static void check(OpenClDevice device, NormView view, DataType type, boolean given, boolean parameters) {
        NormEngine engine = NormEngine.of(device);
        int count = (int) view.parameters();
        String what = view + " " + type + (given ? " given" : "") + (parameters ? "" : " without parameter gradients");
        try (Scope scope = device.scope()) {
            float[] xs = values(view, 1);
            float[] dys = values(view, 2);
            Tensor x = tensor(device, type, xs);
            Tensor weight = device.tensor(weights(count), count);
            RunningStatistics running = given ? running(device, (int) view.groups()) : null;
            // forward
            Tensor y = device.empty(type, x.shape());
            RunningUpdate update = given || view.groups() != count ? null
                    : new RunningUpdate(running(device, count), 0.25, 1.5);
            SavedStatistics saved = engine.forward(new ForwardCall(view, x, y, weight, weight, 1e-5, false, running,
                    update));
            Tensor own = tensor(device, type, xs);
            RunningUpdate again = update == null ? null : new RunningUpdate(running(device, count), 0.25, 1.5);
            engine.forward(new ForwardCall(view, own, own, weight, weight, 1e-5, false, running, again)).close();
            same(y, own, "y of " + what);
            if (update != null) {
                same(update.target().mean(), again.target().mean(), "running mean of " + what);
                same(update.target().variance(), again.target().variance(), "running variance of " + what);
            }
            // backward
            Tensor dy = tensor(device, type, dys);
            Tensor dx = device.empty(type, x.shape());
            Tensor dweight = parameters ? device.zeros(count).fill(3) : null;
            Tensor dbias = parameters ? device.zeros(count).fill(4) : null;
            engine.backward(new BackwardCall(view, x, dy, dx, weight, dweight, dbias, true, given, saved));
            for (boolean overX : new boolean[] {false, true}) {
                Tensor ownX = tensor(device, type, xs);
                Tensor ownDy = tensor(device, type, dys);
                Tensor target = overX ? ownX : ownDy;
                Tensor dw = parameters ? device.zeros(count).fill(3) : null;
                Tensor db = parameters ? device.zeros(count).fill(4) : null;
                engine.backward(new BackwardCall(view, ownX, ownDy, target, weight, dw, db, true, given, saved));
                String where = (overX ? " over x, " : " over dy, ") + what;
                same(dx, target, "dx" + where);
                if (parameters) {
                    same(dweight, dw, "dweight" + where);
                    same(dbias, db, "dbias" + where);
                }
            }
            saved.close();
        }
    }

    private static Tensor tensor(OpenClDevice device, DataType type, float[] values) {
        return device.tensor(type, values, values.length);
    }

    private static RunningStatistics running(OpenClDevice device, int groups) {
        Random random = new Random(3);
        float[] mean = new float[groups];
        float[] variance = new float[groups];
        for (int i = 0; i < groups; i++) {
            mean[i] = (float) random.nextGaussian();
            variance[i] = i % 4 == 1 ? 1e-37f : i % 4 == 2 ? 1e37f : 1 + random.nextFloat();
        }
        return new RunningStatistics(device.tensor(mean, groups), device.tensor(variance, groups));
    }

    private static float[] weights(int count) {
        float[] weights = new float[count];
        Random random = new Random(4);
        for (int i = 0; i < count; i++) {
            weights[i] = i % 6 == 5 ? 1e20f : i % 6 == 4 ? 0 : (float) random.nextGaussian();
        }
        return weights;
    }

    /** Groups of several scales, side by side; one group in seven has an infinite value. */
    private static float[] values(NormView view, long seed) {
        Random random = new Random(seed);
        float[] values = new float[(int) view.elements()];
        boolean[] seen = new boolean[(int) view.groups()];
        for (int i = 0; i < values.length; i++) {
            int group = group(view, i);
            values[i] = (float) ((random.nextGaussian() + 0.5) * SCALES[group % SCALES.length]);
            if (group % 7 == 6 && seen[group]) {
                values[i] = Float.POSITIVE_INFINITY;
                seen[group] = false;
            } else if (group % 7 == 6 && i < values.length / 2) {
                seen[group] = true;
            }
        }
        return values;
    }

    private static int group(NormView view, long element) {
        long group = 0;
        for (Axis axis : view.axes()) {
            if (!axis.reduced()) {
                group = group * axis.size() + element / axis.stride() % axis.size();
            }
        }
        return (int) group;
    }

    private static void same(Tensor expected, Tensor actual, String what) {
        assertArrayEquals(bits(expected), bits(actual), what);
    }

    private static int[] bits(Tensor tensor) {
        float[] values = tensor.read();
        int[] bits = new int[values.length];
        Arrays.setAll(bits, i -> Float.floatToIntBits(values[i]));
        return bits;
    }
}
