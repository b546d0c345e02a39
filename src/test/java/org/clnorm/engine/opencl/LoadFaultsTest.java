package org.clnorm.engine.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.clnorm.BatchNorm1d;
import org.clnorm.GroupNorm;
import org.clnorm.LayerNorm;
import org.clnorm.LayerTree;
import org.clnorm.state.HostTensor;
import org.clnorm.state.StateDict;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.DeviceException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A device that fails while a tree of layers is loaded or moved leaves all of its layers as they were. */
class LoadFaultsTest {
    private static final Map<String, String> NO_DISK = Map.of("POCL_SIGFPE_HANDLER", "0", "CLNORM_CACHE_DIR", "");

    private static LayerTree tree() {
        return new LayerTree().put("a", new BatchNorm1d(3)).put("b.0", new GroupNorm(1, 2))
                .put("b.1", new LayerNorm(4));
    }

    private static StateDict other() {
        StateDict other = new StateDict();
        tree().stateDict().tensors().forEach((name, tensor) -> other.put(name, name.endsWith("tracked")
                ? HostTensor.ofLongs(new long[] {9})
                : HostTensor.of(tensor.type(), new double[tensor.count()], tensor.shape())));
        return other;
    }

    /** One after which the device goes on: where waiting fails, nobody can read a tensor any more. */
    private static boolean passing(String call) {
        return !call.equals("clFinish");
    }

    @Test
    @Timeout(60)
    void everyCallOfLoadingMayFail() {
        boolean[] armed = {false};
        long[] left = {0};
        FaultPlan faults = (call, index) -> armed[0] && passing(call) && left[0]-- == 0 ? -5 : 0;
        try (Device device = TestDevices.open(new Setup(faults, new Ledger(), NO_DISK), "auto", "");
                LayerTree tree = tree().on(device)) {
            StateDict before = tree.stateDict();
            for (int k = 0;; k++) {
                left[0] = k;
                armed[0] = true;
                boolean failed = false;
                try {
                    tree.loadStateDict(other());
                } catch (DeviceException expected) {
                    failed = true;
                }
                armed[0] = false;
                if (!failed) {
                    assertTrue(k >= 2 * 8, "loading makes only " + k + " calls");
                    assertEquals(other(), tree.stateDict());
                    return;
                }
                assertEquals(before, tree.stateDict(), "after a failure of call " + k);
            }
        }
    }

    @Test
    @Timeout(60)
    void everyCallOfMovingMayFail() {
        boolean[] armed = {false};
        long[] left = {0};
        FaultPlan faults = (call, index) -> armed[0] && passing(call) && left[0]-- == 0 ? -4 : 0;
        try (Device cpu = Device.cpu(); LayerTree tree = tree().on(cpu);
                Device device = TestDevices.open(new Setup(faults, new Ledger(), NO_DISK), "auto", "")) {
            tree.loadStateDict(other());
            long made = cpu.liveTensors();
            for (int k = 0;; k++) {
                left[0] = k;
                armed[0] = true;
                boolean failed = false;
                try {
                    tree.on(device);
                } catch (DeviceException expected) {
                    failed = true;
                }
                armed[0] = false;
                if (!failed) {
                    assertTrue(k >= 8, "moving makes only " + k + " calls");
                    assertEquals(other(), tree.stateDict());
                    assertEquals(0, cpu.liveTensors());
                    assertEquals(8, device.liveTensors());
                    return;
                }
                assertEquals(0, device.liveTensors(), "after a failure of call " + k);
                assertEquals(made, cpu.liveTensors());
                tree.layers().values().forEach(layer -> assertEquals(cpu, layer.device()));
            }
        }
    }

    /** What was written cannot be put back either; the failure says that it was tried. */
    @Test
    void aDeviceThatStaysBrokenIsReportedOnce() {
        boolean[] armed = {false};
        FaultPlan faults = (call, index) -> armed[0] && call.equals("clEnqueueWriteBuffer") ? -5 : 0;
        try (Device device = TestDevices.open(new Setup(faults, new Ledger(), NO_DISK), "auto", "");
                LayerTree tree = tree().on(device)) {
            StateDict before = tree.stateDict();
            armed[0] = true;
            DeviceException failure = assertThrows(DeviceException.class, () -> tree.loadStateDict(other()));
            assertEquals("clEnqueueWriteBuffer", failure.call());
            assertEquals(1, failure.getSuppressed().length);
            armed[0] = false;
            assertEquals(before, tree.stateDict());
        }
    }
}
