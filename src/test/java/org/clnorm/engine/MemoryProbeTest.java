package org.clnorm.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.clnorm.OnEveryDevice;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Tensor;

class MemoryProbeTest {
    /** Around vectors, work-groups and stretches, and one that is none of them. */
    private static final int[] SIZES = {1, 3, 4, 15, 16, 17, 4095, 4097, 65_535, 65_536, 65_537, 200_003};

    @OnEveryDevice
    void everyMethodCopiesEveryElement(Device device) {
        MemoryProbe probe = device.service(MemoryProbe.class);
        assertEquals("plain", probe.methods().get(0));
        for (String method : probe.methods()) {
            for (int size : SIZES) {
                float[] values = new float[size];
                for (int i = 0; i < size; i++) {
                    values[i] = i + 0.5f;
                }
                try (Tensor from = device.tensor(values, size); Tensor to = device.zeros(size)) {
                    probe.copy(from, to, method);
                    assertArrayEquals(values, to.read(), method + " of " + size);
                }
            }
        }
    }

    @OnEveryDevice
    void whatDoesNotFitIsRefused(Device device) {
        MemoryProbe probe = device.service(MemoryProbe.class);
        Tensor from = device.zeros(4);
        Tensor other = device.zeros(5);
        assertThrows(IllegalArgumentException.class, () -> probe.copy(from, other, "plain"));
        assertThrows(IllegalArgumentException.class, () -> probe.copy(from, device.zeros(4), "by hand"));
        Tensor closed = device.zeros(4);
        closed.close();
        assertThrows(IllegalStateException.class, () -> probe.copy(from, closed, "plain"));
    }
}
