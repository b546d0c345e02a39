package org.clnorm.engine.opencl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.clnorm.engine.HostProbe;
import org.clnorm.engine.MemoryProbe;
import org.clnorm.tensor.Tensor;
import org.junit.jupiter.api.Test;

/** Plans that were not used for longest make room; those in use stay, with the arguments they have. */
class PlanCacheTest {
    private static void copy(OpenClDevice device, int elements) {
        float[] values = new float[elements];
        values[elements - 1] = elements;
        try (Tensor from = device.tensor(values, elements); Tensor to = device.zeros(elements)) {
            device.service(MemoryProbe.class).copy(from, to, "plain");
            if (elements % 100 == 0) {
                assertArrayEquals(values, to.read());
            }
        }
    }

    @Test
    void plansOfManyShapesMakeRoomForOthers() {
        Ledger ledger = new Ledger();
        Setup setup = new Setup(FaultPlan.NONE, ledger, Setup.ofProcess().environment());
        try (OpenClDevice device = TestDevices.open(setup, "cpu", "");
                Tensor from = device.zeros(1).fill(3); Tensor to = device.zeros(1)) {
            MemoryProbe copies = device.service(MemoryProbe.class);
            copies.copy(from, to, "plain");
            HostProbe probe = device.service(HostProbe.class);
            for (int elements = 2; elements < PlanCache.MOST_PLANS + 200; elements++) {
                copy(device, elements);
                HostProbe.Calls before = probe.calls();
                copies.copy(from, to, "plain");
                assertEquals(0, probe.calls().since(before).arguments());
                assertTrue(ledger.live(Ledger.Kind.KERNEL) <= PlanCache.MOST_PLANS + 1, ledger.toString());
            }
            assertTrue(ledger.live(Ledger.Kind.KERNEL) >= PlanCache.KEPT_PLANS, ledger.toString());
            copy(device, 100);
        }
        assertEquals(0, ledger.live(), ledger.toString());
    }
}
