package org.clnorm;

import static org.clnorm.Values.assertClose;
import static org.clnorm.Values.normal;
import static org.clnorm.Values.rounded;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.clnorm.SyncRanks.Result;
import org.clnorm.sync.CollectiveException;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Scope;
import org.clnorm.tensor.Tensor;
import org.junit.jupiter.api.Test;

/** Synchronized batch normalization of parts against batch normalization of the whole. */
class SyncBatchNormTest {
    private static final double EPS = 1e-5;

    private static BatchNormBuilder<BatchNorm1d> whole(SyncRanks ranks) {
        return BatchNorm1d.builder(ranks.channels()).layout(ranks.layout()).dataType(parameters(ranks));
    }

    private static DataType parameters(SyncRanks ranks) {
        return ranks.type().statistics();
    }

    private static SyncBatchNorm built(BatchNormBuilder<SyncBatchNorm> builder, SyncRanks ranks,
            Consumer<BatchNormBuilder<?>> settings) {
        builder.layout(ranks.layout()).dataType(parameters(ranks));
        settings.accept(builder);
        return builder.build();
    }

    /** Doubles on the Java engine. */
    private static void agreesInDouble(SyncRanks ranks, double[] x, double[] dy, Consumer<BatchNormBuilder<?>> settings)
            throws Exception {
        try (Device device = Device.cpu()) {
            BatchNormBuilder<BatchNorm1d> alone = whole(ranks);
            settings.accept(alone);
            Result expected = ranks.alone(device, x, dy, 2, alone.build());
            Result got = ranks.train(device, x, dy, 2, collective ->
                    built(SyncBatchNorm.builder(ranks.channels(), collective), ranks, settings));
            near(expected.y(), got.y(), "y");
            near(expected.dx(), got.dx(), "dx");
            near(expected.dweight(), got.dweight(), "dweight");
            near(expected.dbias(), got.dbias(), "dbias");
            near(expected.mean(), got.mean(), "running mean");
            near(expected.variance(), got.variance(), "running variance");
        }
    }

    private static void near(double[] expected, double[] got, String what) {
        double scale = Arrays.stream(expected).map(Math::abs).max().orElse(0);
        assertArrayEquals(expected, got, 1e-12 * Math.max(1, scale), what);
    }

    @Test
    void partsAreAsTheWhole() throws Exception {
        Random random = new Random(8);
        for (int i = 0; i < 60; i++) {
            Integer[] samples = random.ints(2 + i % 3, 0, 5).boxed().toArray(Integer[]::new);
            samples[i % samples.length] = 2 + i % 2; // so that not all are empty
            SyncRanks some = SyncRanks.of(DataType.F64, 1 + random.nextInt(5), 1 + random.nextInt(6), samples);
            SyncRanks ranks = random.nextBoolean() ? some.channelsLast() : some;
            int kind = i;
            agreesInDouble(ranks, normal(i, ranks.size()), normal(-i, ranks.size()), settings -> {
                settings.affine(kind % 4 != 0).bias(kind % 5 != 0).trackRunningStats(kind % 7 != 0);
                settings.runningVariance(kind % 6 == 0 ? VarianceEstimate.BIASED : VarianceEstimate.UNBIASED);
                if (kind % 3 == 0) {
                    settings.cumulativeMomentum();
                }
            });
        }
    }

    @Test
    void nothingCancels() throws Exception {
        SyncRanks ranks = SyncRanks.of(DataType.F64, 3, 50, 3, 0, 1, 5);
        double[] x = Arrays.stream(normal(1, ranks.size())).map(v -> 1e6 + 1e-3 * v).toArray();
        try (Device device = Device.cpu()) {
            Result alone = ranks.alone(device, x, x, 1, whole(ranks).eps(0).momentum(1).build());
            Result got = ranks.train(device, x, x, 1, collective -> built(SyncBatchNorm.builder(3, collective), ranks,
                    settings -> settings.eps(0).momentum(1)));
            assertArrayEquals(alone.mean(), got.mean(), 1e6 * 1e-15);
            for (int c = 0; c < 3; c++) { // of 1e-6, where squares of 1e12 lose 1e-4; means end at 1e-10
                assertEquals(alone.variance()[c], got.variance()[c], 1e-3 * Math.ulp(1e6));
            }
        }
    }

