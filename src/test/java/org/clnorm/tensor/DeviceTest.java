package org.clnorm.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Selectors and the life of a device, as far as they need no OpenCL. */
class DeviceTest {
    @Test
    void theJavaEngineIsAlwaysThere() {
        try (Device device = Device.cpu(); Device selected = Device.open("cpu")) {
            assertTrue(device.name().startsWith("CPU engine"));
            assertEquals(device.name(), selected.toString());
            assertTrue(device.supports(DataType.F32));
            assertTrue(device.supports(DataType.F64));
            device.finish();
        }
        List<DeviceInfo> java = Device.list().stream().filter(info -> info.type().equals("java")).toList();
        assertEquals(1, java.size());
        assertEquals("cpu", java.get(0).selector());
        assertTrue(java.get(0).usable());
    }

    @Test
    void malformedSelectorsAreRefused() {
        for (String selector : new String[] {"", "gpu", "cpu:0", "CPU", ":", "vulkan:0"}) {
            assertThrows(IllegalArgumentException.class, () -> Device.open(selector), selector);
        }
        assertThrows(NullPointerException.class, () -> Device.open((String) null));
        assertThrows(NullPointerException.class, () -> Device.open((DeviceRequest) null));
    }

    @Test
    void theJavaEngineHasNoKernels() {
        DeviceRequest request = DeviceRequest.of("cpu");
        assertThrows(IllegalArgumentException.class, () -> Device.open(request.withKernels("gpu")));
        assertThrows(IllegalArgumentException.class, () -> Device.open(request.withVariant("plain")));
    }

    @Test
    void servicesAreFoundByInterface() {
        try (Device device = Device.cpu()) {
            assertThrows(IllegalArgumentException.class, () -> device.service(Runnable.class));
        }
    }

    @Test
    void closingFreesEverything() {
        Device device = Device.cpu();
        Tensor tensor = device.zeros(3);
        assertFalse(device.isClosed());
        device.close();
        device.close();
        assertTrue(device.isClosed());
        assertTrue(tensor.isClosed());
        assertThrows(IllegalStateException.class, tensor::read);
        assertThrows(IllegalStateException.class, () -> device.zeros(1));
        tensor.close();
    }
}
