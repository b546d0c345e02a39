package org.clnorm;

import static org.clnorm.Snapshot.assertRefused;
import static org.clnorm.Values.normal;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import org.clnorm.plan.Activation;
import org.clnorm.plan.Task;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Shape;
import org.clnorm.tensor.Tensor;

/** Sequences of different lengths: what is padding neither matters nor shows. */
class PaddedNormTest {
    /** A layer, inputs of it, and which of their elements it takes together. */
    private record Subject(NormLayer layer, long[] shape, int time, int groups, IntUnaryOperator group, int parameters,
            IntUnaryOperator parameter) {
        static Subject batch(Layout layout, LayerBuilder<?, ?> builder, long... shape) {
            IntUnaryOperator channel = channel(layout, shape);
            int channels = (int) shape[layout == Layout.CHANNELS_LAST ? shape.length - 1 : 1];
            return new Subject(builder.build(), shape, layout == Layout.CHANNELS_LAST ? 1 : 2, channels, channel,
                    channels, channel);
        }

        /** Group normalization, of as many groups as channels for instance normalization. */
        static Subject group(Layout layout, int groups, LayerBuilder<?, ?> builder, long... shape) {
            IntUnaryOperator channel = channel(layout, shape);
            int channels = (int) shape[layout == Layout.CHANNELS_LAST ? shape.length - 1 : 1];
            int sample = (int) (Shape.of(shape).size() / shape[0]);
            return new Subject(builder.build(), shape, layout == Layout.CHANNELS_LAST ? 1 : 2,
                    (int) shape[0] * groups, i -> i / sample * groups + channel.applyAsInt(i) / (channels / groups),
                    channels, channel);
        }

        static Subject last(NormLayer layer, int length, long... shape) {
            return new Subject(layer, shape, 1, (int) (Shape.of(shape).size() / length), i -> i / length, length,
                    i -> i % length);
        }

        private static IntUnaryOperator channel(Layout layout, long... shape) {
            Shape all = Shape.of(shape);
            int channels = (int) shape[layout == Layout.CHANNELS_LAST ? shape.length - 1 : 1];
            int span = layout == Layout.CHANNELS_LAST ? 1 : (int) all.size(2, shape.length);
            return i -> i / span % channels;
        }

        boolean[] valid(long... lengths) {
            Shape all = Shape.of(shape);
            int unit = (int) all.size(time + 1, shape.length);
            int sample = (int) all.size(1, shape.length);
            boolean[] valid = new boolean[(int) all.size()];
            for (int i = 0; i < valid.length; i++) {
                valid[i] = i / unit % shape[time] < lengths[i / sample];
            }
            return valid;
        }
    }

    private static List<Subject> subjects(DataType type) {
        DataType own = type.statistics();
        Layout first = Layout.CHANNELS_FIRST;
        Layout last = Layout.CHANNELS_LAST;
        return List.of(
                Subject.batch(first, BatchNorm1d.builder(3).dataType(own), 4, 3, 37),
                Subject.batch(first, BatchNorm1d.builder(5).dataType(own).activation(Activation.SILU), 4, 5, 6),
                Subject.batch(first, BatchNorm1d.builder(1).dataType(own), 4, 1, 20),
                Subject.batch(first, BatchNorm1d.builder(2).dataType(own), 4, 2, 17_000),
                Subject.batch(first, BatchNorm2d.builder(4).dataType(own), 4, 4, 7, 5),
                Subject.batch(last, BatchNorm1d.builder(3).dataType(own).layout(last), 4, 21, 3),
                Subject.group(first, 2, GroupNorm.builder(2, 6).dataType(own), 4, 6, 40),
                Subject.group(first, 1, GroupNorm.builder(1, 1).dataType(own), 4, 1, 40),
                Subject.group(last, 3, GroupNorm.builder(3, 6).dataType(own).layout(last), 4, 9, 6),
                Subject.group(first, 5, InstanceNorm1d.builder(5).affine(true).dataType(own), 4, 5, 33),
                Subject.group(first, 5, InstanceNorm1d.builder(5).dataType(own), 4, 5, 2_100),
                Subject.group(last, 4, InstanceNorm2d.builder(4).affine(true).dataType(own).layout(last), 4, 6, 3, 4),
                Subject.last(LayerNorm.builder(9, 8).dataType(own).build(), 72, 4, 9, 8),
                Subject.last(LayerNorm.builder(50, 20).dataType(own).activation(Activation.GELU).build(), 1000, 4, 50,
                        20),
                Subject.last(LayerNorm.builder(5).dataType(own).build(), 5, 4, 11, 5),
                Subject.last(RMSNorm.builder(24).dataType(own).zeroCentered(true).build(), 24, 4, 11, 24),
                Subject.last(RMSNorm.builder(33).dataType(own).build(), 33, 4, 33));
    }

