package org.clnorm.site;

import java.nio.file.Path;

/** What a relative link means: a file of the repository, and an anchor in it or none. */
record Target(Path file, String anchor) {
    /** Null for a link that leads out of the repository. */
    static Target of(Path page, String destination) {
        if (destination.contains(":")) {
            return null;
        }
        int hash = destination.indexOf('#');
        String name = hash < 0 ? destination : destination.substring(0, hash);
        Path file = name.isEmpty() ? page : page.resolveSibling(name).normalize();
        return new Target(file, hash < 0 ? "" : destination.substring(hash + 1));
    }
}
