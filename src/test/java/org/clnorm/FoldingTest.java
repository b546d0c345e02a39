package org.clnorm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.clnorm.state.ElementType;
import org.clnorm.state.HostTensor;
import org.clnorm.state.StateDict;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A folded layer computes what the layer and the normalization behind it, or before it, computed. */
class FoldingTest {
    private static final Path FILES = Path.of("src/test/resources/org/clnorm/folding");

    private static BatchNorm layer(long[] x, int channels, DataType type) {
        return switch (x.length) {
            case 2, 3 -> BatchNorm1d.builder(channels).dataType(type).build();
            case 4 -> BatchNorm2d.builder(channels).dataType(type).build();
            default -> BatchNorm3d.builder(channels).dataType(type).build();
        };
    }

    /** A layer in evaluation mode, with random statistics and parameters. */
    private static BatchNorm norm(Random random, long[] x, int channels, DataType type) {
        BatchNorm norm = layer(x, channels, type);
        StateDict state = new StateDict();
        state.put("weight", random(random, type, -2, 2, channels)).put("bias", random(random, type, -1, 1, channels))
                .put("running_mean", random(random, type, -3, 3, channels))
                .put("running_var", random(random, type, 0.01, 4, channels));
        norm.loadStateDict(state, false);
        norm.eval();
        return norm;
    }

    private static HostTensor random(Random random, DataType type, double from, double to, long... shape) {
        int count = (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);
        return HostTensor.of(ElementType.of(type), random.doubles(count, from, to).toArray(), shape);
    }

    /** y of the definition: (x − mean) / √(var + eps) · weight + bias, in double. */
    private static double[] normalize(BatchNorm norm, double[] x, int samples) {
        StateDict state = norm.stateDict();
        double[] y = new double[x.length];
        int channels = (int) norm.numFeatures();
        int span = x.length / samples / channels;
        for (int i = 0; i < x.length; i++) {
            int c = i / span % channels;
            y[i] = (x[i] - state.doubles("running_mean")[c]) / Math.sqrt(state.doubles("running_var")[c] + norm.eps())
                    * state.doubles("weight")[c] + state.doubles("bias")[c];
        }
        return y;
    }

    private static double max(double[] values) {
        return Arrays.stream(values).map(Math::abs).max().orElseThrow();
    }

    /** One convolution of random shape. */
    private record Shapes(long[] weight, long[] x, int outputs, int inputs, int groups, int padding) {
        static Shapes random(Random random, boolean transposed) {
            int groups = 1 + random.nextInt(3);
            int inputs = groups * (1 + random.nextInt(3));
            int outputs = groups * (1 + random.nextInt(4));
            int rank = transposed ? 1 + random.nextInt(3) : random.nextInt(4);
            if (rank == 0) {
                return new Shapes(new long[] {outputs * 2L, inputs}, new long[] {3, inputs}, outputs * 2, inputs, 1, 0);
            }
            long[] weight = new long[2 + rank];
            long[] x = new long[2 + rank];
            weight[0] = transposed ? inputs : outputs;
            weight[1] = (transposed ? outputs : inputs) / groups;
            x[0] = 1 + random.nextInt(3);
            x[1] = inputs;
            for (int d = 2; d < x.length; d++) {
                weight[d] = 1 + random.nextInt(3);
                x[d] = 3 + random.nextInt(3);
            }
            return new Shapes(weight, x, outputs, inputs, groups, transposed ? 0 : random.nextInt(2));
        }
    }

    private static Folded fold(Affine affine, HostTensor weight, HostTensor bias, int groups, boolean transposed) {
        return transposed ? affine.foldIntoTransposed(weight, bias, groups) : affine.foldInto(weight, bias);
    }

