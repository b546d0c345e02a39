package org.clnorm;

import static org.clnorm.LayersOfTests.SHAPE;
import static org.clnorm.Snapshot.assertRefused;
import static org.clnorm.Values.normal;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import org.clnorm.state.StateDict;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Tensor;

/** Backward from x alone: the bits of forward and backward, and nothing moves. */
class CheckpointingTest {
    private static final int ALONE = 3;

    @OnEveryDevice
    void theBitsOfForwardAndBackward(Device device, DataType type) {
        LayersOfTests.all().forEach((name, maker) -> {
            for (String frozen : new String[] {"", "weight", "weight bias"}) {
                try (NormLayer norm = LayersOfTests.on(device, maker);
                        NormLayer other = LayersOfTests.on(device, maker)) {
                    for (NormLayer each : new NormLayer[] {norm, other}) {
                        each.accumulateGradients(true);
                        each.parameters().values().forEach(
                                parameter -> parameter.requiresGrad(!frozen.contains(parameter.name())));
                    }
                    check(device, type, norm, other, frozen.isEmpty() ? 0 : ALONE);
                }
            }
        });
    }

    /** From a way on: into a new tensor, x, dy, and a tensor that is there already. */
    private static void check(Device device, DataType type, NormLayer norm, NormLayer other, int first) {
        StateDict before = other.stateDict();
        for (int way = first; way <= ALONE; way++) {
            String what = norm + ", way " + way;
            Tensor x = normal(device, type, 1 + way, SHAPE);
            Tensor dy = normal(device, type, 11 + way, SHAPE);
            norm.forward(x);
            float[] dx = norm.backward(dy).read();
            Tensor into = way == 0 ? null : way == 1 ? x : way == 2 ? dy : device.zeros(type, SHAPE);
            Tensor got = into == null ? other.backwardFrom(x, dy) : other.backwardFrom(x, dy, into);
            if (into != null) {
                assertSame(into, got);
            }
            assertArrayEquals(dx, got.read(), what);
            assertEquals(Snapshot.of(norm).gradients(), Snapshot.of(other).gradients(), what);
            assertEquals(before, other.stateDict(), what);
            assertEquals(1, x.storage().holders());
            got.close();
        }
    }

    @OnEveryDevice
    void passesThatWaitAreLeft(Device device, DataType type) {
        try (BatchNorm2d norm = new BatchNorm2d(6).on(device)) {
            Tensor x = normal(device, type, 1, SHAPE);
            Tensor dy = normal(device, type, 2, SHAPE);
            norm.forward(x);
            float[] dx = norm.backwardFrom(x, dy).read();
            assertArrayEquals(dx, norm.backward(dy).read());
        }
    }

    @OnEveryDevice
    void afterForwardNoGrad(Device device, DataType type) {
        try (BatchNorm2d norm = new BatchNorm2d(6).on(device); BatchNorm2d kept = new BatchNorm2d(6).on(device)) {
            Tensor x = normal(device, type, 1, SHAPE);
            Tensor dy = normal(device, type, 2, SHAPE);
            Tensor y = device.zeros(type, SHAPE);
            norm.forwardNoGrad(x, y);
            kept.forward(x);
            assertArrayEquals(kept.backward(dy).read(), norm.backwardFrom(x, dy).read());
            assertEquals(Snapshot.of(kept), Snapshot.of(norm));
            assertEquals(1, norm.numBatchesTracked());
        }
    }

    @OnEveryDevice
    void whatDoesNotFitIsRefused(Device device, DataType type) {
        try (LayerNorm norm = LayerNorm.builder(SHAPE).dataType(type).build().on(device)) {
            Tensor x = normal(device, type, 1, SHAPE);
            Tensor dy = normal(device, type, 2, SHAPE);
            Tensor wrong = device.zeros(type, 6, 3, 4, 5);
            norm.backwardFrom(x, dy);
            assertRefused(norm, "expected input of shape", () -> norm.backwardFrom(wrong, dy));
            assertRefused(norm, "expected dy of shape", () -> norm.backwardFrom(x, wrong));
            assertRefused(norm, "expected into of shape", () -> norm.backwardFrom(x, dy, wrong));
            String own = "with memory of its own";
            Tensor grad = norm.weight().grad();
            assertRefused(norm, own, () -> norm.backwardFrom(grad, dy));
            assertRefused(norm, own, () -> norm.backwardFrom(x, grad));
            assertRefused(norm, own, () -> norm.backwardFrom(x, dy, grad));
            assertRefused(norm, own, () -> norm.backwardFrom(x, dy, norm.weight().value()));
            assertRefused(norm, own, () -> norm.backwardFrom(x, dy, norm.bias().value()));
            dy.close();
            assertRefused(norm, IllegalStateException.class, "closed", () -> norm.backwardFrom(x, dy));
        }
    }
}
