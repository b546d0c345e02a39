package org.clnorm;

import static org.clnorm.Snapshot.assertRefused;
import static org.clnorm.Snapshot.assertRefusedInTraining;
import static org.clnorm.Values.normal;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;

import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Tensor;

/** Results that go into tensors of the caller's. */
class IntoTest {
    private static final long[] SHAPE = {4, 6, 5};
    private static final String OWN = "with memory of its own";

    @OnEveryDevice
    void forwardAndBackward(Device device, DataType type) {
        try (GroupNorm norm = new GroupNorm(2, 6).on(device)) {
            Tensor x = normal(device, type, 1, SHAPE);
            Tensor dy = normal(device, type, 2, SHAPE);
            float[] y = norm.forward(x).read();
            float[] dx = norm.backward(dy).read();
            Tensor into = normal(device, type, 3, SHAPE);
            Tensor dxInto = normal(device, type, 4, SHAPE);
            long live = device.liveTensors();
            assertSame(into, norm.forward(x, into));
            assertArrayEquals(y, into.read());
            assertSame(dxInto, norm.backward(dy, dxInto));
            assertArrayEquals(dx, dxInto.read());
            assertEquals(live, device.liveTensors());
            assertFalse(into.isClosed());
            // y is not needed any more, so dx may go there
            norm.forward(x, into);
            assertArrayEquals(dx, norm.backward(dy, into).read());
        }
    }

    @OnEveryDevice
    void aSecondForwardIntoTheSameTensorReplacesTheFirst(Device device, DataType type) {
        try (GroupNorm norm = new GroupNorm(2, 6).on(device)) {
            Tensor x = normal(device, type, 1, SHAPE);
            Tensor dy = normal(device, type, 2, SHAPE);
            norm.forward(x);
            float[] dx = norm.backward(dy).read();
            Tensor into = device.zeros(type, SHAPE);
            norm.forward(normal(device, type, 3, SHAPE), into);
            long live = device.liveTensors();
            norm.forward(x, into);
            assertEquals(live, device.liveTensors());
            assertArrayEquals(dx, norm.backward(dy).read());
            assertRefused(norm, IllegalStateException.class, "expected a forward pass", () -> norm.backward(dy));
        }
    }

    @OnEveryDevice
    void anotherLayersOutputIsForgottenToo(Device device, DataType type) {
        try (GroupNorm norm = new GroupNorm(2, 6).on(device); LayerNorm other = new LayerNorm(5).on(device)) {
            Tensor x = normal(device, type, 1, SHAPE);
            Tensor dy = normal(device, type, 2, SHAPE);
            Tensor into = device.zeros(type, SHAPE);
            norm.forward(x, into);
            other.forward(x, into);
            assertRefused(norm, IllegalStateException.class, "expected a forward pass", () -> norm.backward(dy));
            other.backward(dy);
        }
    }

    @OnEveryDevice
    void inputsAreNotOverwritten(Device device, DataType type) {
        Tensor x = normal(device, type, 1, SHAPE);
        float[] values = x.read();
        try (LayerNorm norm = LayerNorm.builder(SHAPE).dataType(type).build().on(device)) {
            assertRefusedInTraining(norm, x, OWN, () -> norm.forward(x, x));
            assertRefusedInTraining(norm, x, OWN, () -> norm.forward(x, norm.weight().value()));
            assertRefusedInTraining(norm, x, OWN, () -> norm.forward(x, norm.bias().value()));
            try (Tensor alias = x.hold()) {
                assertRefusedInTraining(norm, x, OWN, () -> norm.forward(x, alias));
            }
            assertArrayEquals(values, x.read());
        }
    }

    @OnEveryDevice
    void gradientsAreNotOverwritten(Device device, DataType type) {
        Tensor x = normal(device, type, 1, SHAPE);
        Tensor dy = normal(device, type, 2, SHAPE);
        try (LayerNorm norm = LayerNorm.builder(SHAPE).dataType(type).build().on(device)) {
            norm.forward(x);
            norm.backward(dy);
            norm.forward(x);
            assertRefused(norm, OWN, () -> norm.backward(dy, norm.weight().value()));
            assertRefused(norm, OWN, () -> norm.backward(dy, norm.weight().grad()));
            assertRefused(norm, OWN, () -> norm.backward(dy, norm.bias().grad()));
            assertRefused(norm, OWN, () -> norm.backward(norm.weight().grad()));
            assertRefused(norm, OWN, () -> norm.backwardParameters(norm.bias().grad()));
            norm.backward(dy);
        }
    }

    @OnEveryDevice
    void shapesMustFit(Device device, DataType type) {
        Tensor x = normal(device, type, 1, SHAPE);
        Tensor dy = normal(device, type, 2, SHAPE);
        Tensor other = device.zeros(type, 4, 5, 6);
        try (BatchNorm1d norm = new BatchNorm1d(6).on(device)) {
            assertRefusedInTraining(norm, x, "expected into of shape [4, 6, 5], got [4, 5, 6]", () ->
                    norm.forward(x, other));
            norm.forward(x);
            assertRefused(norm, "expected into of shape [4, 6, 5], got [4, 5, 6]", () -> norm.backward(dy, other));
            assertRefused(norm, "expected dy of shape [4, 6, 5], got [4, 5, 6]", () -> norm.backward(other));
            norm.backward(dy);
        }
    }
}
