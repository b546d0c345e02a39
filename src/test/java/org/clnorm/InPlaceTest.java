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

/** Results in the place of what they are made from: the same bits as elsewhere. */
class InPlaceTest {
    @OnEveryDevice
    void backwardOverDyAndOverX(Device device, DataType type) {
        LayersOfTests.all().forEach((name, maker) -> {
            try (NormLayer norm = LayersOfTests.on(device, maker); NormLayer other = LayersOfTests.on(device, maker)) {
                for (boolean overX : new boolean[] {false, true}) {
                    Tensor x = normal(device, type, 1, SHAPE);
                    Tensor dy = normal(device, type, 2, SHAPE);
                    norm.forward(x);
                    float[] dx = norm.backward(dy).read();
                    other.forward(x);
                    Tensor into = overX ? x : dy;
                    assertSame(into, other.backward(dy, into));
                    assertArrayEquals(dx, into.read(), name);
                    assertEquals(Snapshot.of(norm), Snapshot.of(other), name);
                }
            }
        });
    }

    @OnEveryDevice
    void forwardOverX(Device device, DataType type) {
        LayersOfTests.all().forEach((name, maker) -> {
            try (NormLayer norm = LayersOfTests.on(device, maker); NormLayer other = LayersOfTests.on(device, maker)) {
                Tensor x = normal(device, type, 1, SHAPE);
                Tensor first = norm.forward(x);
                float[] y = first.read();
                first.close();
                long live = device.liveTensors();
                assertSame(x, other.forwardNoGrad(x, x));
                assertEquals(live, device.liveTensors());
                assertArrayEquals(y, x.read(), name);
                assertEquals(norm.stateDict(), other.stateDict(), name);
                assertEquals(1, x.storage().holders());
            }
        });
    }

    @OnEveryDevice
    void forwardThatIsKeptSaysWhatToCallInstead(Device device, DataType type) {
        Tensor x = normal(device, type, 1, SHAPE);
        try (GroupNorm norm = new GroupNorm(2, 6).on(device); Tensor alias = x.hold()) {
            assertRefusedInTraining(norm, x, "forwardNoGrad(x, x)", () -> norm.forward(x, x));
            assertRefusedInTraining(norm, x, "forwardNoGrad(x, x)", () -> norm.forward(x, alias));
        }
    }

    @OnEveryDevice
    void anotherPassOverTheSameXIsToldThatItIsGone(Device device, DataType type) {
        try (GroupNorm norm = new GroupNorm(2, 6).on(device)) {
            Tensor x = normal(device, type, 1, SHAPE);
            Tensor dy = normal(device, type, 2, SHAPE);
            norm.forward(x);
            norm.forward(x);
            norm.backward(dy, x);
            assertRefused(norm, IllegalStateException.class, "expected x as it was in the forward pass",
                    () -> norm.backward(dy));
        }
    }

    @OnEveryDevice
    void anAliasIsTheSamePlace(Device device, DataType type) {
        try (BatchNorm2d norm = new BatchNorm2d(6).on(device)) {
            Tensor x = normal(device, type, 1, SHAPE);
            Tensor dy = normal(device, type, 2, SHAPE);
            norm.forward(x);
            float[] dx = norm.backward(dy).read();
            norm.forward(x);
            try (Tensor alias = dy.hold()) {
                norm.backward(dy, alias);
            }
            assertArrayEquals(dx, dy.read());
        }
    }

    @OnEveryDevice
    void nothingToDo(Device device, DataType type) {
        try (LayerNorm norm = new LayerNorm(5).on(device)) {
            Tensor x = device.zeros(type, 0, 5);
            norm.forwardNoGrad(x, x);
            norm.forward(x);
            norm.backward(x, x);
            norm.backwardFrom(x, x, x);
            assertArrayEquals(new float[5], norm.weight().grad().read());
        }
    }
}
