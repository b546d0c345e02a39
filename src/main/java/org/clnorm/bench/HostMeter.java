package org.clnorm.bench;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import org.clnorm.engine.HostProbe;

/** Measures calls of one kind on the thread that makes them: time, Java heap, and calls to the driver. */
final class HostMeter {
    private final HostProbe probe;
    private final ThreadMXBean heap;
    private final Samples times = new Samples();
    private double bytes;
    private HostProbe.Calls calls = new HostProbe.Calls(0, 0, 0, 0);
    private int count;

    HostMeter(HostProbe probe) {
        this.probe = probe;
        this.heap = ManagementFactory.getThreadMXBean() instanceof ThreadMXBean knows
                && knows.isThreadAllocatedMemorySupported() ? knows : null;
    }

    /** Makes a call; nothing but the call is measured. */
    void measure(Runnable call) {
        HostProbe.Calls before = probe.calls();
        double bytesBefore = allocated();
        long start = System.nanoTime();
        call.run();
        long nanos = System.nanoTime() - start;
        bytes += allocated() - bytesBefore;
        calls = calls.plus(probe.calls().since(before));
        times.add(nanos);
        count++;
    }

    private double allocated() {
        return heap == null ? Double.NaN : heap.getCurrentThreadAllocatedBytes();
    }

    HostCost cost() {
        return HostCost.of(times, bytes, calls, count);
    }
}
