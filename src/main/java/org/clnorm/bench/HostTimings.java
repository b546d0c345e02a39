package org.clnorm.bench;

import org.clnorm.engine.HostProbe;
import org.clnorm.tensor.Device;

/**
 * Measures a workload's calls on the host, in turns with the enqueuing of an empty kernel, so that what disturbs one
 * disturbs the other. A batch of calls is enqueued before the device is waited for, as a training loop does it; the
 * first call of a batch, which meets a device that sleeps and arguments of other tensors, is not measured.
 */
final class HostTimings {
    private static final int BATCH = 16;
    private static final long WARM_UP_NANOS = 1_500_000_000L;

    private final HostSubject subject;
    private final Device device;
    private final HostProbe probe;
    private final boolean withBackward;
    private final Samples empty = new Samples();
    private final HostMeter[] forward;
    private final HostMeter[] backward;

    HostTimings(Device device, HostSubject subject, boolean withBackward) {
        this.device = device;
        this.subject = subject;
        this.withBackward = withBackward;
        probe = device.service(HostProbe.class);
        forward = new HostMeter[] {new HostMeter(probe), new HostMeter(probe)};
        backward = new HostMeter[] {new HostMeter(probe), new HostMeter(probe)};
    }

    /** Until the virtual machine has compiled the calls. */
    void warmUp() {
        HostMeter unused = new HostMeter(probe);
        long end = System.nanoTime() + WARM_UP_NANOS;
        while (System.nanoTime() < end) {
            for (int i = 0; i < BATCH; i++) {
                step(i % 2, unused, unused);
            }
            device.finish();
        }
    }

    /** A batch with the same tensors, then one with changing tensors. */
    void round() {
        for (int changing = 0; changing < 2; changing++) {
            step(changing, new HostMeter(probe), new HostMeter(probe));
            for (int i = 0; i < BATCH; i++) {
                step(changing, forward[changing], backward[changing]);
                empty.add(probe.emptyLaunchNanos());
            }
            device.finish();
        }
    }

    private void step(int changing, HostMeter ahead, HostMeter back) {
        if (changing == 1) {
            subject.other();
        }
        ahead.measure(subject::forward);
        if (withBackward) {
            back.measure(subject::backward);
        }
    }

    Samples empty() {
        return empty;
    }

    HostCost forward(boolean changing) {
        return forward[changing ? 1 : 0].cost();
    }

    HostCost backward(boolean changing) {
        return backward[changing ? 1 : 0].cost();
    }
}
