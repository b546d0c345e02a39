package org.clnorm.engine.opencl;

import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;
import org.clnorm.tensor.Cleanup;
import org.clnorm.tensor.DeviceException;
import org.jocl.Pointer;
import org.jocl.cl_command_queue;
import org.jocl.cl_context;
import org.jocl.cl_event;
import org.jocl.cl_mem;

/**
 * An open device: its context and queue, and whether it is still open and sound. Whatever uses them does so inside
 * {@link #use}, so that closing waits for it. A context and a queue of somebody else's are held as long as it is open.
 */
final class ClSession {
    private final Cl cl;
    private final DeviceFacts facts;
    private final cl_context context;
    private final cl_command_queue ownQueue;
    /** Whether the own queue keeps no order, so that it is made by barriers. */
    private final boolean unordered;
    /** Where work goes: the own queue, or another one for a while. */
    private cl_command_queue queue;
    /** Shared by those who use the device, exclusive to the one who closes it. */
    private final ReentrantReadWriteLock life = new ReentrantReadWriteLock();
    private volatile boolean closed;
    private final Health health = new Health();
    /** Its lock is held while a command is enqueued and noted, and while it is found out how commands ended. */
    private final Watch watch;

    private ClSession(Cl cl, DeviceFacts facts, cl_context context, cl_command_queue queue, boolean unordered) {
        this.cl = cl;
        this.facts = facts;
        this.context = context;
        this.ownQueue = queue;
        this.queue = queue;
        this.unordered = unordered;
        this.watch = new Watch(cl);
    }

    static ClSession open(Cl cl, DeviceFacts facts) {
        Cl named = cl.on(facts.name());
        cl_context context = named.createContext(facts.platform(), facts.id());
        try {
            return new ClSession(named, facts, context, named.createQueue(context, facts.id(), false), false);
        } catch (RuntimeException failed) {
            Cleanup.after(failed, () -> named.release(context));
            throw failed;
        }
    }

    /** A session around the context and queue of somebody else's, which have been checked. */
    static ClSession around(Cl cl, DeviceFacts facts, cl_context context, cl_command_queue queue, boolean unordered) {
        Cl named = cl.on(facts.name());
        named.retain(context);
        try {
            named.retain(queue);
        } catch (RuntimeException failed) {
            Cleanup.after(failed, () -> named.release(context));
            throw failed;
        }
        return new ClSession(named, facts, context, queue, unordered);
    }

    Cl cl() {
        return cl;
    }

    DeviceFacts facts() {
        return facts;
    }

    cl_context context() {
        return context;
    }

    Health health() {
        return health;
    }

    /** Where work goes now. */
    cl_command_queue queue() {
        return queue;
    }

    /** Where work goes but while it is timed. */
    cl_command_queue ownQueue() {
        return ownQueue;
    }

    /** Called before each command: it is to begin after all that was enqueued before. */
    void order() {
        if (unordered && queue == ownQueue) {
            cl.barrier(queue);
        }
    }

    /**
     * Sends the work to come to another queue, in order, or to the own one again where that is null; the old one must
     * be finished.
     */
    void divert(cl_command_queue other) {
        queue = other == null ? ownQueue : other;
    }

    /** Begins to use the open, sound device; {@link #leave} must follow. For passes: {@link #use} makes objects. */
    void enter() {
        life.readLock().lock();
        try {
            checkUsable();
            look();
        } catch (RuntimeException unusable) {
            leave();
            throw unusable;
        }
    }

    void leave() {
        life.readLock().unlock();
    }

    /** Runs work on the open, sound device. */
    <T> T use(Supplier<T> work) {
        return locked(life.readLock(), work);
    }

    /** Runs work while nobody else uses the open, sound device. */
    <T> T useAlone(Supplier<T> work) {
        return locked(life.writeLock(), work);
    }

    private <T> T locked(Lock lock, Supplier<T> work) {
        lock.lock();
        try {
            checkUsable();
            look();
            return work.get();
        } finally {
            lock.unlock();
        }
    }

    void use(Runnable work) {
        use(() -> {
            work.run();
            return null;
        });
    }

