package org.clnorm;

import static org.clnorm.Values.normal;
import static org.clnorm.Values.positive;
import static org.clnorm.Values.tensor;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Shape;
import org.clnorm.tensor.Tensor;
import org.junit.jupiter.api.function.Executable;

/** The functional calls give what the layers give. */
class NormsTest {
    private static final long[] SHAPE = {4, 6, 3, 5};

    private static void same(Device device, NormLayer layer, Tensor x, NormResult result) {
        Tensor dy = normal(device, x.type(), 9, x.shape().dims());
        assertArrayEquals(layer.forward(x).read(), result.y().read());
        Gradients gradients = result.backward(dy);
        assertArrayEquals(layer.backward(dy).read(), gradients.dx().read());
        same(layer, "weight", gradients.dweight());
        same(layer, "bias", gradients.dbias());
    }

    private static void same(NormLayer layer, String name, Tensor gradient) {
        Parameter parameter = layer.parameters().get(name);
        if (parameter == null) {
            assertNull(gradient);
        } else {
            assertEquals(parameter.shape(), gradient.shape());
            assertEquals(parameter.grad().type(), gradient.type());
            assertArrayEquals(parameter.grad().read(), gradient.read());
        }
    }

    private static <L extends NormLayer> L prepared(L layer) {
        layer.parameters().forEach((name, parameter) -> parameter.write(
                name.equals("weight") ? positive(3, parameter.shape().size()) : normal(4, parameter.shape().size())));
        return layer;
    }

    private static Tensor weight(Device device, long... dims) {
        return tensor(device, positive(3, Shape.of(dims).size()), dims);
    }

    @OnEveryDevice
    void batchNorm(Device device, DataType type) {
        try (BatchNorm2d layer = prepared(new BatchNorm2d(6).on(device));
                BatchNorm2d plain = BatchNorm2d.builder(6).affine(false).trackRunningStats(false).build().on(device)) {
            Tensor x = normal(device, type, 1, SHAPE);
            Tensor weight = weight(device, 6);
            Tensor bias = normal(device, 4, 6);
            Tensor mean = device.zeros(6);
            Tensor variance = device.zeros(6).fill(1);
            same(device, layer, x, Norms.batchNorm(x, mean, variance, weight, bias, true, 0.1, 1e-5));
            assertArrayEquals(layer.runningMean().read(), mean.read());
            assertArrayEquals(layer.runningVar().read(), variance.read());
            layer.eval();
            same(device, layer, x, Norms.batchNorm(x, mean, variance, weight, bias, false, 0.1, 1e-5));
            assertArrayEquals(layer.runningMean().read(), mean.read());
            same(device, plain, x, Norms.batchNorm(x, null, null, null, null, true, 0.1, 1e-5));
        }
    }

    @OnEveryDevice
    void instanceNorm(Device device, DataType type) {
        try (InstanceNorm2d layer = prepared(
                InstanceNorm2d.builder(6).affine(true).trackRunningStats(true).build().on(device));
                InstanceNorm2d plain = new InstanceNorm2d(6).on(device)) {
            Tensor x = normal(device, type, 1, SHAPE);
            Tensor weight = weight(device, 6);
            Tensor bias = normal(device, 4, 6);
            Tensor mean = device.zeros(6);
            Tensor variance = device.zeros(6).fill(1);
            same(device, layer, x, Norms.instanceNorm(x, mean, variance, weight, bias, true, 0.1, 1e-5));
            assertArrayEquals(layer.runningMean().read(), mean.read());
            assertArrayEquals(layer.runningVar().read(), variance.read());
            layer.eval();
            same(device, layer, x, Norms.instanceNorm(x, mean, variance, weight, bias, false, 0.1, 1e-5));
            same(device, plain, x, Norms.instanceNorm(x, null, null, null, null, true, 0.1, 1e-5));
        }
    }

    @OnEveryDevice
    void groupNorm(Device device, DataType type) {
        try (GroupNorm layer = prepared(new GroupNorm(3, 6).on(device));
                GroupNorm weightOnly = prepared(GroupNorm.builder(3, 6).bias(false).build().on(device));
                GroupNorm plain = GroupNorm.builder(3, 6).affine(false).eps(0.5).build().on(device)) {
            Tensor x = normal(device, type, 1, SHAPE);
            Tensor weight = weight(device, 6);
            same(device, layer, x, Norms.groupNorm(x, 3, weight, normal(device, 4, 6), 1e-5));
            same(device, weightOnly, x, Norms.groupNorm(x, 3, weight, null, 1e-5));
            same(device, plain, x, Norms.groupNorm(x, 3, null, null, 0.5));
        }
    }

    @OnEveryDevice
    void layerNorm(Device device, DataType type) {
        try (LayerNorm layer = prepared(new LayerNorm(3, 5).on(device));
                LayerNorm plain = LayerNorm.builder(5).elementwiseAffine(false).build().on(device)) {
            Tensor x = normal(device, type, 1, SHAPE);
            long[] shape = {3, 5};
            same(device, layer, x, Norms.layerNorm(x, shape, weight(device, shape), normal(device, 4, shape), 1e-5));
            same(device, plain, x, Norms.layerNorm(x, new long[] {5}, null, null, 1e-5));
        }
    }

