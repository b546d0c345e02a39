package org.clnorm;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Shape;

/** Layers of every kind and in every mode, for inputs of one shape, with parameters that are not 1 and 0. */
final class LayersOfTests {
    static final long[] SHAPE = {3, 6, 4, 5};

    private LayersOfTests() {
    }

    /** By name; each call of a supplier makes the same layer, on no device yet. */
    static Map<String, Supplier<NormLayer>> all() {
        Map<String, Supplier<NormLayer>> all = new LinkedHashMap<>();
        all.put("batch", () -> new BatchNorm2d(6));
        all.put("batch, cumulative", () -> BatchNorm2d.builder(6).cumulativeMomentum().build());
        all.put("batch, without parameters", () -> BatchNorm2d.builder(6).affine(false).build());
        all.put("batch, without statistics", () -> BatchNorm2d.builder(6).trackRunningStats(false).build());
        all.put("batch, eval", () -> new BatchNorm2d(6).eval());
        all.put("batch, frozen", LayersOfTests::frozen);
        all.put("instance", () -> new InstanceNorm2d(6));
        all.put("instance, tracking", () -> instance());
        all.put("instance, eval", () -> instance().eval());
        all.put("group", () -> new GroupNorm(2, 6));
        all.put("layer", () -> new LayerNorm(4, 5));
        all.put("layer, without bias", () -> LayerNorm.builder(5).bias(false).build());
        return all;
    }

    private static NormLayer frozen() {
        BatchNorm2d norm = new BatchNorm2d(6);
        norm.freezeStatistics();
        return norm;
    }

    private static NormLayer instance() {
        return InstanceNorm2d.builder(6).affine(true).trackRunningStats(true).build();
    }

    /** On a device, with parameters of its own and running statistics that have moved once where they move. */
    static NormLayer on(Device device, Supplier<NormLayer> layer) {
        NormLayer norm = layer.get();
        norm.parameters().values().forEach(
                parameter -> parameter.write(Values.normal(parameter.name().length(), parameter.shape().size())));
        norm.on(device);
        boolean training = norm.isTraining();
        norm.train();
        norm.forward(Values.normal(device, 99, SHAPE)).close();
        norm.train(training);
        return norm;
    }

    static Shape shape() {
        return Shape.of(SHAPE);
    }
}
