package org.clnorm.soak;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.LongAdder;

/** What all threads have done. */
final class Tally {
    /** Cases that were run and judged. */
    final LongAdder cases = new LongAdder();
    /** Passes, forward and backward. */
    final LongAdder passes = new LongAdder();
    /** Steps of layers that live long. */
    final LongAdder steps = new LongAdder();
    /** Calls of OpenCL that were made to fail. */
    final LongAdder faults = new LongAdder();
    /** Of these, which a second try inside the library made good. */
    final LongAdder survived = new LongAdder();
    /** Devices that ended with a failure, as they should. */
    final LongAdder lost = new LongAdder();
    /** Devices that were opened. */
    final LongAdder opened = new LongAdder();

    private final List<Failure> failures = new CopyOnWriteArrayList<>();

    void failed(Failure failure) {
        failures.add(failure);
    }

    List<Failure> failures() {
        return failures;
    }
}
