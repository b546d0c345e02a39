package org.clnorm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the sources look like: no line of Java or OpenCL C is longer than 120 columns. */
class SourceTest {
    private static final int COLUMNS = 120;

    @Test
    void linesFitTheScreen() throws IOException {
        List<String> sources = Stream.concat(sources("src", ".java"), sources("opencl", ".cl")).toList();
        assertFalse(sources.isEmpty());
        assertEquals(List.of(), sources.stream().flatMap(SourceTest::longLines).toList());
    }

    private static Stream<String> sources(String folder, String ending) throws IOException {
        try (Stream<Path> files = Files.walk(Path.of(folder))) {
            return files.map(Path::toString).filter(name -> name.endsWith(ending)).toList().stream();
        }
    }

    private static Stream<String> longLines(String file) {
        try {
            List<String> lines = Files.readAllLines(Path.of(file));
            return Stream.iterate(0, i -> i < lines.size(), i -> i + 1)
                    .filter(i -> lines.get(i).codePointCount(0, lines.get(i).length()) > COLUMNS)
                    .map(i -> file + ":" + (i + 1));
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }
}
