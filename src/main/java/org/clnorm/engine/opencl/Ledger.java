package org.clnorm.engine.opencl;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;

/** Counts the OpenCL objects that were made and not released, of one device or more; and of all in the process. */
final class Ledger {
    /** Kinds of objects. */
    enum Kind {
        CONTEXT, QUEUE, BUFFER, PROGRAM, KERNEL, EVENT
    }

    private static final AtomicLong EVERYWHERE = new AtomicLong();

    private final AtomicLongArray live = new AtomicLongArray(Kind.values().length);

    void made(Kind kind) {
        live.incrementAndGet(kind.ordinal());
        EVERYWHERE.incrementAndGet();
    }

    void released(Kind kind) {
        live.decrementAndGet(kind.ordinal());
        EVERYWHERE.decrementAndGet();
    }

    /** What all ledgers of the process hold. */
    static long everywhere() {
        return EVERYWHERE.get();
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