    private static void agreesOn(Device device, SyncRanks ranks, double[] x, boolean affine) throws Exception {
        double[] dy = rounded(ranks.type(), normal(3, ranks.size()));
        Reference batch = Reference.batch(ranks.channels(), ranks.space(), EPS);
        Reference reference = ranks.layout() == Layout.CHANNELS_LAST
                ? batch.channelsLast(ranks.channels(), ranks.space()) : batch;
        Result got = ranks.train(device, x, dy, 1, collective ->
                built(SyncBatchNorm.builder(ranks.channels(), collective), ranks, settings -> settings.affine(affine)));
        Reference.Moments moments = reference.moments(x);
        double[] w = affine ? Values.positive("weight".length(), ranks.channels()) : null;
        double[] b = affine ? Values.positive("bias".length(), ranks.channels()) : null;
        DataType type = ranks.type();
        assertClose(reference.forward(x, moments, w, b), device.tensor(type, got.y(), got.y().length), "y");
        assertClose(reference.inputGradient(x, dy, moments, w), device.tensor(type, got.dx(), got.dx().length), "dx");
        if (affine) {
            Reference.Expected dweight = reference.weightGradient(x, dy, moments, ranks.channels());
            Reference.Expected dbias = reference.biasGradient(dy, ranks.channels());
            assertClose(dweight, device.tensor(DataType.F32, got.dweight(), ranks.channels()), "dweight");
            assertClose(dbias, device.tensor(DataType.F32, got.dbias(), ranks.channels()), "dbias");
        }
        int n = moments.count()[0];
        for (int c = 0; c < ranks.channels(); c++) {
            double scale = Math.abs(moments.mean()[c]) + Math.sqrt(moments.variance()[c]);
            assertEquals(0.1 * moments.mean()[c], got.mean()[c], 0.1 * scale * 6e-7, "running mean");
        }
        assertClose(Arrays.stream(moments.variance()).map(v -> 0.9 + 0.1 * v * n / (n - 1)).toArray(),
                device.tensor(DataType.F32, got.variance(), ranks.channels()), "running variance");
    }

    @OnEveryDevice
    void devicesKeepTheContract(Device device) throws Exception {
        DataType type = DataType.F32;
        for (SyncRanks ranks : List.of(SyncRanks.of(type, 70, 3, 1, 4), SyncRanks.of(type, 3, 1, 1, 6, 2, 1),
                SyncRanks.of(type, 1, 300, 2, 1), SyncRanks.of(type, 2, 20_000, 1, 1),
                SyncRanks.of(type, 300, 11, 3, 2))) {
            double[] x = normal(2, ranks.size());
            agreesOn(device, ranks, x, true);
            agreesOn(device, ranks.channelsLast(), x, true);
        }
    }

    @OnEveryDevice
    void anyShapeKeepsTheContract(Device device) throws Exception {
        Random random = new Random(4);
        for (int i = 0; i < 4; i++) {
            SyncRanks ranks = SyncRanks.of(DataType.F32, 1 + random.nextInt(300), 1 + random.nextInt(40),
                    random.nextInt(3), 1 + random.nextInt(3), 2);
            agreesOn(device, i % 2 == 0 ? ranks : ranks.channelsLast(), normal(i, ranks.size()), i % 3 > 0);
        }
    }

    /** Running statistics have the same bits whichever kernels made y. */
    @Test
    void ranksHaveDevicesOfTheirOwn() throws Exception {
        assumeFalse(TestDevices.openCl().isEmpty(), "there is no OpenCL device");
        SyncRanks ranks = SyncRanks.of(DataType.F32, 7, 33, 3, 5, 0, 1);
        double[] x = normal(1, ranks.size());
        double[] dy = normal(2, ranks.size());
        List<String> kernels = List.of("cpu", "gpu", "cpu", "gpu");
        List<Device> devices = kernels.stream().<Device>map(
                name -> org.clnorm.engine.opencl.TestDevices.open(name, "")).toList();
        try (Device java = Device.cpu()) {
            Result expected = ranks.alone(java, x, dy, 3, new BatchNorm1d(7));
            Result got = ranks.train(devices::get, x, dy, 3, collective -> new SyncBatchNorm(7, collective));
            assertClose(expected.y(), java.tensor(DataType.F32, got.y(), ranks.size()), "y");
            assertClose(expected.dx(), java.tensor(DataType.F32, got.dx(), ranks.size()), "dx");
            assertClose(expected.variance(), java.tensor(DataType.F32, got.variance(), 7), "running variance");
        } finally {
            devices.forEach(Device::close);
        }
    }

