package org.clnorm;

import static org.clnorm.Values.assertClose;
import static org.clnorm.Values.normal;
import static org.clnorm.Values.positive;
import static org.clnorm.Values.rounded;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Shape;
import org.clnorm.tensor.Tensor;

/** Every layer at every rank it takes, forward and backward, against the formula written down once more. */
class LayersTest {
    static void check(Device device, DataType type, NormLayer layer, Reference reference, long... dims) {
        try (layer) {
            double[] x = rounded(type, normal(1, Shape.of(dims).size()));
            double[] dy = rounded(type, normal(2, x.length));
            boolean affine = !layer.parameters().isEmpty();
            int parameters = affine ? (int) layer.weight().shape().size() : 0;
            boolean biased = layer.parameters().containsKey("bias");
            if (affine) {
                layer.weight().write(positive(3, parameters));
            }
            if (biased) {
                layer.bias().write(normal(4, parameters));
            }
            double[] weight = affine ? layer.weight().read() : null;
            double[] bias = biased ? layer.bias().read() : null;
            Reference.Moments moments = reference.moments(x);
            Tensor y = layer.forward(device.tensor(type, x, dims));
            assertEquals(Shape.of(dims), y.shape());
            assertClose(reference.forward(x, moments, weight, bias), y, layer + " y");
            Tensor dx = layer.backward(device.tensor(type, dy, dims));
            assertEquals(Shape.of(dims), dx.shape());
            assertClose(reference.inputGradient(x, dy, moments, weight), dx, layer + " dx");
            if (affine) {
                assertClose(reference.weightGradient(x, dy, moments, parameters), layer.weight().grad(), layer
                        + " dweight");
            }
            if (biased) {
                assertClose(reference.biasGradient(dy, parameters), layer.bias().grad(), layer + " dbias");
            }
        }
    }

    @OnEveryDevice
    void batchNorm(Device device, DataType type) {
        check(device, type, new BatchNorm1d(5).on(device), Reference.batch(5, 1, 1e-5), 7, 5);
        check(device, type, new BatchNorm1d(5).on(device), Reference.batch(5, 6, 1e-5), 7, 5, 6);
        check(device, type, new BatchNorm1d(5).on(device), Reference.batch(5, 6, 1e-5), 1, 5, 6);
        check(device, type, new BatchNorm2d(3).on(device), Reference.batch(3, 35, 1e-5), 4, 3, 5, 7);
        check(device, type, new BatchNorm2d(1).on(device), Reference.batch(1, 35, 1e-5), 4, 1, 5, 7);
        check(device, type, new BatchNorm2d(3).on(device), Reference.batch(3, 1, 1e-5), 4, 3, 1, 1);
        check(device, type, new BatchNorm3d(3).on(device), Reference.batch(3, 24, 1e-5), 2, 3, 2, 3, 4);
    }

    @OnEveryDevice
    void batchNormSettings(Device device, DataType type) {
        check(device, type, BatchNorm2d.builder(3).affine(false).build().on(device), Reference.batch(3, 6, 1e-5), 4, 3,
                2, 3);
        check(device, type, BatchNorm2d.builder(3).bias(false).build().on(device), Reference.batch(3, 6, 1e-5), 4, 3,
                2, 3);
        check(device, type, BatchNorm2d.builder(3).eps(0.25).build().on(device), Reference.batch(3, 6, 0.25), 4, 3, 2,
                3);
        BatchNorm2d untracked = BatchNorm2d.builder(3).trackRunningStats(false).build().on(device);
        untracked.eval();
        check(device, type, untracked, Reference.batch(3, 6, 1e-5), 4, 3, 2, 3);
    }

    @OnEveryDevice
    void instanceNorm(Device device, DataType type) {
        check(device, type, new InstanceNorm1d(5).on(device), Reference.instance(7, 5, 6, 1e-5), 7, 5, 6);
        check(device, type, new InstanceNorm2d(3).on(device), Reference.instance(4, 3, 35, 1e-5), 4, 3, 5, 7);
        check(device, type, new InstanceNorm3d(3).on(device), Reference.instance(2, 3, 24, 1e-5), 2, 3, 2, 3, 4);
        check(device, type, new InstanceNorm2d(1).on(device), Reference.instance(4, 1, 35, 1e-5), 4, 1, 5, 7);
    }

    @OnEveryDevice
    void instanceNormWithoutBatch(Device device, DataType type) {
        check(device, type, new InstanceNorm1d(5).on(device), Reference.instance(1, 5, 6, 1e-5), 5, 6);
        check(device, type, new InstanceNorm2d(3).on(device), Reference.instance(1, 3, 35, 1e-5), 3, 5, 7);
        check(device, type, new InstanceNorm3d(3).on(device), Reference.instance(1, 3, 24, 1e-5), 3, 2, 3, 4);
    }

    @OnEveryDevice
    void instanceNormSettings(Device device, DataType type) {
        check(device, type, InstanceNorm2d.builder(3).affine(true).build().on(device), Reference.instance(4, 3, 6,
                1e-5), 4, 3, 2, 3);
        check(device, type, InstanceNorm2d.builder(3).affine(true).bias(false).build().on(device),
                Reference.instance(4, 3, 6, 1e-5), 4, 3, 2, 3);
        check(device, type, InstanceNorm2d.builder(3).affine(true).trackRunningStats(true).eps(0.1).build().on(device),
                Reference.instance(4, 3, 6, 0.1), 4, 3, 2, 3);
        InstanceNorm2d evaluated = InstanceNorm2d.builder(3).affine(true).build().on(device);
        evaluated.eval();
        check(device, type, evaluated, Reference.instance(1, 3, 6, 1e-5), 3, 2, 3);
    }

