package org.clnorm.tensor;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Steps that are all taken, whichever of them fail; the first failure is thrown at the end with the others attached.
 * For engines and layers; belongs to one thread.
 */
public final class Cleanup {
    private final List<Runnable> steps = new ArrayList<>();

    /** Makes one without steps. */
    public Cleanup() {
    }

    /**
     * Adds a step after the others.
     *
     * @param step what is to be done
     * @return this
     */
    public Cleanup add(Runnable step) {
        steps.add(step);
        return this;
    }

    /**
     * Takes all steps in order.
     *
     * @throws RuntimeException the first that a step threw, those of the others suppressed in it
     */
    public void run() {
        all(steps, Runnable::run);
    }

    /**
     * Ends several things in order.
     *
     * @param <T>    what they are
     * @param things the things
     * @param end    what ends one of them
     * @throws RuntimeException the first that was thrown, the others suppressed in it
     */
    public static <T> void all(Iterable<T> things, Consumer<T> end) {
        RuntimeException first = null;
        for (T thing : things) {
            try {
                end.accept(thing);
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

    /**
     * Takes a step on the way out of a failure, which stays the one that is reported.
     *
     * @param failure what is about to be thrown; gets what the step throws as suppressed
     * @param step    what is still to be done
     */
    public static void after(RuntimeException failure, Runnable step) {
        try {
            step.run();
        } catch (RuntimeException another) {
            failure.addSuppressed(another);
        }
    }
}