    @ParameterizedTest
    @CsvSource({"F64, false, 1e-12", "F64, true, 1e-12", "F32, false, 6e-7", "F32, true, 6e-7"})
    void intoTheLayerBefore(DataType type, boolean transposed, double tolerance) {
        Random random = new Random(4);
        for (int i = 0; i < 300; i++) {
            Shapes shapes = Shapes.random(random, transposed);
            HostTensor weight = random(random, type, -1, 1, shapes.weight());
            HostTensor bias = random.nextBoolean() ? random(random, type, -1, 1, shapes.outputs()) : null;
            BatchNorm norm = norm(random, shapes.x(), shapes.outputs(), type);
            double[] x = random(random, type, -2, 2, shapes.x()).toDoubles();
            Convolution before = new Convolution(weight, bias, shapes.groups(), shapes.padding(), transposed);
            double[] expected = normalize(norm, before.apply(x, shapes.x(), false), (int) shapes.x()[0]);
            Folded folded = fold(norm.toAffine(), weight, bias, shapes.groups(), transposed);
            assertArrayEquals(weight.shape(), folded.weight().shape());
            assertEquals(weight.type(), folded.weight().type());
            Convolution after = new Convolution(folded.weight(), folded.bias(), shapes.groups(), shapes.padding(),
                    transposed);
            double scale = max(after.apply(x, shapes.x(), true));
            assertArrayEquals(expected, after.apply(x, shapes.x(), false), tolerance * scale, shapes.toString());
        }
    }

    @ParameterizedTest
    @CsvSource({"F64, 1e-12", "F32, 6e-7"})
    void intoTheLayerAfter(DataType type, double tolerance) {
        Random random = new Random(5);
        for (int i = 0; i < 300; i++) {
            Shapes shapes = Shapes.random(random, false);
            HostTensor weight = random(random, type, -1, 1, shapes.weight());
            HostTensor bias = random.nextBoolean() ? random(random, type, -1, 1, shapes.outputs()) : null;
            BatchNorm norm = norm(random, shapes.x(), shapes.inputs(), type);
            double[] x = random(random, type, -2, 2, shapes.x()).toDoubles();
            double[] normalized = normalize(norm, x, (int) shapes.x()[0]);
            double[] expected = new Convolution(weight, bias, shapes.groups(), 0, false)
                    .apply(normalized, shapes.x(), false);
            Folded folded = norm.toAffine().foldIntoNext(weight, bias, shapes.groups());
            Convolution after = new Convolution(folded.weight(), folded.bias(), shapes.groups(), 0, false);
            // the new bias is a sum over all inputs, so that its parts' magnitudes belong to the scale
            double scale = max(new Convolution(weight, bias, shapes.groups(), 0, false)
                    .apply(magnitudes(norm, x, (int) shapes.x()[0]), shapes.x(), true));
            assertArrayEquals(expected, after.apply(x, shapes.x(), false), tolerance * scale, shapes.toString());
        }
    }