    @OnEveryDevice
    void groupNorm(Device device, DataType type) {
        for (int groups : new int[] {1, 2, 3, 6}) {
            check(device, type, new GroupNorm(groups, 6).on(device), Reference.group(4, groups, 6, 1, 1e-5), 4, 6);
            check(device, type, new GroupNorm(groups, 6).on(device), Reference.group(4, groups, 6, 5, 1e-5), 4, 6, 5);
            check(device, type, new GroupNorm(groups, 6).on(device), Reference.group(1, groups, 6, 15, 1e-5), 1, 6, 5,
                    3);
            check(device, type, new GroupNorm(groups, 6).on(device), Reference.group(2, groups, 6, 24, 1e-5), 2, 6, 2,
                    3, 2, 2);
            check(device, type, GroupNorm.builder(groups, 6).affine(false).build().on(device),
                    Reference.group(4, groups, 6, 5, 1e-5), 4, 6, 5);
            check(device, type, GroupNorm.builder(groups, 6).bias(false).eps(0.5).build().on(device),
                    Reference.group(4, groups, 6, 5, 0.5), 4, 6, 5);
        }
        check(device, type, new GroupNorm(1, 1).on(device), Reference.group(4, 1, 1, 5, 1e-5), 4, 1, 5);
    }

    @OnEveryDevice
    void layerNorm(Device device, DataType type) {
        check(device, type, new LayerNorm(7).on(device), Reference.layer(1, 7, 1e-5), 7);
        check(device, type, new LayerNorm(7).on(device), Reference.layer(5, 7, 1e-5), 5, 7);
        check(device, type, new LayerNorm(4, 7).on(device), Reference.layer(6, 28, 1e-5), 2, 3, 4, 7);
        check(device, type, new LayerNorm(3, 4, 7).on(device), Reference.layer(2, 84, 1e-5), 2, 3, 4, 7);
        check(device, type, new LayerNorm(1).on(device), Reference.layer(5, 1, 1e-5), 5, 1);
        check(device, type, LayerNorm.builder(7).elementwiseAffine(false).build().on(device), Reference.layer(5, 7,
                1e-5), 5, 7);
        check(device, type, LayerNorm.builder(4, 7).bias(false).eps(0.5).build().on(device), Reference.layer(3, 28,
                0.5), 3, 4, 7);
    }

    @OnEveryDevice
    void parametersOfTheTypeOfTheInput(Device device, DataType type) {
        check(device, type, BatchNorm1d.builder(5).dataType(type).build().on(device), Reference.batch(5, 1, 1e-5), 7,
                5);
        check(device, type, BatchNorm2d.builder(3).dataType(type).build().on(device), Reference.batch(3, 35, 1e-5), 4,
                3, 5, 7);
        check(device, type, InstanceNorm2d.builder(3).affine(true).dataType(type).build().on(device),
                Reference.instance(4, 3, 35, 1e-5), 4, 3, 5, 7);
        check(device, type, GroupNorm.builder(2, 6).bias(false).dataType(type).build().on(device),
                Reference.group(4, 2, 6, 15, 1e-5), 4, 6, 5, 3);
        check(device, type, LayerNorm.builder(7).dataType(type).build().on(device), Reference.layer(50, 7, 1e-5), 50,
                7);
    }

    @OnEveryDevice
    void evaluationUsesRunningStatistics(Device device, DataType type) {
        double[] mean = normal(7, 3);
        double[] variance = positive(8, 3);
        evaluate(device, type, new BatchNorm2d(3).on(device), mean, variance, 4, 3, 2, 3);
        evaluate(device, type, new BatchNorm2d(3).on(device), mean, variance, 1, 3, 1, 1);
        InstanceNormBuilder<InstanceNorm2d> tracking = InstanceNorm2d.builder(3).affine(true).trackRunningStats(true);
        evaluate(device, type, tracking.build().on(device), mean, variance, 4, 3, 2, 3);
        evaluate(device, type, tracking.build().on(device), mean, variance, 3, 2, 3);
        evaluate(device, type, tracking.build().on(device), mean, variance, 4, 3, 1, 1);
    }

    private static void evaluate(Device device, DataType type, TrackingLayer layer, double[] mean, double[] variance,
            long... dims) {
        try (layer) {
            int space = (int) (dims[dims.length - 2] * dims[dims.length - 1]);
            Reference reference = Reference.batch(3, space, layer.eps());
            Reference.Moments moments = new Reference.Moments(mean, variance, null);
            layer.runningMean().write(mean);
            layer.runningVar().write(variance);
            layer.weight().write(positive(3, 3));
            layer.bias().write(normal(4, 3));
            layer.eval();
            double[] x = rounded(type, normal(1, Shape.of(dims).size()));
            double[] dy = rounded(type, normal(2, x.length));
            double[] weight = layer.weight().read();
            assertClose(reference.forward(x, moments, weight, layer.bias().read()),
                    layer.forward(device.tensor(type, x, dims)), "y");
            assertClose(reference.givenInputGradient(dy, moments, weight),
                    layer.backward(device.tensor(type, dy, dims)),
                    "dx");
            assertClose(reference.weightGradient(x, dy, moments, 3), layer.weight().grad(), "dweight");
            assertClose(reference.biasGradient(dy, 3), layer.bias().grad(), "dbias");
            assertClose(mean, layer.runningMean(), "running mean");
            assertClose(variance, layer.runningVar(), "running variance");
        }
    }
}
