package org.clnorm.engine.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import org.clnorm.BatchNorm2d;
import org.clnorm.LayerNorm;
import org.clnorm.engine.HostProbe;
import org.clnorm.tensor.Scope;
import org.clnorm.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ten thousand training steps of a small network: no OpenCL object more, no byte of heap more, no wait but the loop's
 * own, which is one in a hundred steps.
 */
class TrainingLoopTest {
    private static final Logger LOG = LoggerFactory.getLogger(TrainingLoopTest.class);
    private static final int STEPS = 10_000;
    private static final int WARM = 1_000;
    private static final int STEPS_A_WAIT = 100;
    /** A step with tensors of the caller's. */
    private static final double BYTES = 8;
    /** A step that makes six tensors in a scope: handles and their guards. */
    private static final double SCOPED_BYTES = 3_000;
    /** What the virtual machine may keep of its own: a leak of one object of 16 bytes a step would be 144,000. */
    private static final long HEAP = 100_000;
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private final Ledger ledger = new Ledger();

    private OpenClDevice open() {
        return TestDevices.open(new Setup(FaultPlan.NONE, ledger, System.getenv()), "cpu", "");
    }

    @Test
    void tensorsOfTheCaller() {
        try (OpenClDevice device = open();
                BatchNorm2d batch = new BatchNorm2d(4).on(device); LayerNorm layer = new LayerNorm(3, 5).on(device)) {
            Tensor x = device.zeros(2, 4, 3, 5).fill(1);
            Tensor h = device.zeros(2, 4, 3, 5);
            Tensor y = device.zeros(2, 4, 3, 5);
            Tensor dy = device.zeros(2, 4, 3, 5);
            run(device, BYTES, () -> {
                batch.forward(x, h);
                layer.forward(h, y);
                layer.backward(dy, dy);
                batch.backward(dy, dy);
            });
        }
    }

    @Test
    void tensorsOfAScope() {
        try (OpenClDevice device = open();
                BatchNorm2d batch = new BatchNorm2d(4).on(device); LayerNorm layer = new LayerNorm(3, 5).on(device)) {
            Tensor x = device.zeros(2, 4, 3, 5).fill(1);
            Tensor dy = device.zeros(2, 4, 3, 5);
            run(device, SCOPED_BYTES, () -> {
                try (Scope scope = device.scope()) {
                    layer.forward(batch.forward(x));
                    batch.backward(layer.backward(dy));
                }
            });
        }
    }

    private void run(OpenClDevice device, double most, Runnable step) {
        repeat(device, WARM, step);
        String objects = ledger.toString();
        long tensors = device.liveTensors();
        HostProbe probe = device.service(HostProbe.class);
        long heap = usedHeap();
        HostProbe.Calls before = probe.calls();
        long start = System.nanoTime();
        double bytes = repeat(device, STEPS, step);
        double micros = (System.nanoTime() - start) / 1e3 / STEPS;
        HostProbe.Calls calls = probe.calls().since(before);
        long grown = usedHeap() - heap;
        LOG.info("{} us, {} bytes a step, heap {} bytes more", micros, bytes, grown);
        assertEquals(objects, ledger.toString());
        assertEquals(tensors, device.liveTensors());
        assertEquals(new HostProbe.Calls(calls.launches(), 0, STEPS / STEPS_A_WAIT, 0), calls);
        assertTrue(bytes < most, bytes + " bytes a step");
        assertTrue(grown < HEAP, "the heap grew by " + grown + " bytes");
    }

    /** Bytes a step that the thread allocated: of a hundred steps at a time the least, as the compiler makes some. */
    private static double repeat(OpenClDevice device, int steps, Runnable step) {
        long least = Long.MAX_VALUE;
        for (int done = 0; done < steps; done += STEPS_A_WAIT) {
            long before = THREADS.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < STEPS_A_WAIT; i++) {
                step.run();
            }
            least = Math.min(least, THREADS.getCurrentThreadAllocatedBytes() - before);
            device.finish();
        }
        return (double) least / STEPS_A_WAIT;
    }

    private static long usedHeap() {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 5; i++) {
            System.gc();
            least = Math.min(least, ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed());
        }
        return least;
    }
}