    private static long[][] lengths(long steps) {
        return new long[][] {{steps, steps, steps, steps}, {steps - 1, 0, (steps + 1) / 2, 2}, {0, 1, 0, steps},
            {0, 0, 3, 0}};
    }

    private static double[] with(double[] values, boolean[] valid, double elsewhere) {
        double[] all = values.clone();
        for (int i = 0; i < all.length; i++) {
            all[i] = valid[i] ? all[i] : elsewhere;
        }
        return all;
    }

    private static void assertNear(double[] expected, Tensor actual, DataType type, String what) {
        double[] values = actual.readDoubles();
        double tolerance = PaddedReference.largest(expected)
                * (type == DataType.BF16 ? 0x1p-8 : type == DataType.F16 ? 0x1p-11 : 0) + 4e-6
                * Math.max(1, PaddedReference.largest(expected));
        for (int i = 0; i < values.length; i++) {
            if (!(Math.abs(values[i] - expected[i]) <= tolerance)) {
                assertEquals(expected[i], values[i], tolerance, what + " at " + i);
            }
        }
    }

    @OnEveryDevice
    void itIsWhatTheValidElementsAloneComeTo(Device device, DataType type) {
        List<Subject> subjects = subjects(type);
        // each is compiled for each type and device: a third of them shows what other types are read and stored as
        for (Subject subject : type == DataType.F32 ? subjects
                : IntStream.range(0, subjects.size() / 3).mapToObj(i -> subjects.get(3 * i)).toList()) {
            try (NormLayer layer = subject.layer().on(device)) {
                long seed = 0;
                for (long[] lengths : lengths(subject.shape()[subject.time()])) {
                    compare(subject, layer, device, type, seed++, lengths);
                }
            }
        }
    }

    private static void compare(Subject subject, NormLayer layer, Device device, DataType type, long seed,
            long... lengths) {
        String what = layer + " " + Arrays.toString(lengths) + " of " + Arrays.toString(subject.shape());
        boolean[] valid = subject.valid(lengths);
        double[] x = Values.rounded(type, normal(seed, valid.length));
        double[] dy = Values.rounded(type, normal(seed + 1, valid.length));
        double[] weight = Values.positive(7, subject.parameters());
        double[] bias = normal(8, subject.parameters());
        boolean affine = !layer.parameters().isEmpty();
        boolean biased = layer.parameters().containsKey("bias");
        boolean plus1 = layer.form().weightPlus1();
        if (affine) {
            layer.weight().value().write(weight);
        }
        if (biased) {
            layer.bias().value().write(bias);
        }
        double[] scale = affine ? Arrays.stream(weight).map(w -> plus1 ? 1 + w : w).toArray() : ones(weight.length);
        PaddedReference expected = new PaddedReference(new PaddedReference.Places(subject.groups(),
                subject.parameters(), subject.group(), subject.parameter(), valid), x, dy, scale,
                biased ? bias : new double[bias.length], layer.eps(), layer.form().centered(),
                layer.form().activation());
        PaddedNorm padded = new PaddedNorm(layer);
        try (Lengths own = Lengths.of(device, lengths);
                Tensor tx = device.tensor(type, with(x, valid, Double.NaN), subject.shape());
                Tensor tdy = device.tensor(type, with(dy, valid, Double.POSITIVE_INFINITY), subject.shape());
                Tensor y = padded.forward(tx, own)) {
            own.close();
            assertNear(expected.y, y, type, "y of " + what);
            try (Tensor dx = layer.backward(tdy)) {
                assertNear(expected.dx, dx, type, "dx of " + what);
            }
            if (affine) {
                assertNear(expected.dweight, layer.weight().grad(), DataType.F32, "dweight of " + what);
            }
            if (biased) {
                assertNear(expected.dbias, layer.bias().grad(), DataType.F32, "dbias of " + what);
            }
        }
    }