    /** |scale · x| + |shift|. */
    private static double[] magnitudes(BatchNorm norm, double[] x, int samples) {
        Affine affine = norm.toAffine();
        int channels = (int) norm.numFeatures();
        int span = x.length / samples / channels;
        double[] magnitudes = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            int c = i / span % channels;
            magnitudes[i] = Math.abs(affine.scale()[c] * x[i]) + Math.abs(affine.shift()[c]);
        }
        return magnitudes;
    }

    /** The convolution's output rounded to float, and the layer on the device behind it. */
    @OnEveryDevice
    void asTheLayerOnTheDevice(Device device) {
        Random random = new Random(6);
        long[] shape = {2, 4, 6, 5};
        HostTensor weight = random(random, DataType.F32, -1, 1, 6, 4, 3, 3);
        BatchNorm norm = norm(random, shape, 6, DataType.F32);
        double[] x = random(random, DataType.F32, -2, 2, shape).toDoubles();
        Convolution before = new Convolution(weight, null, 1, 1, false);
        double[] between = before.apply(x, shape, false);
        norm.on(device);
        double[] y = norm.forward(device.zeros(2, 6, 6, 5).write(between)).readDoubles();
        Folded folded = norm.toAffine().foldInto(weight, null);
        Convolution after = new Convolution(folded.weight(), folded.bias(), 1, 1, false);
        assertArrayEquals(y, after.apply(x, shape, false), 6e-7 * max(after.apply(x, shape, true)));
        norm.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"conv2d", "conv2d-nobias", "conv1d", "conv3d", "linear", "transposed2d",
        "transposed2d-groups"})
    void asPyTorchFolds(String name) {
        compare(StateDict.load(FILES.resolve(name + "-64.safetensors")), name, DataType.F64, 1e-14);
        compare(StateDict.load(FILES.resolve(name + "-32.safetensors")), name, DataType.F32, 6e-7);
    }

    private static void compare(StateDict file, String name, DataType type, double tolerance) {
        long[] shape = file.get("x").shape();
        int channels = file.get("norm.weight").count();
        BatchNormBuilder<?> builder = switch (shape.length) {
            case 2, 3 -> BatchNorm1d.builder(channels);
            case 4 -> BatchNorm2d.builder(channels);
            default -> BatchNorm3d.builder(channels);
        };
        BatchNorm norm = builder.dataType(type).eps(name.equals("conv2d-nobias") ? 1e-3 : 1e-5).build();
        StateDict state = new StateDict();
        file.tensors().forEach((key, tensor) -> {
            if (key.startsWith("norm.")) {
                state.put(key.substring("norm.".length()), tensor);
            }
        });
        norm.loadStateDict(state);
        boolean transposed = name.startsWith("transposed");
        int groups = name.equals("conv2d") || name.endsWith("groups") ? 2 : 1;
        HostTensor bias = file.contains("layer.bias") ? file.get("layer.bias") : null;
        Folded folded = fold(norm.toAffine(), file.get("layer.weight"), bias, groups, transposed);
        if (file.contains("folded.weight")) {
            double[] expected = file.doubles("folded.weight");
            assertArrayEquals(expected, folded.weight().toDoubles(), tolerance * max(expected));
            double scale = max(file.doubles("folded.bias")) + max(norm.toAffine().shift());
            assertArrayEquals(file.doubles("folded.bias"), folded.bias().toDoubles(), tolerance * scale);
        }
        Convolution after = new Convolution(folded.weight(), folded.bias(), groups, name.equals("conv2d") ? 1 : 0,
                transposed);
        double[] x = file.doubles("x");
        assertArrayEquals(file.doubles("y"), after.apply(x, shape, false),
                tolerance * max(after.apply(x, shape, true)));
    }

    @Test
    void typesAreThoseOfTheLayer() {
        BatchNorm norm = norm(new Random(7), new long[] {1, 2}, 2, DataType.F32);
        HostTensor half = HostTensor.of(ElementType.BF16, new double[] {1, 2, 3, 4}, 2, 2);
        Folded folded = norm.toAffine().foldInto(half, null);
        assertEquals(ElementType.BF16, folded.weight().type());
        assertEquals(ElementType.BF16, folded.bias().type());
        Folded mixed = norm.toAffine().foldInto(half, HostTensor.ofFloats(new float[2], 2));
        assertEquals(ElementType.F32, mixed.bias().type());
        assertArrayEquals(new double[] {1, 2, 3, 4}, half.toDoubles());
    }

    @Test
    void whatDoesNotFit() {
        Affine six = norm(new Random(8), new long[] {1, 6}, 6, DataType.F32).toAffine();
        refused("[6, …]", () -> six.foldInto(weight(4, 3), null));
        refused("two dimensions", () -> six.foldInto(weight(6), null));
        refused("two dimensions", () -> six.foldInto(weight(6, 0), null));
        refused("bias of shape [6], got [5]", () -> six.foldInto(weight(6, 3), weight(5)));
        refused("bias of shape [6], got [6, 1]", () -> six.foldInto(weight(6, 3), weight(6, 1)));
        refused("got I64", () -> six.foldInto(HostTensor.ofLongs(new long[12], 6, 2), null));
        refused("[in, 3, …]", () -> six.foldIntoTransposed(weight(4, 6, 1, 1), null, 2));
        refused("a multiple of 2", () -> six.foldIntoTransposed(weight(5, 3, 1, 1), null, 2));
        refused("groups that 6 outputs", () -> six.foldIntoTransposed(weight(4, 6, 1, 1), null, 4));
        refused("groups that 6 outputs", () -> six.foldIntoTransposed(weight(4, 6, 1, 1), null, 0));
        refused("[out, 6, …]", () -> six.foldIntoNext(weight(6, 3), null, 1));
        refused("a multiple of 2", () -> six.foldIntoNext(weight(5, 3, 1), null, 2));
        refused("groups that 6 inputs", () -> six.foldIntoNext(weight(5, 3, 1), null, -1));
        refused("bias of shape [4], got [6]", () -> six.foldIntoNext(weight(4, 6), weight(6), 1));
    }

    private static HostTensor weight(long... shape) {
        int count = (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);
        return HostTensor.ofFloats(new float[count], shape);
    }

    private static void refused(String fault, Runnable call) {
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, call::run);
        assertTrue(e.getMessage().contains(fault), e.getMessage());
    }
}
