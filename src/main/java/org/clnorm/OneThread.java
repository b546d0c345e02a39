package org.clnorm;

import java.util.concurrent.atomic.AtomicReference;

/** Refuses a second thread while one is in a layer; a layer may be handed on from thread to thread. */
final class OneThread {
    private final AtomicReference<Thread> inside = new AtomicReference<>();

    /** Begins a call that belongs to this thread; {@link #leave} must follow. */
    void enter(NormLayer layer) {
        Thread thread = Thread.currentThread();
        Thread other = inside.compareAndExchange(null, thread);
        if (other != null) {
            throw new IllegalStateException("expected one thread at a time in a layer, got " + thread.getName()
                    + " while " + other.getName() + " is in " + layer);
        }
    }

    void leave() {
        inside.set(null);
    }
}