    private static double[] ones(int count) {
        double[] ones = new double[count];
        Arrays.fill(ones, 1);
        return ones;
    }

    @OnEveryDevice
    void runningStatisticsMoveByWhatIsValidAndServeEvaluation(Device device) {
        long[] shape = {3, 4, 10};
        Subject subject = Subject.batch(Layout.CHANNELS_FIRST, BatchNorm1d.builder(4), shape);
        boolean[] valid = subject.valid(2, 0, 9);
        double[] x = normal(3, valid.length);
        PaddedReference expected = new PaddedReference(new PaddedReference.Places(4, 4, subject.group(),
                subject.parameter(), valid), x, x, ones(4), new double[4], 1e-5, true, Activation.NONE);
        try (BatchNorm1d layer = ((BatchNorm1d) subject.layer()).on(device); Lengths own = Lengths.of(device, 2, 0, 9);
                Tensor tx = device.tensor(DataType.F32, with(x, valid, Double.NaN), shape)) {
            PaddedNorm padded = new PaddedNorm(layer);
            padded.forwardNoGrad(tx, own);
            double[] mean = Arrays.stream(expected.mean).map(m -> 0.1 * m).toArray();
            double[] variance = Arrays.stream(expected.variance).map(v -> 0.9 + 0.1 * v * 11 / 10).toArray();
            assertNear(mean, layer.runningMean(), DataType.F32, "running_mean");
            assertNear(variance, layer.runningVar(), DataType.F32, "running_var");
            assertEquals(1, layer.numBatchesTracked());
            layer.eval();
            double[] y = new double[x.length];
            double[] dx = new double[x.length];
            for (int i = 0; i < x.length; i++) {
                int c = subject.group().applyAsInt(i);
                double rstd = 1 / Math.sqrt(variance[c] + 1e-5);
                y[i] = valid[i] ? (x[i] - mean[c]) * rstd : 0;
                dx[i] = valid[i] ? x[i] * rstd : 0;
            }
            Tensor out = padded.forward(tx, own);
            assertNear(y, out, DataType.F32, "y");
            assertNear(dx, layer.backward(tx), DataType.F32, "dx");
            padded.forwardNoGrad(tx, own, tx);
            assertArrayEquals(out.read(), tx.read());
        }
    }

    /** As PyTorch: BatchNorm1d of the frames of all sequences, one after the other, is the same normalization. */
    @OnEveryDevice
    void itIsBatchNormOfTheFramesOneAfterTheOther(Device device) {
        framesOneAfterTheOther(device, BatchNorm1d.builder(4).build(), BatchNorm1d.builder(4).build());
        framesOneAfterTheOther(device, BatchNorm1d.builder(4).renorm(1.5, 0.3).build(),
                BatchNorm1d.builder(4).renorm(1.5, 0.3).build());
    }

