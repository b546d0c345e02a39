package org.clnorm.engine.opencl;

import java.util.concurrent.atomic.AtomicLong;
import org.clnorm.engine.HostProbe;

/** Counts the calls to OpenCL: all of them, and by name those that a steady state should have few of, or none. */
final class CallCounts {
    private final AtomicLong all = new AtomicLong();
    private final AtomicLong launches = new AtomicLong();
    private final AtomicLong arguments = new AtomicLong();
    private final AtomicLong waits = new AtomicLong();
    private final AtomicLong buffers = new AtomicLong();

    /** The index of the next call. */
    long next() {
        return all.getAndIncrement();
    }

    void launched() {
        launches.getAndIncrement();
    }

    void argument() {
        arguments.getAndIncrement();
    }

    void waited() {
        waits.getAndIncrement();
    }

    void allocated() {
        buffers.getAndIncrement();
    }

    HostProbe.Calls snapshot() {
        return new HostProbe.Calls(launches.get(), arguments.get(), waits.get(), buffers.get());
    }
}
