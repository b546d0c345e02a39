package org.clnorm.tensor;

import java.lang.ref.Cleaner;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notices objects that were dropped without being closed: counts them and logs where they were made. It releases
 * nothing, because that would happen on another thread at a time nobody chose.
 */
final class LeakGuard {
    private static final Logger LOG = LoggerFactory.getLogger(LeakGuard.class);
    private static final Cleaner CLEANER = Cleaner.create();
    /** Where each tensor was made costs a stack walk, so it is recorded only when asked for. */
    private static final boolean TRACE = Boolean.getBoolean("clnorm.traceLeaks");

    private final AtomicLong live = new AtomicLong();
    private final AtomicLong leaked = new AtomicLong();
    private volatile boolean ended;

    Ticket watch(Tensor owner, DataType type, Shape shape) {
        live.incrementAndGet();
        Ticket ticket = new Ticket(this, type, shape, TRACE ? new Throwable("made here") : null);
        ticket.cleanable = CLEANER.register(owner, ticket);
        return ticket;
    }

    /** Ends the watch: the device is closed and took its memory with it. */
    void end() {
        ended = true;
    }

    long live() {
        return live.get();
    }

    long leaked() {
        return leaked.get();
    }

    /** Says whether one object was closed; holds no reference to it. */
    static final class Ticket implements Runnable {
        private final LeakGuard guard;
        private final DataType type;
        private final Shape shape;
        private final Throwable site;
        private final AtomicBoolean returned = new AtomicBoolean();
        private Cleaner.Cleanable cleanable;

        private Ticket(LeakGuard guard, DataType type, Shape shape, Throwable site) {
            this.guard = guard;
            this.type = type;
            this.shape = shape;
            this.site = site;
        }

        boolean isReturned() {
            return returned.get();
        }

        /** Returns whether this call was the one that closed the object. */
        boolean giveBack() {
            if (!returned.compareAndSet(false, true)) {
                return false;
            }
            guard.live.decrementAndGet();
            cleanable.clean();
            return true;
        }

        /**
         * Runs when the object is unreachable, or at once from {@link #giveBack()}, when there is nothing to report.
         */
        @Override
        public void run() {
            if (!returned.get() && !guard.ended) {
                guard.leaked.incrementAndGet();
                LOG.warn("leaked: {} tensor {} was dropped without close(){}", type, shape,
                        site == null ? "; run with -Dclnorm.traceLeaks=true to see where it was made" : "", site);
            }
        }
    }
}
