package org.clnorm.bench;

import org.clnorm.engine.HostProbe;

/**
 * What a call costs the host.
 *
 * @param medianUs  median of the calls, in microseconds
 * @param minUs     the fastest
 * @param heapBytes bytes of Java heap a call; NaN where the virtual machine does not tell
 * @param launches  kernels enqueued a call
 * @param arguments kernel arguments set a call
 * @param waits     waits for the device and buffers made a call
 */
public record HostCost(double medianUs, double minUs, double heapBytes, double launches, double arguments,
        double waits) {
    static HostCost of(Samples times, double heapBytes, HostProbe.Calls calls, int count) {
        return new HostCost(times.median(), times.min(), heapBytes / count, calls.launches() / (double) count,
                calls.arguments() / (double) count, (calls.waits() + calls.buffers()) / (double) count);
    }
}
