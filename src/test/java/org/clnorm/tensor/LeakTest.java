package org.clnorm.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.ref.WeakReference;
import org.clnorm.BatchNorm1d;
import org.junit.jupiter.api.Test;

/** Tensors that are dropped without being closed are counted, as far as their device is still open. */
class LeakTest {
    private static void collect(WeakReference<?> dropped) throws InterruptedException {
        for (int i = 0; i < 100 && dropped.get() != null; i++) {
            System.gc();
            Thread.sleep(10);
        }
    }

    private static boolean counts(Device device, long leaked) throws InterruptedException {
        for (int i = 0; i < 100 && device.leakedTensors() != leaked; i++) {
            System.gc();
            Thread.sleep(10);
        }
        return device.leakedTensors() == leaked;
    }

    @Test
    void aDroppedTensorIsCounted() throws InterruptedException {
        try (Device device = Device.cpu()) {
            device.zeros(3);
            assertTrue(counts(device, 1));
            assertEquals(1, device.liveTensors());
        }
    }

    @Test
    void aClosedTensorIsNot() throws InterruptedException {
        try (Device device = Device.cpu()) {
            Tensor tensor = device.zeros(3);
            tensor.close();
            WeakReference<Tensor> dropped = new WeakReference<>(tensor);
            tensor = null;
            collect(dropped);
            assertEquals(0, device.leakedTensors());
        }
    }

    @Test
    void aDroppedOutputIsCountedWhileItsLayerLives() throws InterruptedException {
        try (Device device = Device.cpu(); Tensor x = device.tensor(new float[] {1, 2, 3, 4}, 2, 2);
                BatchNorm1d norm = new BatchNorm1d(2).on(device)) {
            norm.forward(x);
            assertTrue(counts(device, 1));
        }
    }

    @Test
    void aClosedDeviceTookItsTensorsAlong() throws InterruptedException {
        Device device = Device.cpu();
        WeakReference<Tensor> dropped = new WeakReference<>(device.zeros(3));
        device.close();
        collect(dropped);
        Thread.sleep(50);
        assertEquals(0, device.leakedTensors());
    }
}
