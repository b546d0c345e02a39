package org.clnorm.engine.opencl;

import java.util.concurrent.atomic.AtomicLongArray;

/** Counts the OpenCL objects that were made and not released. */
final class Ledger {
    /** Kinds of objects. */
    enum Kind {
        CONTEXT, QUEUE, BUFFER, PROGRAM, KERNEL, EVENT
    }

    private final AtomicLongArray live = new AtomicLongArray(Kind.values().length);

    void made(Kind kind) {
        live.incrementAndGet(kind.ordinal());
    }

    void released(Kind kind) {
        live.decrementAndGet(kind.ordinal());
    }

    long live(Kind kind) {
        return live.get(kind.ordinal());
    }

    long live() {
        long all = 0;
        for (Kind kind : Kind.values()) {
            all += live(kind);
        }
        return all;
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (Kind kind : Kind.values()) {
            text.append(text.isEmpty() ? "" : ", ").append(kind).append(' ').append(live(kind));
        }
        return text.toString();
    }
}
