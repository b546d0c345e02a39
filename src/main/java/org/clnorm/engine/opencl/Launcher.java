package org.clnorm.engine.opencl;

import java.util.ArrayList;
import java.util.List;
import org.clnorm.engine.KernelTimer;
import org.clnorm.tensor.Cleanup;
import org.clnorm.tensor.DeviceException;
import org.jocl.CL;
import org.jocl.cl_command_queue;
import org.jocl.cl_event;

/**
 * Sets arguments and enqueues. Kernel objects are shared by all threads of a device, so one thread at a time does this;
 * it is a matter of microseconds. While it is being timed, launches go to a queue that records times.
 */
final class Launcher implements KernelTimer {
    /** A launch that is being timed. */
    private record Timed(String kernel, cl_event event) {
    }

    private final ClSession session;
    private final List<Timed> timed = new ArrayList<>();
    /** Null while nothing is timed; changed only while nobody else uses the device. */
    private cl_command_queue timingQueue;
    private long plans;

    Launcher(ClSession session) {
        this.session = session;
    }

    /** Enqueues a plan whole or not at all; if neither can be, the device counts as failed. */
    synchronized void launch(PreparedPlan plan, Arguments arguments) {
        plan.used(++plans);
        for (PreparedPlan.Launch launch : plan.launches()) {
            launch.kernel().bind(arguments);
        }
        boolean begun = false;
        for (PreparedPlan.Launch launch : plan.launches()) {
            if (begun) {
                enqueueNext(launch);
            } else {
                enqueue(launch);
            }
            begun = true;
        }
    }

    private void enqueueNext(PreparedPlan.Launch launch) {
        try {
            enqueue(launch);
        } catch (DeviceException failed) {
            session.again(failed, () -> enqueue(launch));
        }
    }

    private void enqueue(PreparedPlan.Launch launch) {
        BoundKernel kernel = launch.kernel();
        if (timingQueue == null) {
            session.launch(kernel, launch.global(), launch.local());
            return;
        }
        cl_event event = new cl_event();
        session.cl().launch(timingQueue, kernel.kernel(), kernel.label(), launch.global(), launch.local(), event);
        timed.add(new Timed(kernel.label(), event));
    }

    @Override
    public void start() {
        session.useAlone(() -> {
            if (timingQueue != null) {
                throw new IllegalStateException("expected a timer that is not running, got one that was started");
            }
            session.finish();
            timingQueue = session.cl().createQueue(session.context(), session.facts().id(), true);
            session.divert(timingQueue);
            return null;
        });
    }

    @Override
    public List<KernelTime> stop() {
        return session.useAlone(() -> {
            if (timingQueue == null) {
                throw new IllegalStateException("expected a running timer, got one that was not started");
            }
            List<KernelTime> times = new ArrayList<>();
            Cleanup cleanup = new Cleanup().add(session::finish).add(this::check);
            timed.forEach(launch -> cleanup.add(() -> times.add(time(launch))));
            cleanup.add(this::close).run();
            return List.copyOf(times);
        });
    }

    /** Throws if a launch that was timed failed. */
    private void check() {
        session.checkEnded(timed.stream().map(Timed::event).toArray(cl_event[]::new));
    }

    private KernelTime time(Timed launch) {
        long start = session.cl().eventTime(launch.event(), CL.CL_PROFILING_COMMAND_START);
        long end = session.cl().eventTime(launch.event(), CL.CL_PROFILING_COMMAND_END);
        return new KernelTime(launch.kernel(), end - start);
    }

    /** Frees what timing needed. */
    void close() {
        if (timingQueue == null) {
            return;
        }
        Cleanup cleanup = new Cleanup();
        timed.forEach(launch -> cleanup.add(() -> session.cl().release(launch.event())));
        cl_command_queue queue = timingQueue;
        cleanup.add(() -> session.cl().release(queue));
        session.divert(null);
        timed.clear();
        timingQueue = null;
        cleanup.run();
    }
}
