package org.clnorm.example.train;

import java.nio.file.Files;
import java.nio.file.Path;

/** What a rank's own file is called: the first rank's as it was told, others' with the rank before the ending. */
final class RankFile {
    private RankFile() {
    }

    static Path of(Path file, int rank) {
        if (rank == 0) {
            return file;
        }
        String name = file.getFileName().toString();
        int ending = name.lastIndexOf('.');
        int at = ending < 1 ? name.length() : ending;
        return file.resolveSibling(name.substring(0, at) + ".rank" + rank + name.substring(at));
    }

    /** The file itself, or the rank's own on a machine that has only that. */
    static Path toRead(Path file, int rank) {
        Path own = of(file, rank);
        return Files.exists(file) || !Files.exists(own) ? file : own;
    }
}
