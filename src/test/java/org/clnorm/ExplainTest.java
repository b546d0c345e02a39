package org.clnorm;

import static org.clnorm.Snapshot.assertRefused;
import static org.clnorm.Values.normal;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.List;
import org.clnorm.engine.Explanation;
import org.clnorm.plan.Task;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Tensor;

/** Every layer can say how its device does it, without doing it. */
class ExplainTest {
    private static void explains(Device device, DataType type, NormLayer layer, long... dims) {
        try (layer) {
            Tensor x = normal(device, type, 1, dims);
            Snapshot before = Snapshot.of(layer);
            for (Task.Pass pass : List.of(Task.Pass.FORWARD, Task.Pass.BACKWARD)) {
                Explanation explanation = layer.explain(x, pass);
                assertFalse(explanation.variant().isBlank());
                assertFalse(explanation.reason().isBlank());
            }
            assertRefused(layer, IllegalStateException.class, "expected a forward pass", () -> layer.backward(x));
            assertEquals(before, Snapshot.of(layer));
        }
    }

    @OnEveryDevice
    void layers(Device device, DataType type) {
        explains(device, type, new BatchNorm1d(3).on(device), 4, 3);
        explains(device, type, new BatchNorm2d(3).on(device), 4, 3, 5, 5);
        explains(device, type, new InstanceNorm2d(3).on(device), 4, 3, 5, 5);
        explains(device, type, new GroupNorm(3, 6).on(device), 4, 6, 5);
        explains(device, type, new LayerNorm(5).on(device), 4, 5);
        explains(device, type, LayerNorm.builder(5).elementwiseAffine(false).build().on(device), 4, 5);
    }

    @OnEveryDevice
    void whatDoesNotFitIsRefused(Device device, DataType type) {
        try (LayerNorm layer = new LayerNorm(5).on(device)) {
            Tensor empty = device.zeros(type, 0, 5);
            Tensor other = device.zeros(type, 4, 6);
            Tensor x = device.zeros(type, 4, 5);
            assertRefused(layer, "expected forward or backward", () -> layer.explain(x, Task.Pass.STATISTICS));
            assertRefused(layer, "expected x with at least one element", () -> layer.explain(empty, Task.Pass.FORWARD));
            assertRefused(layer, "given normalizedShape", () -> layer.explain(other, Task.Pass.BACKWARD));
        }
    }
}
