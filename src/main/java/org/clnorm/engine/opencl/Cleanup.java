package org.clnorm.engine.opencl;

import java.util.ArrayList;
import java.util.List;

/**
 * Steps that are all taken, whichever of them fail; the first failure is thrown at the end with the others attached.
 */
final class Cleanup {
    private final List<Runnable> steps = new ArrayList<>();

    Cleanup add(Runnable step) {
        steps.add(step);
        return this;
    }

    void run() {
        RuntimeException first = null;
        for (Runnable step : steps) {
            try {
                step.run();
            } catch (RuntimeException failed) {
                if (first == null) {
                    first = failed;
                } else {
                    first.addSuppressed(failed);
                }
            }
        }
        if (first != null) {
            throw first;
        }
    }

    /** Takes a step on the way out of a failure, which stays the one that is reported. */
    static void after(RuntimeException failure, Runnable step) {
        try {
            step.run();
        } catch (RuntimeException another) {
            failure.addSuppressed(another);
        }
    }
}
