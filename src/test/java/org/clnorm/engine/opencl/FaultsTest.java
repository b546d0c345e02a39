package org.clnorm.engine.opencl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.util.Map;
import java.util.Set;
import org.clnorm.engine.BackwardCall;
import org.clnorm.engine.ForwardCall;
import org.clnorm.engine.KernelTimer;
import org.clnorm.engine.NormEngine;
import org.clnorm.engine.RunningStatistics;
import org.clnorm.engine.RunningUpdate;
import org.clnorm.engine.SavedStatistics;
import org.clnorm.plan.Axis;
import org.clnorm.plan.NormView;
import org.clnorm.tensor.DeviceException;
import org.clnorm.tensor.Scope;
import org.clnorm.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every OpenCL call of a device's life is made to fail: once, and from then on. */
class FaultsTest {
    private static final int[] CODES = {-1, -2, -4, -5, -6, -11, -14, -36, -54, -61, -1001};
    /** Calls whose failure is survived: another platform or device, a second try (of a pass too), no build log. */
    private static final Set<String> SURVIVED = Set.of("clGetPlatformInfo", "clGetDeviceIDs", "clGetDeviceInfo",
            "clCreateBuffer", "clGetProgramBuildInfo", "clEnqueueNDRangeKernel");
    private static final NormView VIEW = NormView.of(Axis.reduced(3, 10, 0), Axis.kept(2, 5, 1), Axis.reduced(5, 1, 0));
    private static final NormView ONE_GROUP = NormView.of(Axis.reduced(6, 1, 0));
    private static final Map<String, String> NO_DISK = Map.of("POCL_SIGFPE_HANDLER", "0", "CLNORM_CACHE_DIR", "");

    /** Fails the call of an index, or all from it on, and remembers which it was. */
    private static final class FailAt implements FaultPlan {
        private final long at;
        private final boolean forGood;
        private String hit = "";
        private int code;

        FailAt(long at, boolean forGood) {
            this.at = at;
            this.forGood = forGood;
        }

        @Override
        public int status(String call, long index) {
            if (index == at) {
                hit = call;
                code = CODES[(int) (at % CODES.length)];
            }
            return index == at || forGood && index > at ? CODES[(int) (at % CODES.length)] : 0;
        }
    }

    @Test
    void everyCallMayFailOnce() {
        int points = 0;
        for (int k = 0;; k++) {
            FailAt faults = new FailAt(k, false);
            Ledger ledger = new Ledger();
            OpenClDevice device = null;
            DeviceException failure = null;
            try {
                device = TestDevices.open(new Setup(faults, ledger, NO_DISK), "gpu", "plain");
                life(device);
            } catch (DeviceException expected) {
                failure = expected;
            }
            failure = closed(device, failure);
            assertEquals(0, ledger.live(), "after a failure of call " + k + ", " + faults.hit + ": " + ledger);
            if (faults.hit.isEmpty()) {
                break;
            }
            points++;
            check(k, faults, failure);
        }
        assertTrue(points > 60, "tried " + points);
    }

    private static void check(int k, FailAt faults, DeviceException failure) {
        if (failure == null) {
            assertTrue(SURVIVED.contains(faults.hit), "call " + k + ", " + faults.hit + ", failed and nobody noticed");
        } else if (!failure.call().isEmpty()) {
            assertEquals(faults.hit, failure.call());
            assertEquals(faults.code, failure.status());
        }
    }

    @Test
    void everyCallMayFailForGood() {
        for (int k = 0;; k++) {
            FailAt faults = new FailAt(k, true);
            Ledger ledger = new Ledger();
            OpenClDevice device = null;
            DeviceException failure = null;
            try {
                device = TestDevices.open(new Setup(faults, ledger, NO_DISK), "cpu", "plain");
                life(device);
            } catch (DeviceException expected) {
                failure = expected;
            }
            failure = closed(device, failure);
            assertEquals(0, ledger.live(), "after all calls failed from " + k + ", " + faults.hit + ": " + ledger);
            if (faults.hit.isEmpty()) {
                return;
            }
            if (failure == null) {
                fail("all calls failed from " + k + ", " + faults.hit + ", and nobody noticed");
            }
        }
    }

    private static DeviceException closed(OpenClDevice device, DeviceException failure) {
        if (device == null) {
            return failure;
        }
        try {
            device.close();
            return failure;
        } catch (DeviceException closing) {
            assertTrue(device.isClosed());
            return failure == null ? closing : failure;
        }
    }

