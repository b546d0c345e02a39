package org.clnorm;

import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.Set;

/** Which names layers of a model may have: those that can be part of the keys of its state. */
final class LayerNames {
    private LayerNames() {
    }

    /** Throws unless the name consists of parts that are not empty, and can be saved. */
    static void check(String name) {
        Objects.requireNonNull(name, "name");
        if (("." + name + ".").contains("..")) {
            throw new IllegalArgumentException("expected a name of parts separated by dots, none empty, got '" + name
                    + "'");
        }
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(name)) {
            throw new IllegalArgumentException(
                    "expected a name of well-formed Unicode, got half of a surrogate pair in '" + name + "'");
        }
    }

    /** Also throws if others have the name, or are part of it, or it of them: a layer has no layers below it. */
    static void checkNew(String name, Set<String> taken) {
        check(name);
        for (String other : taken) {
            if (other.equals(name) || other.startsWith(name + ".") || name.startsWith(other + ".")) {
                throw new IllegalArgumentException("expected a name beside those of other layers, got '" + name
                        + (other.equals(name) ? "' twice" : "' and '" + other + "'"));
            }
        }
    }
}