    @OnEveryDevice
    void channelsThatWouldNotBeFiniteAreSkippedOnAllRanks(Device device) throws Exception {
        SyncRanks.each(2, collective -> {
            try (Scope scope = device.scope(); SyncBatchNorm norm = SyncBatchNorm.builder(2, collective)
                    .nonFinite(NonFinite.SKIP).momentum(1).build().on(device)) {
                double odd = collective.rank() == 0 ? Double.NaN : 3;
                norm.forward(device.tensor(DataType.F32, new double[] {odd, 1, 5, 3}, 2, 2));
                assertArrayEquals(new double[] {0, 2}, norm.runningMean().readDoubles());
                assertEquals(1, norm.runningVar().readDoubles()[0]);
                return null;
            }
        });
    }

    @OnEveryDevice
    void everyTypeKeepsTheContract(Device device, DataType type) throws Exception {
        SyncRanks ranks = SyncRanks.of(type, 5, 37, 2, 0, 3);
        double[] x = rounded(type, normal(2, ranks.size()));
        agreesOn(device, ranks, x, true);
        agreesOn(device, ranks.channelsLast(), x, false);
    }

    @OnEveryDevice
    void devicesTakeHardData(Device device) throws Exception {
        SyncRanks ranks = SyncRanks.of(DataType.F32, 3, 500, 3, 2);
        for (double[] line : new double[][] {{4096, 0x1p-8}, {0, 1e-30}, {1e25, 1e25}}) {
            double[] x = rounded(DataType.F32, Arrays.stream(normal(1, ranks.size()))
                    .map(v -> line[0] + line[1] * v).toArray());
            Result got = ranks.train(device, x, x, 1, collective -> SyncBatchNorm.builder(3, collective)
                    .eps(line[1] * line[1] * 1e-3).momentum(0).build());
            Reference reference = Reference.batch(3, 500, line[1] * line[1] * 1e-3);
            assertClose(reference.forward(x, reference.moments(x), Values.positive(6, 3), Values.positive(4, 3)),
                    device.tensor(DataType.F32, got.y(), got.y().length), Arrays.toString(line));
        }
    }

    @OnEveryDevice
    void parametersMayBeHalves(Device device) throws Exception {
        SyncRanks ranks = SyncRanks.of(DataType.F16, 3, 40, 5);
        double[] x = rounded(DataType.F16, normal(1, ranks.size()));
        double[] dy = rounded(DataType.F16, normal(2, ranks.size()));
        Result expected = ranks.alone(device, x, dy, 1, BatchNorm1d.builder(3).dataType(DataType.F16).build());
        Result got = ranks.train(device, x, dy, 1, collective ->
                SyncBatchNorm.builder(3, collective).dataType(DataType.F16).build());
        assertClose(expected.y(), device.tensor(DataType.F16, got.y(), ranks.size()), "y");
        assertClose(expected.dx(), device.tensor(DataType.F16, got.dx(), ranks.size()), "dx");
        assertClose(expected.dweight(), device.tensor(DataType.F16, got.dweight(), 3), "dweight");
        assertClose(expected.dbias(), device.tensor(DataType.F16, got.dbias(), 3), "dbias");
    }

    @OnEveryDevice
    void doublesStayDoubles(Device device) throws Exception {
        if (device.supports(DataType.F64)) {
            SyncRanks ranks = SyncRanks.of(DataType.F64, 3, 40, 2, 3);
            double[] x = Arrays.stream(normal(1, ranks.size())).map(v -> 5 + v).toArray();
            double[] dy = normal(2, ranks.size());
            Result expected = ranks.alone(device, x, dy, 2, whole(ranks).build());
            Result got = ranks.train(device, x, dy, 2, collective ->
                    built(SyncBatchNorm.builder(3, collective), ranks, settings -> { }));
            near(expected.y(), got.y(), "y");
            near(expected.dx(), got.dx(), "dx");
            near(expected.dweight(), got.dweight(), "dweight");
            near(expected.variance(), got.variance(), "running variance");
        }
    }

    /** Gradients of the sum over all ranks of y · dy, by differences. */
    @Test
    void gradientsAreThoseOfTheJointLoss() throws Exception {
        SyncRanks ranks = SyncRanks.of(DataType.F64, 2, 3, 1, 2, 0);
        double[] x = normal(5, ranks.size());
        double[] dy = normal(6, ranks.size());
        try (Device device = Device.cpu()) {
            Result got = loss(device, ranks, x, dy);
            for (int i = 0; i < x.length; i++) {
                double value = x[i];
                x[i] = value + 1e-5;
                double above = sum(loss(device, ranks, x, dy).y(), dy);
                x[i] = value - 1e-5;
                double below = sum(loss(device, ranks, x, dy).y(), dy);
                x[i] = value;
                assertEquals((above - below) / 2e-5, got.dx()[i], 1e-8);
            }
        }
    }

