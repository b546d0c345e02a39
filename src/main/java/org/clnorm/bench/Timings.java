package org.clnorm.bench;

import java.util.LinkedHashMap;
import java.util.Map;
import org.clnorm.tensor.Device;

/**
 * Times a workload in rounds. In a round everything has its turn, forward, backward and every way of copying, so that
 * what disturbs the machine disturbs all of them. A forward pass or copy that is timed follows one of its kind, so that
 * none pays for what its neighbour left in the caches; a backward pass follows its forward pass, as it always does.
 */
final class Timings {
    private static final int WARM_UP = 4;
    /** A clock that says less than this fraction of what the caller waited does not run. */
    private static final int STANDING = 10_000;

    private final Subject subject;
    private final Stopwatch watch;
    private final Device device;
    private final boolean withBackward;
    private final Samples forward = new Samples();
    private final Samples forwardWall = new Samples();
    private final Samples backward = new Samples();
    private final Samples backwardWall = new Samples();
    private final Map<String, Samples> copies = new LinkedHashMap<>();

    Timings(Device device, Subject subject, boolean withBackward) {
        this.device = device;
        this.subject = subject;
        this.withBackward = withBackward;
        watch = new Stopwatch(device);
        subject.copyMethods().forEach(method -> copies.put(method, new Samples()));
    }

    Samples forward() {
        return forward;
    }

    Samples forwardWall() {
        return forwardWall;
    }

    Samples backward() {
        return backward;
    }

    Samples backwardWall() {
        return backwardWall;
    }

    /** The median of the fastest way to copy x to y, in microseconds. */
    double copyMedian() {
        return copies.values().stream().mapToDouble(Samples::median).min().orElseThrow();
    }

    void warmUp() {
        for (int i = 0; i < WARM_UP; i++) {
            subject.forward();
            if (withBackward) {
                subject.backward();
            }
            copies.keySet().forEach(subject::copy);
        }
        device.finish();
    }

    void round() {
        passes();
        copies.forEach((method, samples) -> {
            subject.copy(method);
            device.finish();
            time(samples, new Samples(), () -> subject.copy(method), () -> { });
        });
    }

    /** A round without copies. */
    void passes() {
        subject.forward();
        device.finish();
        time(forward, forwardWall, subject::forward, () -> { });
        if (withBackward) {
            time(backward, backwardWall, subject::backward, this::before);
        }
    }

    /** A backward pass needs a forward pass of its own. */
    private void before() {
        subject.forward();
        device.finish();
    }

    private void time(Samples kernels, Samples wall, Runnable work, Runnable before) {
        before.run();
        long waited = watch.wall(work);
        wall.add(waited);
        if (watch.hasDeviceClock()) {
            before.run();
            kernels.add(credible(watch.kernels(work), waited));
        } else {
            kernels.add(waited);
        }
    }

    /** The device's time, or the caller's where a driver's clock stands still (rusticl of Mesa 22.3). */
    private static long credible(long kernels, long waited) {
        return kernels * STANDING > waited ? kernels : waited;
    }
}
