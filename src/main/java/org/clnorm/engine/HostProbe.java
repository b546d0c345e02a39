package org.clnorm.engine;

/**
 * What calls cost the host, beside what the device then does: {@code device.service(HostProbe.class)}. OpenCL devices
 * have it.
 */
public interface HostProbe {
    /**
     * Calls to the driver since the device was opened.
     *
     * @param launches  kernels enqueued
     * @param arguments kernel arguments set
     * @param waits     calls that wait for the device: finish, blocking reads and writes
     * @param buffers   buffers made
     */
    record Calls(long launches, long arguments, long waits, long buffers) {
        /**
         * What came since.
         *
         * @param earlier an earlier count of the same device
         * @return the differences
         */
        public Calls since(Calls earlier) {
            return new Calls(launches - earlier.launches, arguments - earlier.arguments, waits - earlier.waits,
                    buffers - earlier.buffers);
        }

        /**
         * Both together.
         *
         * @param more more calls
         * @return the sums
         */
        public Calls plus(Calls more) {
            return new Calls(launches + more.launches, arguments + more.arguments, waits + more.waits,
                    buffers + more.buffers);
        }
    }

    /**
     * The calls of all threads so far.
     *
     * @return a snapshot
     */
    Calls calls();

    /**
     * Enqueues a kernel that does nothing; not waited for.
     *
     * @return nanoseconds that the driver's own function took for it
     */
    long emptyLaunchNanos();
}