    @OnEveryDevice
    void biasAlone(Device device, DataType type) {
        Tensor x = normal(device, type, 1, 4, 6);
        Tensor bias = normal(device, 2, 6);
        Reference reference = Reference.layer(4, 6, 1e-5);
        NormResult result = Norms.layerNorm(x, new long[] {6}, null, bias, 1e-5);
        double[] values = x.readDoubles();
        Values.assertClose(reference.forward(values, reference.moments(values), null, bias.readDoubles()), result.y(),
                "y");
        Gradients gradients = result.backward(x);
        assertNull(gradients.dweight());
        Values.assertClose(reference.biasGradient(values, 6), gradients.dbias(), "dbias");
    }

    @OnEveryDevice
    void resultsEndAsLayersDo(Device device, DataType type) {
        Tensor x = normal(device, type, 1, 4, 6);
        Tensor weight = weight(device, 6);
        NormResult result = Norms.layerNorm(x, new long[] {6}, weight, null, 1e-5);
        result.backward(x).close();
        assertThrows(IllegalStateException.class, () -> result.backward(x));
        NormResult closed = Norms.layerNorm(x, new long[] {6}, weight, null, 1e-5);
        closed.close();
        closed.close();
        assertThrows(IllegalStateException.class, () -> closed.backward(x));
        NormResult written = Norms.layerNorm(x, new long[] {6}, weight, null, 1e-5);
        weight.fill(2);
        assertTrue(assertThrows(IllegalStateException.class, () -> written.backward(x)).getMessage()
                .contains("weight"));
        NormResult misfit = Norms.layerNorm(x, new long[] {6}, weight, null, 1e-5);
        Tensor other = device.zeros(type, 6, 4);
        assertThrows(IllegalArgumentException.class, () -> misfit.backward(other));
        misfit.backward(normal(device, type, 2, 4, 6));
    }

    @OnEveryDevice
    void resultsAndGradientsGiveBackWhatTheyHeld(Device device) {
        Tensor x = normal(device, 1, 4, 6);
        Tensor weight = weight(device, 6);
        Tensor bias = normal(device, 2, 6);
        long live = device.liveTensors();
        try (NormResult result = Norms.groupNorm(x, 2, weight, bias, 1e-5)) {
            assertEquals(live + 1, device.liveTensors());
            assertEquals(2, x.storage().holders());
            assertEquals(2, weight.storage().holders());
            try (Gradients gradients = result.backward(x)) {
                assertEquals(live + 4, device.liveTensors());
                assertEquals(gradients.dweight().shape(), gradients.dbias().shape());
            }
            Norms.groupNorm(x, 2, null, null, 1e-5).close();
        }
        assertEquals(live, device.liveTensors());
        assertEquals(1, x.storage().holders());
        assertEquals(1, weight.storage().holders());
    }

    private static void refuses(Device device, String message, Executable call) {
        long live = device.liveTensors();
        String got = assertThrows(IllegalArgumentException.class, call).getMessage();
        assertTrue(got.contains(message), () -> "expected '" + message + "' in " + got);
        assertEquals(live, device.liveTensors());
    }

    @OnEveryDevice
    void batchNormRefuses(Device device) {
        Tensor x = normal(device, 1, 4, 6);
        Tensor six = device.zeros(6).fill(1);
        Tensor mean = device.zeros(6);
        Tensor five = device.zeros(5);
        Tensor vector = device.zeros(6);
        Tensor one = device.zeros(1, 6);
        refuses(device, "expected running statistics without training, got null",
                () -> Norms.batchNorm(x, null, null, null, null, false, 0.1, 1e-5));
        refuses(device, "expected runningMean and runningVar together",
                () -> Norms.batchNorm(x, mean, null, null, null, true, 0.1, 1e-5));
        refuses(device, "expected runningVar of shape [6], got [5]",
                () -> Norms.batchNorm(x, mean, five, null, null, true, 0.1, 1e-5));
        refuses(device, "expected weight of shape [6], got [5]",
                () -> Norms.batchNorm(x, mean, six, five, null, true, 0.1, 1e-5));
        refuses(device, "expected bias of shape [6], got [5]",
                () -> Norms.batchNorm(x, mean, six, null, five, true, 0.1, 1e-5));
        refuses(device, "expected a momentum from 0 to 1, got 1.5",
                () -> Norms.batchNorm(x, mean, six, null, null, true, 1.5, 1e-5));
        refuses(device, "expected a finite eps of 0 or more, got -1.0",
                () -> Norms.batchNorm(x, mean, six, null, null, true, 0.1, -1));
        refuses(device, "expected more than 1 value per channel when training, got input of shape [1, 6]",
                () -> Norms.batchNorm(one, mean, six, null, null, true, 0.1, 1e-5));
        refuses(device, "expected at least 2D input (got 1D input)",
                () -> Norms.batchNorm(vector, mean, six, null, null, true, 0.1, 1e-5));
        refuses(device, "expected runningMean with memory of its own",
                () -> Norms.batchNorm(x, mean, six, mean, null, true, 0.1, 1e-5));
        refuses(device, "expected runningVar with memory of its own",
                () -> Norms.batchNorm(x, mean, six, null, six, true, 0.1, 1e-5));
        refuses(device, "expected runningMean with memory of its own",
                () -> Norms.batchNorm(x, mean, mean, null, null, true, 0.1, 1e-5));
        assertArrayEquals(new float[6], mean.read());
    }

