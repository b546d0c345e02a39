package org.clnorm;

import static org.clnorm.LayersOfTests.SHAPE;
import static org.clnorm.Snapshot.assertRefused;
import static org.clnorm.Snapshot.assertRefusedInTraining;
import static org.clnorm.Values.normal;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Tensor;

/** A forward pass of which nothing is kept. */
class ForwardNoGradTest {
    @OnEveryDevice
    void doesWhatForwardDoes(Device device, DataType type) {
        LayersOfTests.all().forEach((name, maker) -> {
            try (NormLayer norm = LayersOfTests.on(device, maker); NormLayer other = LayersOfTests.on(device, maker)) {
                Tensor x = normal(device, type, 1, SHAPE);
                Tensor into = device.zeros(type, SHAPE);
                for (int step = 0; step < 3; step++) {
                    float[] y = norm.forward(x).read();
                    if (step == 1) {
                        assertSame(into, other.forwardNoGrad(x, into));
                        assertArrayEquals(y, into.read(), name);
                    } else {
                        assertArrayEquals(y, other.forwardNoGrad(x).read(), name);
                    }
                    assertEquals(norm.stateDict(), other.stateDict(), name);
                }
            }
        });
    }

    @OnEveryDevice
    void keepsNothing(Device device, DataType type) {
        try (BatchNorm2d norm = new BatchNorm2d(6).on(device)) {
            Tensor x = normal(device, type, 1, SHAPE);
            Tensor y = norm.forwardNoGrad(x);
            assertEquals(1, x.storage().holders());
            assertEquals(1, y.storage().holders());
            assertEquals(1, norm.weight().value().storage().holders());
            assertEquals(1, norm.numBatchesTracked());
            assertRefused(norm, IllegalStateException.class, "expected a forward pass before backward",
                    () -> norm.backward(x));
        }
    }

    @OnEveryDevice
    void leavesPassesThatWait(Device device, DataType type) {
        try (GroupNorm norm = new GroupNorm(2, 6).on(device)) {
            Tensor x = normal(device, type, 1, SHAPE);
            Tensor dy = normal(device, type, 2, SHAPE);
            norm.forward(x);
            float[] dx = norm.backward(dy).read();
            norm.forward(x);
            norm.forwardNoGrad(normal(device, type, 3, SHAPE));
            assertArrayEquals(dx, norm.backward(dy).read());
        }
    }

    @OnEveryDevice
    void anOutputThatIsOverwrittenIsForgotten(Device device, DataType type) {
        try (GroupNorm norm = new GroupNorm(2, 6).on(device); LayerNorm other = new LayerNorm(5).on(device)) {
            Tensor x = normal(device, type, 1, SHAPE);
            Tensor y = norm.forward(x);
            norm.forwardNoGrad(x, y);
            assertRefused(norm, IllegalStateException.class, "expected a forward pass", () -> norm.backward(x));
            norm.forward(x, y);
            other.forwardNoGrad(y, y);
            assertRefused(norm, IllegalStateException.class, "expected a forward pass", () -> norm.backward(x));
            assertEquals(1, x.storage().holders());
        }
    }

    @OnEveryDevice
    void whatDoesNotFitIsRefused(Device device) {
        try (BatchNorm2d norm = new BatchNorm2d(6).on(device)) {
            Tensor x = normal(device, 1, SHAPE);
            Tensor wrong = normal(device, 1, 3, 5, 4, 5);
            Tensor closed = normal(device, 1, SHAPE);
            closed.close();
            assertRefusedInTraining(norm, x, "expected input with 6 channels", () -> norm.forwardNoGrad(wrong));
            assertRefusedInTraining(norm, x, "expected into of shape", () -> norm.forwardNoGrad(x, wrong));
            assertRefused(norm, IllegalStateException.class, "closed", () -> norm.forwardNoGrad(closed));
        }
        try (LayerNorm norm = new LayerNorm(SHAPE).on(device)) {
            Tensor x = normal(device, 1, SHAPE);
            assertRefusedInTraining(norm, x, "with memory of its own",
                    () -> norm.forwardNoGrad(x, norm.weight().value()));
        }
    }
}