    private static Result loss(Device device, SyncRanks ranks, double[] x, double[] dy) throws Exception {
        return ranks.train(device, x, dy, 1, collective ->
                built(SyncBatchNorm.builder(2, collective), ranks, settings -> settings.eps(1e-3)));
    }

    private static double sum(double[] y, double[] dy) {
        return IntStream.range(0, y.length).mapToDouble(i -> y[i] * dy[i]).sum();
    }

    @OnEveryDevice
    void gradientsAreAveragedWhereAsked(Device device) throws Exception {
        SyncRanks.each(3, collective -> {
            try (Scope scope = device.scope(); SyncBatchNorm norm = new SyncBatchNorm(2, collective).on(device)) {
                norm.averageGradients(true).accumulateGradients(true);
                int n = collective.rank();
                Tensor x = device.tensor(DataType.F32, normal(n, 10L * n), n, 2, 5);
                norm.forward(x);
                norm.backward(device.zeros(n, 2, 5).fill(n + 1));
                norm.forward(x);
                norm.backwardParameters(device.zeros(n, 2, 5).fill(n + 1));
                // twice (5 · 2 + 10 · 3) / 3
                assertArrayEquals(new double[] {80 / 3.0, 80 / 3.0}, norm.bias().grad().readDoubles(), 1e-5);
                return null;
            }
        });
    }

    @OnEveryDevice
    void evaluationTellsNobodyAndTrainingOnceAPass(Device device) throws Exception {
        SyncRanks.each(2, collective -> {
            try (Scope scope = device.scope(); SyncBatchNorm norm = new SyncBatchNorm(3, collective).on(device)) {
                TestCollective counter = (TestCollective) collective;
                Tensor x = normal(device, collective.rank(), 4, 3, 2, 2);
                norm.warmUp(x.shape());
                norm.eval();
                norm.forward(x);
                norm.backward(x);
                norm.train();
                norm.freezeStatistics();
                norm.forward(x);
                norm.backward(x);
                assertEquals(0, counter.messages());
                norm.unfreezeStatistics();
                double[] y = norm.forward(x).readDoubles();
                assertEquals(1, counter.messages());
                double[] dx = norm.backward(x).readDoubles();
                assertEquals(2, counter.messages());
                assertEquals(1, norm.numBatchesTracked());
                assertArrayEquals(dx, norm.backwardFrom(x, x).readDoubles());
                assertEquals(1, norm.numBatchesTracked());
                assertArrayEquals(y, norm.forwardNoGrad(x, x).readDoubles());
                return null;
            }
        });
    }

    @OnEveryDevice
    void aRankThatStaysAwayChangesNothing(Device device) throws Exception {
        SyncRanks.each(3, collective -> {
            try (Scope scope = device.scope(); SyncBatchNorm norm = new SyncBatchNorm(2, collective).on(device)) {
                Tensor x = normal(device, collective.rank(), 4, 2, 3);
                norm.forward(x);
                norm.backward(x);
                List<Object> before = List.of(norm.stateDict(), Arrays.toString(norm.weight().grad().read()));
                norm.forward(x);
                Object moved = norm.stateDict();
                if (collective.rank() == 1) {
                    collective.abort("enough");
                } else {
                    assertThrows(CollectiveException.class, () -> norm.backward(x));
                    assertThrows(CollectiveException.class, () -> norm.forward(x));
                }
                assertEquals(List.of(moved, before.get(1)),
                        List.of(norm.stateDict(), Arrays.toString(norm.weight().grad().read())));
                assertEquals(2, norm.numBatchesTracked());
                return null;
            }
        });
    }

    @Test
    void ranksMustAgreeOnChannels() throws Exception {
        try (Device device = Device.cpu()) {
            SyncRanks.each(2, collective -> {
                int channels = 2 + collective.rank();
                try (Scope scope = device.scope();
                        SyncBatchNorm norm = new SyncBatchNorm(channels, collective).on(device)) {
                    Object before = norm.stateDict();
                    assertThrows(CollectiveException.class, () -> norm.forward(device.zeros(4, channels)));
                    assertEquals(before, norm.stateDict());
                    return null;
                }
            });
        }
    }

