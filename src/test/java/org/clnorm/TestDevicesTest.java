package org.clnorm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import org.clnorm.tensor.Device;

class TestDevicesTest {
    @OnEveryDevice
    void everyDeviceHoldsTensors(Device device) {
        float[] values = {1, 2, 3, 4, 5, 6};
        assertArrayEquals(values, device.tensor(values, 2, 3).read());
    }
}
