package org.clnorm.state;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where thousands of files are saved one after the other: in memory, if the system offers that, since a save waits. */
final class MemoryFolder {
    private static final Path MEMORY = Path.of("/dev/shm");

    private MemoryFolder() {
    }

    static Path make() throws IOException {
        return Files.isDirectory(MEMORY) && Files.isWritable(MEMORY) ? Files.createTempDirectory(MEMORY, "clnorm")
                : Files.createTempDirectory("clnorm");
    }
}
