package org.clnorm;

import static org.clnorm.Values.normal;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.clnorm.state.StateDict;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Tensor;

/** A layer takes its state along from the host to a device and from one device to another. */
class MovingTest {
    @OnEveryDevice
    void stateFromTheHost(Device device) {
        try (BatchNorm1d norm = new BatchNorm1d(2)) {
            norm.weight().write(2, 3);
            norm.bias().write(0.1, 0.2);
            StateDict host = norm.stateDict();
            assertSame(norm, norm.on(device));
            assertSame(device, norm.device());
            assertEquals(host, norm.stateDict());
            assertArrayEquals(new float[] {0.1f, 0.2f}, norm.bias().value().read());
        }
    }

    @OnEveryDevice
    void toAnotherDeviceAndBack(Device device) {
        try (Device other = Device.cpu(); BatchNorm1d norm = new BatchNorm1d(3).on(device)) {
            Tensor x = normal(device, 1, 4, 3);
            norm.weight().write(2, 3, 4);
            norm.requiresGrad("bias", false);
            norm.eval();
            norm.train();
            Tensor y = norm.forward(x);
            norm.backward(normal(device, 2, 4, 3));
            norm.forward(x);
            StateDict state = norm.stateDict();
            long there = other.liveTensors();
            norm.on(other);
            assertEquals(state, norm.stateDict());
            assertEquals(there + 4, other.liveTensors());
            assertFalse(norm.weight().hasGrad());
            assertFalse(norm.bias().requiresGrad());
            assertEquals(1 + 1, norm.numBatchesTracked());
            assertThrows(IllegalStateException.class, () -> norm.backward(normal(other, 2, 4, 3)));
            assertFalse(y.isClosed());
            float[] moved = norm.forward(normal(other, 1, 4, 3)).read();
            assertArrayEquals(y.read(), moved, 1e-6f);
            norm.on(device);
            assertEquals(there + 3, other.liveTensors(), "dy, x and y remain");
            assertEquals(3, norm.numBatchesTracked());
        }
    }

    @OnEveryDevice
    void onTheSameDeviceNothingHappens(Device device) {
        try (BatchNorm1d norm = new BatchNorm1d(3).on(device)) {
            Tensor x = normal(device, 1, 4, 3);
            Tensor weight = norm.weight().value();
            norm.forward(x);
            norm.on(device);
            assertSame(weight, norm.weight().value());
            norm.backward(normal(device, 2, 4, 3));
        }
    }

    @OnEveryDevice
    void aMoveThatFailsChangesNothing(Device device) {
        Device gone = Device.cpu();
        gone.close();
        try (BatchNorm1d norm = new BatchNorm1d(3).on(device)) {
            Tensor x = normal(device, 1, 4, 3);
            norm.forward(x);
            Snapshot.assertRefused(norm, IllegalStateException.class, "expected an open device", () -> norm.on(gone));
            assertSame(device, norm.device());
            norm.backward(normal(device, 2, 4, 3));
        }
    }

    @OnEveryDevice
    void closingALayerGivesBackAllItHeld(Device device) {
        long live = device.liveTensors();
        BatchNorm1d norm = new BatchNorm1d(3).on(device);
        try (Tensor x = normal(device, 1, 4, 3); Tensor dy = normal(device, 2, 4, 3)) {
            Tensor y = norm.forward(x);
            norm.forward(x).close();
            norm.backward(dy).close();
            y.close();
            try (Tensor pending = norm.forward(x)) {
                norm.close();
                assertEquals(live + 3, device.liveTensors());
                assertFalse(pending.isClosed());
            }
        }
        assertEquals(live, device.liveTensors());
    }
}
