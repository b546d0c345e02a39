package org.clnorm.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TensorTest {
    private final Device device = Device.cpu();

    @AfterEach
    void nothingIsLeft() {
        assertEquals(0, device.liveTensors());
        device.close();
    }

    @Test
    void valuesGoThereAndBack() {
        try (Tensor floats = device.tensor(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
                Tensor doubles = device.tensor(new double[] {0.1, 0.2}, 2)) {
            assertEquals(Shape.of(2, 3), floats.shape());
            assertEquals(6, floats.size());
            assertEquals(DataType.F32, floats.type());
            assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6}, floats.read());
            assertArrayEquals(new double[] {1, 2, 3, 4, 5, 6}, floats.readDoubles());
            assertEquals(DataType.F64, doubles.type());
            assertArrayEquals(new double[] {0.1, 0.2}, doubles.readDoubles());
            assertArrayEquals(new float[] {0.1f, 0.2f}, doubles.read());
            floats.write(0.1, 0.2, 0.3, 0.4, 0.5, 0.6);
            assertArrayEquals(new float[] {0.1f, 0.2f, 0.3f, 0.4f, 0.5f, 0.6f}, floats.read());
            floats.fill(0.1);
            assertEquals(0.1f, floats.read()[5]);
            doubles.write(0.1f, 0.2f);
            assertArrayEquals(new double[] {0.1f, 0.2f}, doubles.readDoubles());
        }
    }

    @Test
    void theArrayIsTheCallers() {
        float[] values = {1, 2};
        try (Tensor tensor = device.tensor(values, 2)) {
            values[0] = 9;
            tensor.read()[1] = 9;
            assertArrayEquals(new float[] {1, 2}, tensor.read());
        }
    }

    @Test
    void scalarsAndEmptyTensors() {
        try (Tensor scalar = device.tensor(new float[] {3}); Tensor empty = device.zeros(0, 4)) {
            assertEquals(0, scalar.shape().rank());
            assertArrayEquals(new float[] {3}, scalar.read());
            assertEquals(0, empty.read().length);
            empty.write(new float[0]).fill(1);
        }
    }

    @Test
    void wrongLengthsChangeNothing() {
        try (Tensor tensor = device.tensor(new float[] {1, 2}, 2)) {
            assertThrows(IllegalArgumentException.class, () -> tensor.write(1f));
            assertThrows(IllegalArgumentException.class, () -> tensor.write(1.0, 2.0, 3.0));
            assertArrayEquals(new float[] {1, 2}, tensor.read());
        }
        assertThrows(IllegalArgumentException.class, () -> device.tensor(new float[3], 2));
        assertThrows(IllegalArgumentException.class, () -> device.tensor(new double[3], 2));
    }

    @Test
    void aClosedTensorSaysSo() {
        Tensor tensor = device.zeros(2);
        assertFalse(tensor.isClosed());
        tensor.close();
        tensor.close();
        assertTrue(tensor.isClosed());
        assertThrows(IllegalStateException.class, tensor::read);
        assertThrows(IllegalStateException.class, tensor::readDoubles);
        assertThrows(IllegalStateException.class, tensor::storage);
        assertThrows(IllegalStateException.class, tensor::hold);
        assertThrows(IllegalStateException.class, () -> tensor.fill(1));
        assertThrows(IllegalStateException.class, () -> tensor.write(1f, 2f));
        assertEquals(Shape.of(2), tensor.shape());
        assertTrue(tensor.toString().startsWith("F32[2] on CPU engine"));
    }

    @Test
    void heldMemoryOutlivesItsTensor() {
        Tensor tensor = device.tensor(new float[] {1, 2}, 2);
        Tensor held = tensor.hold();
        assertEquals(2, device.liveTensors());
        tensor.close();
        tensor.close();
        assertArrayEquals(new float[] {1, 2}, held.read());
        held.close();
        assertThrows(IllegalStateException.class, held::read);
    }

    @Test
    void writesAreCounted() {
        try (Tensor tensor = device.zeros(2); Tensor held = tensor.hold()) {
            long version = held.storage().version();
            tensor.read();
            assertEquals(version, held.storage().version());
            tensor.fill(1);
            tensor.write(1f, 2f);
            tensor.write(1.0, 2.0);
            assertEquals(version + 3, held.storage().version());
        }
    }

    @Test
    void tiesEndWithTheTensorOrTheNextTie() {
        int[] ended = new int[2];
        Tensor tensor = device.zeros(1);
        tensor.tie(() -> ended[0]++);
        tensor.tie(() -> ended[1]++);
        assertArrayEquals(new int[] {1, 0}, ended);
        tensor.close();
        tensor.close();
        assertArrayEquals(new int[] {1, 1}, ended);
    }
}