    @OnEveryDevice
    void theOthersRefuse(Device device) {
        Tensor x = normal(device, 1, 4, 6);
        Tensor space = normal(device, 1, 4, 6, 1);
        Tensor five = device.zeros(5);
        Tensor scalar = device.zeros();
        refuses(device, "expected at least 3D input (got 2D input)",
                () -> Norms.instanceNorm(x, null, null, null, null, true, 0.1, 1e-5));
        refuses(device, "expected more than 1 spatial element",
                () -> Norms.instanceNorm(space, null, null, null, null, true, 0.1, 1e-5));
        refuses(device, "expected running statistics without useInputStats",
                () -> Norms.instanceNorm(space, null, null, null, null, false, 0.1, 1e-5));
        refuses(device, "got numGroups 4, numChannels 6", () -> Norms.groupNorm(x, 4, null, null, 1e-5));
        refuses(device, "expected weight of shape [6], got [5]", () -> Norms.groupNorm(x, 3, five, null, 1e-5));
        refuses(device, "expected at least 1D input", () -> Norms.layerNorm(scalar, new long[] {1}, null, null, 1e-5));
        refuses(device, "given normalizedShape [5]", () -> Norms.layerNorm(x, new long[] {5}, null, null, 1e-5));
        refuses(device, "expected a normalizedShape", () -> Norms.layerNorm(x, new long[0], null, null, 1e-5));
        refuses(device, "expected bias of shape [6], got [5]", () ->
                Norms.layerNorm(x, new long[] {6}, null, five, 1e-5));
        refuses(device, "expected a finite eps", () -> Norms.layerNorm(x, new long[] {6}, null, null, Double.NaN));
    }

    @OnEveryDevice
    void parametersOfTheTypeOfTheInput(Device device, DataType type) {
        try (GroupNorm layer = prepared(GroupNorm.builder(3, 6).dataType(type).build().on(device))) {
            Tensor x = normal(device, type, 1, SHAPE);
            Tensor weight = device.tensor(type, positive(3, 6), 6);
            same(device, layer, x, Norms.groupNorm(x, 3, weight, normal(device, type, 4, 6), 1e-5));
        }
    }

    @OnEveryDevice
    void typesThatDoNotAgree(Device device) {
        Tensor halves = normal(device, DataType.F16, 1, 4, 6);
        Tensor floats = normal(device, 1, 4, 6);
        Tensor half = device.zeros(DataType.F16, 6);
        Tensor other = device.zeros(DataType.BF16, 6);
        Tensor single = device.zeros(6);
        long[] shape = {6};
        refuses(device, "expected weight of type F16, got BF16", () -> Norms.layerNorm(halves, shape, other, null, 0));
        refuses(device, "expected weight of type F32, got F16", () -> Norms.layerNorm(floats, shape, half, null, 0));
        refuses(device, "expected bias of type F16, got F32", () -> Norms.layerNorm(halves, shape, half, single, 0));
        refuses(device, "expected bias of type F32, got F16", () -> Norms.layerNorm(halves, shape, single, half, 0));
        refuses(device, "expected runningMean of type F32, got F16",
                () -> Norms.batchNorm(halves, half, single, null, null, true, 0.1, 0));
        refuses(device, "expected runningVar of type F32, got F16",
                () -> Norms.batchNorm(halves, single, half, null, null, true, 0.1, 0));
        NormResult result = Norms.layerNorm(halves, shape, single, single, 0);
        refuses(device, "expected dy of type F16, got F32", () -> result.backward(floats));
    }

    @OnEveryDevice
    void emptyInput(Device device, DataType type) {
        Tensor x = device.zeros(type, 0, 6, 5);
        Tensor mean = device.zeros(6);
        Tensor variance = device.zeros(6).fill(1);
        Gradients gradients = Norms.batchNorm(x, mean, variance, weight(device, 6), device.zeros(6), true, 0.1, 1e-5)
                .backward(x);
        assertEquals(0, gradients.dx().size());
        assertArrayEquals(new float[6], gradients.dweight().read());
        assertArrayEquals(new float[6], gradients.dbias().read());
        assertArrayEquals(new float[6], mean.read());
        assertEquals(0, Norms.instanceNorm(x, mean, variance, null, null, true, 0.1, 1e-5).y().size());
        assertEquals(0, Norms.groupNorm(x, 2, null, null, 1e-5).y().size());
    }
}
