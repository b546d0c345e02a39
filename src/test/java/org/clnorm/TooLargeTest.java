package org.clnorm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Shape;
import org.junit.jupiter.api.function.Executable;

/** Sizes beyond 63 bits or the device's memory are refused before anything is allocated. */
class TooLargeTest {
    private static void refuses(Device device, String message, Executable call) {
        long live = device.liveTensors();
        String got = assertThrows(IllegalArgumentException.class, call).getMessage();
        assertTrue(got.contains(message), () -> "expected '" + message + "' in " + got);
        assertEquals(live, device.liveTensors());
    }

    @OnEveryDevice
    void shapes(Device device) {
        refuses(device, "expected at most 2^63 - 1 elements", () -> device.zeros(1L << 32, 1L << 31));
        refuses(device, "expected at most 2^63 - 1 elements", () -> Shape.of(Long.MAX_VALUE, 2));
        refuses(device, "expected dimensions of 0 or more", () -> device.zeros(-1, 3));
        assertEquals(0, Shape.of(Long.MAX_VALUE, 2, 0).size());
    }

    @OnEveryDevice
    void tensors(Device device) {
        refuses(device, "expected at most", () -> device.empty(DataType.F32, Shape.of(1L << 50)));
        refuses(device, "expected at most", () -> device.zeros(Long.MAX_VALUE));
    }

    @OnEveryDevice
    void layers(Device device) {
        refuses(device, "expected at most", () -> new BatchNorm1d(1L << 50).on(device));
        refuses(device, "expected at most", () -> new LayerNorm(1L << 30, 1L << 30).on(device));
        refuses(device, "expected at most", () -> new LayerNorm(1L << 40).stateDict());
        refuses(device, "expected at most", () -> new LayerNorm(1L << 40).weight().read());
    }

    @OnEveryDevice
    void valuesThatDoNotFitTheShape(Device device) {
        refuses(device, "expected 6 values for the shape [2, 3], got 5", () -> device.tensor(new float[5], 2, 3));
        refuses(device, "expected 1 values for the shape [], got 0", () -> device.tensor(new float[0]));
    }
}
