package org.clnorm.state;

import java.nio.file.Files;
import java.nio.file.Path;

/** What is asked of a path before it is opened for reading. */
final class RegularFile {
    private RegularFile() {
    }

    /** Throws if there is something that is not a file; opening a pipe would wait for a writer. */
    static void check(Path file) {
        if (Files.isDirectory(file)) {
            throw new CheckpointException(file.toString(), "is a directory");
        }
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            throw new CheckpointException(file.toString(), "is not a regular file");
        }
    }
}
