package org.clnorm.bench;

import java.util.Optional;
import org.clnorm.engine.KernelTimer;
import org.clnorm.tensor.Device;

/** Times work on a device by two clocks: the caller's, and, where the device has one, the device's own. */
final class Stopwatch {
    private final Device device;
    private final Optional<KernelTimer> timer;

    Stopwatch(Device device) {
        this.device = device;
        this.timer = timer(device);
    }

    private static Optional<KernelTimer> timer(Device device) {
        try {
            return Optional.of(device.service(KernelTimer.class));
        } catch (IllegalArgumentException none) {
            return Optional.empty();
        }
    }

    /** Whether the device has a clock of its own; without one only the caller's can be used. */
    boolean hasDeviceClock() {
        return timer.isPresent();
    }

    /** Nanoseconds from before the call until the device is done: what a caller waits. */
    long wall(Runnable work) {
        long start = System.nanoTime();
        work.run();
        device.finish();
        return System.nanoTime() - start;
    }

    /** Nanoseconds that the kernels took which the work enqueued, by the device's clock. */
    long kernels(Runnable work) {
        KernelTimer clock = timer.orElseThrow();
        clock.start();
        try {
            work.run();
        } catch (RuntimeException failed) {
            clock.stop();
            throw failed;
        }
        return clock.stop().stream().mapToLong(KernelTimer.KernelTime::nanoseconds).sum();
    }
}
