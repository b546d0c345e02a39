package org.clnorm.conformance;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** The case files in the test resources. */
final class TestCases {
    /** They wait for their layer. */
    static final Set<String> NOT_SUPPORTED = Set.of("rms_1x1", "rms_2x3x5x7_last2", "rms_4x37", "rms_noaffine_5x13",
            "rms_x_denormal", "rms_x_scale1e-20", "rms_x_scale3e19");

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
        try (Stream<Path> files = Files.list(folder())) {
            return files.sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static List<Path> supported() {
        return all().stream().filter(file -> !NOT_SUPPORTED.contains(name(file))).toList();
    }

    static String name(Path file) {
        return file.getFileName().toString().replace(".safetensors", "");
    }
}