    /** All that a device does, with two programs, since every try compiles them. */
    private static void life(OpenClDevice device) {
        NormEngine engine = NormEngine.of(device);
        try (Scope scope = device.scope()) {
            Tensor x = device.tensor(new float[30], 30);
            Tensor y = device.zeros(30);
            Tensor weight = device.zeros(2).fill(1);
            RunningStatistics running = new RunningStatistics(device.zeros(2), device.zeros(2));
            SavedStatistics saved = engine.forward(new ForwardCall(VIEW, x, y, weight, null, 1e-5, false, null,
                    new RunningUpdate(running, 0.1, 1)));
            engine.backward(new BackwardCall(VIEW, x, y, device.zeros(30), weight, device.zeros(2), device.zeros(2),
                    false, false, saved));
            saved.close();
            KernelTimer timer = device.service(KernelTimer.class);
            timer.start();
            engine.forward(new ForwardCall(VIEW, x, y, weight, null, 1e-5, false, null, null)).close();
            assertEquals(1, timer.stop().size());
            y.read();
            y.readDoubles();
            device.zeros(100_000).close();
            device.finish();
        }
    }

    /** Whether running statistics move in a launch of their own or in a plan's last one. */
    @ParameterizedTest
    @CsvSource({"cpu, plain", "cpu, cpu/rows", "cpu, cpu/columns", "gpu, gpu/planes"})
    void aPassingFaultLeavesNothingBehind(String kernels, String variant) {
        for (int k = 0;; k++) {
            boolean[] armed = {false};
            long[] left = {k};
            FaultPlan faults = (call, index) -> armed[0] && left[0]-- == 0 ? -5 : 0;
            try (OpenClDevice device = TestDevices.open(new Setup(faults, new Ledger(), NO_DISK), kernels, variant);
                    Scope scope = device.scope()) {
                Tensor x = device.tensor(new float[] {1, 2, 3, 4, 5, 6}, 6);
                Tensor y = device.zeros(6);
                Tensor mean = device.zeros(1);
                ForwardCall call = new ForwardCall(ONE_GROUP, x, y, null, null, 1e-5, false,
                        null, new RunningUpdate(new RunningStatistics(mean, device.zeros(1)), 0.5, 1));
                armed[0] = true;
                boolean failed = false;
                try {
                    NormEngine.of(device).forward(call).close();
                } catch (DeviceException expected) {
                    failed = true;
                }
                armed[0] = false;
                if (!failed) {
                    assertTrue(k > 5, "forward makes more than " + k + " calls");
                    return;
                }
                assertArrayEquals(new float[] {0}, mean.read(), "running statistics after a failure of call " + k);
                NormEngine.of(device).forward(call).close();
                assertArrayEquals(new float[] {1.75f}, mean.read(), "running statistics after the second try");
            }
        }
    }

    @Test
    void aFailureOfEnqueuedWorkMarksTheDevice() {
        boolean[] armed = {false};
        Ledger ledger = new Ledger();
        FaultPlan faults = (call, index) -> armed[0] && call.equals("clFinish") ? -14 : 0;
        OpenClDevice device = TestDevices.open(new Setup(faults, ledger, NO_DISK), "auto", "");
        Tensor x = device.zeros(4);
        armed[0] = true;
        assertEquals(-14, assertThrows(DeviceException.class, x::read).status());
        armed[0] = false;
        DeviceException later = assertThrows(DeviceException.class, () -> device.zeros(4));
        assertTrue(later.getMessage().contains("failed before"), later.getMessage());
        assertThrows(DeviceException.class, x::read);
        x.close();
        device.close();
        assertEquals(0, ledger.live(), ledger.toString());
    }

    @Test
    void aFullDeviceIsTriedAgainWithoutWhatIsIdle() {
        boolean[] armed = {false};
        Ledger ledger = new Ledger();
        FaultPlan faults = (call, index) -> {
            boolean fails = armed[0] && call.equals("clCreateBuffer");
            armed[0] &= !fails;
            return fails ? -4 : 0;
        };
        try (OpenClDevice device = TestDevices.open(new Setup(faults, ledger, NO_DISK), "auto", "")) {
            device.zeros(100).close();
            device.zeros(10_000).close();
            assertEquals(2, ledger.live(Ledger.Kind.BUFFER));
            armed[0] = true;
            device.zeros(20_000);
            assertEquals(1, ledger.live(Ledger.Kind.BUFFER));
            armed[0] = true;
            assertThrows(DeviceException.class, () -> device.zeros(30_000));
        }
        assertEquals(0, ledger.live());
    }
}
