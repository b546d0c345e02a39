package org.clnorm.engine.opencl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.clnorm.engine.BackwardCall;
import org.clnorm.engine.ForwardCall;
import org.clnorm.engine.KernelTimer;
import org.clnorm.engine.NormEngine;
import org.clnorm.engine.SavedStatistics;
import org.clnorm.plan.Axis;
import org.clnorm.plan.NormView;
import org.clnorm.plan.Task;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Scope;
import org.clnorm.tensor.Shape;
import org.clnorm.tensor.Tensor;
import org.junit.jupiter.api.Test;

/** Memory, transfers and the life of a device. */
class OpenClDeviceTest {
    private static final NormView VIEW = NormView.of(Axis.kept(2, 3, 0), Axis.reduced(3, 1, 0));

    private final Ledger ledger = new Ledger();

    private OpenClDevice open() {
        return TestDevices.open(new Setup(FaultPlan.NONE, ledger, System.getenv()), "auto", "");
    }

    private static ForwardCall forward(Tensor x, Tensor y) {
        return new ForwardCall(VIEW, x, y, null, null, 1e-5, false, null, null);
    }

    @Test
    void divisionByZeroStillThrows() {
        open().close();
        assertFalse(PoclGuard.divisionByZeroIsLost(), "POCL_SIGFPE_HANDLER=0 is missing in the environment");
    }

    @Test
    void closingTwiceIsNothingAndUseAfterwardsAnError() {
        OpenClDevice device = open();
        Tensor x = device.zeros(6);
        NormEngine engine = NormEngine.of(device);
        SavedStatistics saved = engine.forward(forward(x, x));
        assertFalse(device.isClosed());
        device.close();
        device.close();
        assertTrue(device.isClosed());
        assertEquals(0, ledger.live(), ledger.toString());
        saved.close();
        x.close();
        assertThrows(IllegalStateException.class, x::read);
        assertThrows(IllegalStateException.class, () -> device.zeros(1));
        assertThrows(IllegalStateException.class, device::finish);
        assertThrows(IllegalStateException.class, () -> engine.forward(forward(x, x)));
        assertThrows(IllegalStateException.class, device.service(KernelTimer.class)::start);
        assertEquals(0, ledger.live(), ledger.toString());
    }