    private void checkUsable() {
        checkOpen();
        health.check(facts);
    }

    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException("expected an open device, got a closed one: " + facts);
        }
    }

    /** Every so often, finds out how commands ended that are over, without waiting for others. */
    private void look() {
        synchronized (watch) {
            if (watch.isLookDue()) {
                watch.settle(watch.done(), health);
            }
        }
    }

    // ---- commands whose end is watched

    void launch(BoundKernel kernel, long[] global, long[] local) {
        order();
        synchronized (watch) {
            cl.launch(queue, kernel.kernel(), kernel.label(), global, local, watch.next());
            watch.add(kernel.label());
        }
    }

    void fill(cl_mem memory, Pointer pattern, int patternBytes, long offset, long bytes) {
        order();
        synchronized (watch) {
            cl.fill(queue, memory, pattern, patternBytes, offset, bytes, watch.next());
            watch.add("a fill");
        }
    }

    /** Lets what is enqueued later begin after these events, of which there is at least one. */
    void waitFor(cl_event[] events) {
        synchronized (watch) {
            watch.checkNotFailed(events);
            cl.barrier(queue, events, watch.next());
            watch.add("waiting for an event of the caller's");
            try {
                watch.checkNotFailed(events); // one that failed meanwhile may have been taken for done
            } catch (DeviceException failed) {
                health.fail(failed);
                throw failed;
            }
        }
    }

    /** An event for all that was enqueued so far; the caller's to release. */
    cl_event mark() {
        cl_event event = cl.marker(queue);
        try {
            cl.flush(queue);
            return cl.handedOver(event);
        } catch (RuntimeException failed) {
            Cleanup.after(failed, () -> cl.release(event));
            throw failed;
        }
    }

    /**
     * Waits for the enqueued work. Where that or one of the commands failed, nobody knows what the device holds: it
     * counts as failed.
     */
    void finish() {
        long enqueued;
        synchronized (watch) {
            enqueued = watch.end();
        }
        try {
            cl.finish(queue);
        } catch (DeviceException failed) {
            health.fail(failed);
            throw failed;
        }
        synchronized (watch) {
            watch.settle(enqueued, health);
        }
        health.check(facts); // another thread may have found it
    }

    /** Throws if one of these commands failed, which are over: the device counts as failed then. */
    void checkEnded(cl_event[] events) {
        try {
            if (events.length > 0) {
                cl.await(events.length, events);
            }
        } catch (DeviceException failed) {
            health.fail(failed);
            throw failed;
        }
    }

    /** Makes a failed device usable again where the context survived, as a check shows; a sound one is left alone. */
    void recover(Runnable check) {
        life.writeLock().lock();
        try {
            checkOpen();
            DeviceException failed = health.failure();
            if (failed != null) {
                health.mend();
                recover(failed, check);
            }
        } finally {
            life.writeLock().unlock();
        }
    }

    private void recover(DeviceException failed, Runnable check) {
        try {
            cl.finish(queue);
            synchronized (watch) {
                watch.forget();
            }
            check.run();
        } catch (DeviceException again) {
            failed.addSuppressed(again);
            health.relapse(failed);
            health.check(facts);
        }
    }

    /**
     * Tries once more, when the queue is empty, what failed in the middle of a pass. What was enqueued before cannot be
     * taken back, and may have changed a gradient or what lies in place: where this fails too the device has failed.
     */
    void again(DeviceException failed, Runnable step) {
        try {
            finish();
            step.run();
        } catch (DeviceException another) {
            failed.addSuppressed(another);
            health.fail(failed);
            throw failed;
        }
    }

    boolean isClosed() {
        return closed;
    }

    /** Closes once: waits for who uses the device, then runs all the steps; lets go of queue and context at last. */
    void close(Cleanup others) {
        life.writeLock().lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            Cleanup all = new Cleanup();
            all.add(() -> cl.finish(queue));
            all.add(watch::forget);
            all.add(others::run);
            all.add(() -> cl.release(ownQueue));
            all.add(() -> cl.release(context));
            all.run();
        } finally {
            life.writeLock().unlock();
        }
    }
}
