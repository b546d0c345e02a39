package org.clnorm.sync;

import java.time.Duration;

/** How long ranks wait for each other. */
public final class Deadline {
    /**
     * Eight seconds: of work that is enqueued in the same way on all ranks, even the compiling of kernels takes less;
     * so that a rank that died is known within ten.
     */
    public static final Duration DEFAULT = Duration.ofSeconds(8);

    private Deadline() {
    }

    static void check(Duration deadline) {
        if (deadline.isNegative() || deadline.isZero()) {
            throw new IllegalArgumentException("expected a deadline of more than 0, got " + deadline);
        }
    }

    static String text(Duration deadline) {
        return deadline.toMillis() / 1000.0 + " s";
    }
}
