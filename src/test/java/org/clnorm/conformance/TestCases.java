package org.clnorm.conformance;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The case files in the test resources. */
final class TestCases {
    private TestCases() {
    }

    static Path folder() {
        try {
            return Path.of(TestCases.class.getResource("/cases").toURI());
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    static Path file(String name) {
        return folder().resolve(name + ".safetensors");
    }

    static List<Path> all() {
        return all(folder());
    }

    static List<Path> all(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String name(Path file) {
        return file.getFileName().toString().replace(".safetensors", "");
    }
}