    private static void framesOneAfterTheOther(Device device, BatchNorm1d ofSequences, BatchNorm1d ofFrames) {
        long[] lengths = {5, 0, 3};
        try (BatchNorm1d layer = ofSequences.on(device); BatchNorm1d frames = ofFrames.on(device);
                Lengths own = Lengths.of(device, lengths)) {
            double[] x = normal(1, 3 * 4 * 6);
            double[] gathered = new double[8 * 4];
            int frame = 0;
            for (int n = 0; n < 3; n++) {
                for (int t = 0; t < lengths[n]; t++) {
                    for (int c = 0; c < 4; c++) {
                        gathered[frame * 4 + c] = x[(n * 4 + c) * 6 + t];
                    }
                    frame++;
                }
            }
            Tensor y = new PaddedNorm(layer).forward(device.tensor(DataType.F32, x, 3, 4, 6), own);
            Tensor byFrame = frames.forward(device.tensor(DataType.F32, gathered, 8, 4));
            assertNear(frames.runningMean().readDoubles(), layer.runningMean(), DataType.F32, "running_mean");
            assertNear(frames.runningVar().readDoubles(), layer.runningVar(), DataType.F32, "running_var");
            assertEquals(byFrame.read()[5 * 4 + 1], y.read()[(2 * 4 + 1) * 6], 4e-6);
            Tensor dx = layer.backward(device.tensor(DataType.F32, x, 3, 4, 6));
            Tensor dxByFrame = frames.backward(device.tensor(DataType.F32, gathered, 8, 4));
            assertEquals(dxByFrame.read()[5 * 4 + 1], dx.read()[(2 * 4 + 1) * 6], 4e-6);
            assertNear(frames.weight().grad().readDoubles(), layer.weight().grad(), DataType.F32, "dweight");
            assertNear(frames.bias().grad().readDoubles(), layer.bias().grad(), DataType.F32, "dbias");
        }
    }

    @OnEveryDevice
    void nothingValidMovesNothing(Device device) {
        try (BatchNorm1d layer = new BatchNorm1d(2).on(device); Lengths none = Lengths.of(device, 0, 0)) {
            Tensor x = device.zeros(2, 2, 3).fill(Double.NaN);
            Tensor y = new PaddedNorm(layer).forward(x, none);
            assertArrayEquals(new float[12], y.read());
            assertArrayEquals(new float[12], layer.backward(x).read());
            assertArrayEquals(new float[2], layer.weight().grad().read());
            assertArrayEquals(new float[2], layer.runningMean().read());
            assertArrayEquals(new float[] {1, 1}, layer.runningVar().read());
        }
    }

    @OnEveryDevice
    void constantsAndExtremesAreNormalizedAsTheyAreAlone(Device device) {
        try (InstanceNorm1d layer = new InstanceNorm1d(1).on(device); Lengths own = Lengths.of(device, 4, 20)) {
            for (double value : new double[] {0, 7, 1e30, 1e-30}) {
                double[] x = new double[80];
                Arrays.fill(x, Double.NaN);
                Arrays.fill(x, 0, 4, value);
                for (int i = 0; i < 20; i++) {
                    x[40 + i] = i % 2 == 0 ? value : -value;
                }
                float[] y = new PaddedNorm(layer).forward(device.tensor(DataType.F32, x, 2, 1, 40), own).read();
                float step = (float) (value / Math.sqrt(value * value + 1e-5));
                for (int i = 0; i < 80; i++) {
                    float expected = i >= 40 && i < 60 ? i % 2 == 0 ? step : -step : 0;
                    assertEquals(expected, y[i], 1e-6 * Math.max(step, Float.MIN_NORMAL), value + " at " + i);
                }
            }
            double[] odd = new double[80];
            odd[2] = Double.NaN;
            float[] y = new PaddedNorm(layer).forward(device.tensor(DataType.F32, odd, 2, 1, 40), own).read();
            assertTrue(Float.isNaN(y[0]) && Float.isNaN(y[3]));
            assertArrayEquals(new float[76], Arrays.copyOfRange(y, 4, 80));
        }
    }

    /** Where all is valid, a row and a sequence are the same work, and come to the same bits. */
    @OnEveryDevice
    void wholeSequencesAreTheLayerItself(Device device) {
        try (LayerNorm layer = new LayerNorm(64).on(device); Lengths own = Lengths.of(device, 9, 9)) {
            Tensor x = normal(device, 1, 2, 9, 64);
            Tensor dy = normal(device, 2, 2, 9, 64);
            Tensor y = layer.forward(x);
            Tensor dx = layer.backward(dy);
            Tensor padded = new PaddedNorm(layer).forward(x, own);
            assertNear(y.readDoubles(), padded, DataType.F32, "y");
            assertNear(dx.readDoubles(), layer.backward(dy), DataType.F32, "dx");
        }
    }

