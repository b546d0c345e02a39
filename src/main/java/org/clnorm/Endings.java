package org.clnorm;

import java.util.Collection;
import java.util.function.Consumer;

/** Ends several things, all of them whichever fail; the first failure is thrown with the others attached. */
final class Endings {
    private Endings() {
    }

    static <T> void all(Collection<T> things, Consumer<T> end) {
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
}
