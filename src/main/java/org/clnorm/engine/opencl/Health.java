package org.clnorm.engine.opencl;

import org.clnorm.tensor.DeviceException;

/**
 * Whether the work that was enqueued on a device can be relied on. Counts its failures, so that memory knows whether it
 * was written before the last of them: nobody knows what such memory holds. Thread-safe.
 */
final class Health {
    private volatile DeviceException failure;
    /** What was wrong last, null if nothing ever was. */
    private volatile DeviceException last;
    private volatile int failures;

    /** Notes that nobody knows what the device holds; what follows from a failure is not another. */
    synchronized void fail(DeviceException cause) {
        if (failure == null) {
            last = cause;
            failures++;
            failure = cause;
        }
    }

    /** Notes that the device can be used again; what it held stays unknown. */
    synchronized void mend() {
        failure = null;
    }

    /** Notes that what was wrong still is. */
    synchronized void relapse(DeviceException first) {
        last = first;
        failures++;
        failure = first;
    }

    /** What is wrong now, null while the device is sound. */
    DeviceException failure() {
        return failure;
    }

    /** How often work has failed so far. */
    int failures() {
        return failures;
    }

    void check(DeviceFacts facts) {
        DeviceException found = failure;
        if (found != null) {
            throw new DeviceException("expected a sound device, got one whose enqueued work failed before: " + facts
                    + "; what it holds is undefined until state is loaded again, or recover() and tensors are written"
                    + " again; the failure was: " + found.getMessage(), found);
        }
    }

    /** Throws for memory that was written when so many failures had been seen, if there were more since. */
    void checkWritten(int seen) {
        DeviceException cause = last;
        if (seen != failures && cause != null) {
            throw new DeviceException("expected values that were written or loaded after enqueued work failed, got"
                    + " some from before, which are undefined: load the layer's state, write the tensor or zero the"
                    + " gradient; the failure was: " + cause.getMessage(), cause);
        }
    }
}
