package org.clnorm;

import static org.clnorm.Snapshot.assertRefused;
import static org.clnorm.Values.normal;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Shape;
import org.clnorm.tensor.Tensor;
import org.junit.jupiter.api.function.Executable;

/** Tensors that are closed, of another type or on another device, and layers that are closed or on no device. */
class UnfitTensorsTest {
    @OnEveryDevice
    void closedTensors(Device device) {
        try (BatchNorm1d norm = new BatchNorm1d(3).on(device)) {
            Tensor open = normal(device, 1, 4, 3);
            Tensor closed = normal(device, 1, 4, 3);
            closed.close();
            closed.close();
            String message = "expected an open tensor, got a closed one";
            assertRefused(norm, IllegalStateException.class, message, () -> norm.forward(closed));
            assertRefused(norm, IllegalStateException.class, message, () -> norm.forward(open, closed));
            norm.forward(open);
            assertRefused(norm, IllegalStateException.class, message, () -> norm.backward(closed));
            assertRefused(norm, IllegalStateException.class, message, () -> norm.backward(open, closed));
            norm.backward(normal(device, 2, 4, 3));
        }
    }

    @OnEveryDevice
    void tensorsOfAnotherDevice(Device device) {
        try (Device other = Device.cpu(); BatchNorm1d norm = new BatchNorm1d(3).on(device)) {
            Tensor here = normal(device, 1, 4, 3);
            Tensor there = normal(other, 1, 4, 3);
            Tensor dy = normal(device, 2, 4, 3);
            assertRefused(norm, "expected x on the device", () -> norm.forward(there));
            assertRefused(norm, "expected into on the device", () -> norm.forward(here, there));
            norm.forward(here);
            assertRefused(norm, "expected dy on the device", () -> norm.backward(there));
            assertRefused(norm, "expected into on the device", () -> norm.backward(dy, there));
        }
    }

    @OnEveryDevice
    void tensorsOfAnotherType(Device device) {
        if (!device.supports(DataType.F64)) {
            assertThrows(IllegalArgumentException.class, () -> device.empty(DataType.F64, Shape.of(4, 3)));
            BatchNorm1d doubles = BatchNorm1d.builder(3).dataType(DataType.F64).build();
            String message = assertThrows(IllegalArgumentException.class, () -> doubles.on(device)).getMessage();
            assertTrue(message.contains("expected a device that supports F64"), message);
            return;
        }
        try (BatchNorm1d floats = new BatchNorm1d(3).on(device);
                BatchNorm1d doubles = BatchNorm1d.builder(3).dataType(DataType.F64).build().on(device)) {
            Tensor x32 = normal(device, 1, 4, 3);
            Tensor x64 = device.tensor(Values.normal(1, 12), 4, 3);
            assertRefused(floats, "expected x of type F32, F16 or BF16, got F64", () -> floats.forward(x64));
            assertRefused(doubles, "expected x of type F64, got F32", () -> doubles.forward(x32));
            assertRefused(floats, "expected into of type F32, got F64", () -> floats.forward(x32, x64));
            floats.forward(x32);
            assertRefused(floats, "expected dy of type F32, got F64", () -> floats.backward(x64));
            doubles.forward(x64);
            doubles.backward(device.tensor(Values.normal(2, 12), 4, 3));
        }
    }

    @OnEveryDevice
    void halvesAndFloats(Device device) {
        try (BatchNorm1d floats = new BatchNorm1d(3).on(device);
                BatchNorm1d halves = BatchNorm1d.builder(3).dataType(DataType.F16).build().on(device)) {
            Tensor f32 = normal(device, 1, 4, 3);
            Tensor f16 = normal(device, DataType.F16, 1, 4, 3);
            Tensor bf16 = normal(device, DataType.BF16, 1, 4, 3);
            Tensor dy = normal(device, DataType.F16, 2, 4, 3);
            assertRefused(halves, "expected x of type F16, got F32", () -> halves.forward(f32));
            assertRefused(halves, "expected x of type F16, got BF16", () -> halves.forward(bf16));
            assertRefused(floats, "expected into of type F16, got F32", () -> floats.forward(f16, f32));
            floats.forward(f16);
            assertRefused(floats, "expected dy of type F16, got F32", () -> floats.backward(f32));
            assertRefused(floats, "expected dy of type F16, got BF16", () -> floats.backward(bf16));
            assertRefused(floats, "expected into of type F16, got F32",
                    () -> floats.backward(dy, f32));
            floats.backward(dy);
        }
    }

    @OnEveryDevice
    void nullTensors(Device device) {
        try (BatchNorm1d norm = new BatchNorm1d(3).on(device)) {
            Tensor x = normal(device, 1, 4, 3);
            assertRefused(norm, NullPointerException.class, "x", () -> norm.forward(null));
            assertRefused(norm, NullPointerException.class, "into", () -> norm.forward(x, null));
            norm.forward(x);
            assertRefused(norm, NullPointerException.class, "dy", () -> norm.backward(null));
            assertRefused(norm, NullPointerException.class, "into", () -> norm.backward(x, null));
        }
    }

    @OnEveryDevice
    void closedLayers(Device device) {
        BatchNorm1d norm = new BatchNorm1d(3).on(device);
        Tensor x = normal(device, 1, 4, 3);
        Tensor y = norm.forward(x);
        float[] values = y.read();
        norm.close();
        norm.close();
        String message = "expected an open layer, got a closed one: BatchNorm1d(3,";
        refuses(message, () -> norm.forward(x));
        refuses(message, () -> norm.backward(x));
        refuses(message, norm::stateDict);
        refuses(message, norm::resetParameters);
        refuses(message, norm::resetRunningStats);
        refuses(message, () -> norm.on(device));
        refuses("closed", norm.weight()::read);
        // what it gave away is the caller's
        assertArrayEquals(values, y.read());
    }

    @OnEveryDevice
    void layersOnNoDevice(Device device) {
        try (BatchNorm1d norm = new BatchNorm1d(3)) {
            String message = "expected a layer on a device";
            refuses(message, () -> norm.forward(device.zeros(4, 3)));
            refuses(message, norm::device);
            refuses(message, norm.weight()::value);
            refuses(message, norm::runningMean);
            refuses("expected a forward pass", () -> norm.backward(device.zeros(4, 3)));
        }
    }

    @OnEveryDevice
    void closedDevices(Device device) {
        Device gone = Device.cpu();
        BatchNorm1d norm = new BatchNorm1d(3).on(gone);
        Tensor x = normal(gone, 1, 4, 3);
        Tensor y = norm.forward(x);
        gone.close();
        gone.close();
        assertTrue(x.isClosed());
        String message = "expected an open device, got a closed one";
        refuses(message, () -> norm.forward(x));
        refuses(message, () -> norm.backward(x));
        refuses(message, x::read);
        refuses(message, norm::stateDict);
        refuses(message, () -> norm.on(device));
        refuses(message, () -> new BatchNorm1d(3).on(gone));
        refuses(message, () -> gone.zeros(3));
        refuses(message, gone::scope);
        refuses(message, gone::finish);
        y.close();
        x.close();
        norm.close();
        assertFalse(device.isClosed());
    }

    private static void refuses(String message, Executable call) {
        String got = assertThrows(IllegalStateException.class, call).getMessage();
        assertTrue(got.contains(message), () -> "expected '" + message + "' in " + got);
    }
}
