package org.clnorm.engine;

import java.util.List;

/**
 * Measures kernels by the device's own clock; {@code device.service(KernelTimer.class)}. Launches of every thread are
 * recorded between start and stop.
 */
public interface KernelTimer {
    /**
     * One launch.
     *
     * @param kernel      the program and the kernel in it, {@code cpu/rows:forward} say
     * @param nanoseconds from its start to its end on the device
     */
    record KernelTime(String kernel, long nanoseconds) {
    }

    /**
     * Begins to record; waits for the work enqueued before.
     *
     * @throws IllegalStateException if it was started before and not stopped
     */
    void start();

    /**
     * Ends recording; waits for the work enqueued since the start.
     *
     * @return the launches, in order
     * @throws IllegalStateException if it was not started
     */
    List<KernelTime> stop();
}