    @Test
    void closingWaitsForOtherThreads() throws InterruptedException {
        OpenClDevice device = open();
        ConcurrentLinkedQueue<Throwable> wrong = new ConcurrentLinkedQueue<>();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            threads.add(new Thread(() -> {
                try {
                    while (true) {
                        try (Scope scope = device.scope()) {
                            Tensor x = device.tensor(new float[] {1, 2, 3, 4, 5, 6}, 6);
                            NormEngine.of(device).forward(forward(x, x)).close();
                            x.read();
                        }
                    }
                } catch (IllegalStateException closed) {
                    if (!device.isClosed()) {
                        wrong.add(closed);
                    }
                } catch (RuntimeException other) {
                    wrong.add(other);
                }
            }));
        }
        threads.forEach(Thread::start);
        Thread.sleep(200);
        device.close();
        for (Thread thread : threads) {
            thread.join();
        }
        assertTrue(wrong.isEmpty(), wrong.toString());
        assertEquals(0, ledger.live(), ledger.toString());
    }

    @Test
    void valuesComeBackAsTheyWent() {
        int many = (1 << 24) + 5;
        float[] values = new float[many];
        for (int i = 0; i < many; i++) {
            values[i] = i;
        }
        try (OpenClDevice device = open()) {
            Tensor x = device.tensor(values, many);
            assertArrayEquals(values, x.read());
            double[] doubles = x.readDoubles();
            assertEquals(many - 1.0f, doubles[many - 1]);
            assertEquals(65_537, doubles[65_537]);
            doubles[many - 1] = 0.1;
            assertEquals(0.1f, x.write(doubles).read()[many - 1]);
            assertEquals(2.5f, x.fill(2.5).read()[many / 2]);
        }
    }

    @Test
    void nothingNeedsNoMemory() {
        try (OpenClDevice device = open()) {
            Tensor x = device.zeros(3, 0);
            assertEquals(0, x.read().length);
            x.write(new double[0]).fill(1);
            assertEquals(0, ledger.live(Ledger.Kind.BUFFER));
        }
    }

    @Test
    void memoryIsUsedAgain() {
        try (OpenClDevice device = open()) {
            for (int i = 0; i < 100; i++) {
                device.zeros(1000 + i % 7).close();
            }
            assertEquals(1, ledger.live(Ledger.Kind.BUFFER));
        }
    }

    @Test
    void whatDoesNotFitIsRefusedBeforeItIsAllocated() {
        try (OpenClDevice device = open()) {
            for (long elements : new long[] {1L << 40, 1L << 61, Long.MAX_VALUE}) {
                String message = assertThrows(IllegalArgumentException.class,
                        () -> device.empty(DataType.F32, Shape.of(elements))).getMessage();
                assertTrue(message.startsWith("expected at most"), message);
            }
            if (!device.supports(DataType.F64)) {
                assertThrows(IllegalArgumentException.class, () -> device.tensor(new double[2], 2));
            }
            assertEquals(0, ledger.live(Ledger.Kind.BUFFER));
        }
    }

    @Test
    void strangersAreRefused() {
        try (OpenClDevice device = open(); OpenClDevice other = open()) {
            Tensor x = device.zeros(6);
            Tensor foreign = other.zeros(6);
            NormEngine engine = NormEngine.of(device);
            assertThrows(IllegalArgumentException.class, () -> engine.forward(forward(x, foreign)));
            SavedStatistics saved = NormEngine.of(other).forward(forward(foreign, foreign));
            assertThrows(IllegalArgumentException.class, () -> engine.backward(backward(x, saved)));
            SavedStatistics closed = engine.forward(forward(x, x));
            closed.close();
            assertThrows(IllegalStateException.class, () -> engine.backward(backward(x, closed)));
        }
    }

    private static BackwardCall backward(Tensor x, SavedStatistics saved) {
        return new BackwardCall(VIEW, x, x, x, null, null, null, false, false, saved);
    }

    @Test
    void kernelsAreTimedOnRequest() {
        try (OpenClDevice device = open()) {
            Tensor x = device.zeros(6);
            KernelTimer timer = device.service(KernelTimer.class);
            assertThrows(IllegalStateException.class, timer::stop);
            timer.start();
            assertThrows(IllegalStateException.class, timer::start);
            NormEngine.of(device).forward(forward(x, x)).close();
            List<KernelTimer.KernelTime> times = timer.stop();
            assertEquals(1, times.size());
            assertTrue(times.get(0).nanoseconds() > 0, times.toString());
            NormEngine.of(device).forward(forward(x, x)).close();
            timer.start();
            assertEquals(List.of(), timer.stop());
            timer.start();
            NormEngine.of(device).forward(forward(x, x)).close();
        }
        assertEquals(0, ledger.live(), ledger.toString());
    }

    @Test
    void saysWhichVariantItTakes() {
        try (OpenClDevice device = TestDevices.open("cpu", "plain")) {
            Task task = Task.forward(VIEW, Task.Statistics.BATCH, false, false);
            assertEquals("plain", NormEngine.of(device).explain(task).variant());
        }
    }

    @Test
    void environmentNamesTheFolderOfTheCache() {
        assertEquals(null, DiskCache.folder(Map.of("CLNORM_CACHE_DIR", "")));
        assertEquals("a/b", DiskCache.folder(Map.of("CLNORM_CACHE_DIR", "a/b", "HOME", "h")).toString());
        assertEquals("x/clnorm/programs", DiskCache.folder(Map.of("XDG_CACHE_HOME", "x", "HOME", "h")).toString());
        assertEquals("h/.cache/clnorm/programs", DiskCache.folder(Map.of("HOME", "h")).toString());
    }
}