    @OnEveryDevice
    void oneValueOfAllIsTooFewAndNoneIsNothing(Device device) throws Exception {
        SyncRanks.each(2, collective -> {
            try (Scope scope = device.scope(); SyncBatchNorm norm = new SyncBatchNorm(2, collective).on(device)) {
                Object before = norm.stateDict();
                assertThrows(IllegalArgumentException.class,
                        () -> norm.forward(device.zeros(collective.rank(), 2, 1)));
                assertEquals(before, norm.stateDict());
                Tensor none = device.zeros(0, 2, 1);
                assertEquals(none.shape(), norm.forward(none).shape());
                assertEquals(none.shape(), norm.backward(none).shape());
                assertArrayEquals(new float[2], norm.weight().grad().read());
                assertArrayEquals(new float[2], norm.runningMean().read());
                return null;
            }
        });
    }

    @Test
    void whatStandsAroundIsRefused() {
        TestCollective one = TestCollective.of(1).get(0);
        assertThrows(IllegalArgumentException.class, () -> SyncBatchNorm.builder(2, one).virtualBatch(2).build());
        assertThrows(IllegalArgumentException.class, () -> SyncBatchNorm.builder(2, one).renorm(2, 1).build());
        assertThrows(IllegalArgumentException.class, () -> SyncBatchNorm.builder(2, one)
                .activation(org.clnorm.plan.Activation.RELU).build());
        assertThrows(NullPointerException.class, () -> new SyncBatchNorm(2, null));
        try (Device device = Device.cpu(); Scope scope = device.scope();
                SyncBatchNorm norm = new SyncBatchNorm(2, one).on(device)) {
            Tensor x = device.zeros(3, 2, 4);
            assertThrows(IllegalArgumentException.class, () -> norm.forward(device.zeros(2)));
            assertThrows(IllegalArgumentException.class, () -> new NormAdd(norm).forward(x, device.zeros(3, 2, 4)));
            assertThrows(IllegalArgumentException.class,
                    () -> new PaddedNorm(norm).forward(x, Lengths.of(device, 1, 2, 3)));
            assertEquals(0, norm.numBatchesTracked());
            assertEquals(0, one.messages());
            norm.eval();
            new NormAdd(norm).forward(x, device.zeros(3, 2, 4));
        }
    }

    @Test
    void conversionTakesOverAllThereIs() {
        TestCollective one = TestCollective.of(1).get(0);
        try (Device device = Device.cpu();
                BatchNorm2d frozen = BatchNorm2d.builder(3).eps(1e-3).bias(false).cumulativeMomentum()
                        .dataType(DataType.F16).layout(Layout.CHANNELS_LAST).build().on(device);
                BatchNorm1d shared = BatchNorm1d.builder(2).affine(false).momentum(0.5).build();
                LayerNorm other = new LayerNorm(4)) {
            frozen.runningMean().write(1, 2, 3);
            frozen.weight().write(4, 5, 6);
            frozen.freezeStatistics();
            frozen.requiresGrad("weight", false).accumulateGradients(true).eval();
            LayerTree tree = new LayerTree().put("a.bn", frozen).put("b", shared).put("c", other).put("d", shared);
            try (LayerTree made = SyncBatchNorm.convert(tree, one)) {
                assertEquals(tree.keys(), made.keys());
                assertEquals(tree.stateDict(), made.stateDict());
                assertEquals(other, made.get("c"));
                assertEquals(made.get("b"), made.get("d"));
                SyncBatchNorm norm = (SyncBatchNorm) made.get("a.bn");
                assertEquals(frozen.toString().replace("BatchNorm2d", "SyncBatchNorm"), norm.toString());
                assertEquals(List.of(device, false, true, true, DataType.F16), List.of(norm.device(),
                        norm.isTraining(), norm.statisticsFrozen(), norm.accumulates(), norm.dataType()));
                assertEquals(false, norm.weight().requiresGrad());
                assertEquals(List.of(norm), SyncBatchNorm.convert(List.of(norm), one));
                assertEquals(one, norm.collective());
            }
            try (BatchNorm1d ghost = BatchNorm1d.builder(2).virtualBatch(2).build()) {
                assertThrows(IllegalArgumentException.class,
                        () -> SyncBatchNorm.convert(List.of(shared, ghost), one));
            }
        }
    }
}