    @OnEveryDevice
    void layersGetReadyAndSayHow(Device device) {
        try (BatchNorm1d layer = new BatchNorm1d(4).on(device)) {
            PaddedNorm padded = new PaddedNorm(layer).warmUp(Shape.of(3, 4, 50));
            Tensor x = normal(device, 1, 3, 4, 50);
            String variant = padded.explain(x, Task.Pass.FORWARD).variant();
            assertTrue(List.of("cpu/padded", "plain", "reference").contains(variant), variant);
            assertTrue(padded.explain(x, Task.Pass.BACKWARD).task().padding().exists());
        }
    }

    @OnEveryDevice
    void lengthsThatDoNotFit(Device device) {
        try (BatchNorm1d layer = new BatchNorm1d(4).on(device); Device another = Device.cpu();
                Lengths good = Lengths.of(device, 3, 5, 1); Lengths there = Lengths.of(another, 3, 5, 1);
                Lengths few = Lengths.of(device, 3, 5); Lengths one = Lengths.of(device, 1, 0, 0);
                Lengths closed = Lengths.of(device, 3, 5, 1)) {
            PaddedNorm padded = new PaddedNorm(layer);
            closed.close();
            Tensor x = normal(device, 1, 3, 4, 5);
            Tensor narrow = normal(device, 1, 3, 4, 4);
            Tensor frames = normal(device, 1, 3, 4);
            assertRefused(layer, "expected a length for each sample", () -> padded.forward(x, few));
            assertRefused(layer, "expected lengths on the device", () -> padded.forward(x, there));
            assertRefused(layer, "expected lengths of at most 4", () -> padded.forward(narrow, good));
            assertRefused(layer, "expected more than 1 value per channel", () -> padded.forward(x, one));
            assertRefused(layer, "expected input of at least 3 dimensions", () -> padded.forward(frames, good));
            assertRefused(layer, NullPointerException.class, "lengths", () -> padded.forward(x, null));
            assertRefused(layer, NullPointerException.class, "into", () -> padded.forward(x, good, null));
            assertRefused(layer, IllegalStateException.class, "open tensor", () -> padded.forward(x, closed));
            assertRefused(layer, "expected into with memory of its own", () -> padded.forward(x, good, x));
            padded.forward(x, good);
            assertRefused(layer, IllegalStateException.class, "after a forward pass with lengths",
                    () -> new AddNorm(layer).backward(x, x));
            layer.backward(x);
        }
        assertThrows(IllegalArgumentException.class, () -> Lengths.of(device, 3, -1));
        assertThrows(IllegalArgumentException.class, () -> Lengths.of(device, (1 << 24) + 1));
    }

    @OnEveryDevice
    void layersThatTakeNoLengths(Device device) {
        try (BatchNorm1d ghost = BatchNorm1d.builder(4).virtualBatch(1).build().on(device);
                InstanceNorm1d tracking = InstanceNorm1d.builder(4).trackRunningStats(true).build().on(device);
                InstanceNorm1d instance = new InstanceNorm1d(4).on(device);
                Lengths own = Lengths.of(device, 3, 5)) {
            Tensor x = normal(device, 1, 2, 4, 5);
            Tensor unbatched = normal(device, 1, 4, 5);
            assertRefused(ghost, "expected a layer without virtual batches",
                    () -> new PaddedNorm(ghost).forward(x, own));
            assertRefused(tracking, "expected a layer whose running statistics stay",
                    () -> new PaddedNorm(tracking).forward(x, own));
            assertRefused(instance, "expected 3D input where samples have lengths",
                    () -> new PaddedNorm(instance).forward(unbatched, own));
            ghost.eval();
            new PaddedNorm(ghost).forwardNoGrad(x, own);
            tracking.eval();
            new PaddedNorm(tracking).forwardNoGrad(x, own);
        }
    }

    @OnEveryDevice
    void lengthsSayWhatTheyAre(Device device) {
        try (Lengths lengths = Lengths.of(device, 3, 0, 5)) {
            assertEquals(3, lengths.samples());
            assertEquals(5, lengths.of(2));
            assertEquals(8, lengths.total());
            assertEquals("Lengths(3 samples, 8 time steps, at most 5)", lengths.toString());
        }
    }
}
