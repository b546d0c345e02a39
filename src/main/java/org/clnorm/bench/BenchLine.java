package org.clnorm.bench;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.clnorm.conformance.LayerKind;
import org.clnorm.conformance.Workload;

/**
 * A workload to time, and the words in which it was asked for, under which it is reported.
 *
 * @param text     the line, without comment
 * @param workload what it says
 */
public record BenchLine(String text, Workload workload) {
    /**
     * Reads a line.
     *
     * @param line layer, shape and settings; a comment may follow a #
     * @return the workload
     * @throws IllegalArgumentException if the line is malformed or names no element
     */
    public static BenchLine of(String line) {
        Workload workload = Workload.parse(line);
        if (workload.shape().size() == 0) {
            throw new IllegalArgumentException("expected at least one element to time, got '" + line.strip() + "'");
        }
        return new BenchLine(withoutComment(line), workload);
    }

    /**
     * Reads a file of workloads, one a line; a # begins a comment, empty lines are skipped.
     *
     * @param file a text file
     * @return the workloads in order, at least one
     * @throws IOException              if the file cannot be read
     * @throws IllegalArgumentException if a line is malformed, or there is none
     */
    public static List<BenchLine> read(Path file) throws IOException {
        List<String> lines;
        try {
            lines = Files.readString(file).lines().toList();
        } catch (CharacterCodingException binary) {
            throw new IllegalArgumentException("expected text in UTF-8 in " + file, binary);
        } catch (FileSystemException named) {
            throw named;
        } catch (IOException nameless) {
            throw new IOException("cannot read " + file + ": " + nameless.getMessage(), nameless);
        }
        return all(lines, file.toString());
    }

    /**
     * Reads the lines of a file.
     *
     * @param lines  the lines
     * @param source what errors call the file
     * @return the workloads in order, at least one
     * @throws IllegalArgumentException if a line is malformed, or there is none
     */
    public static List<BenchLine> all(List<String> lines, String source) {
        List<BenchLine> workloads = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            if (withoutComment(lines.get(i)).isEmpty()) {
                continue;
            }
            try {
                workloads.add(of(lines.get(i)));
            } catch (IllegalArgumentException malformed) {
                throw new IllegalArgumentException(source + ":" + (i + 1) + ": " + malformed.getMessage(), malformed);
            }
        }
        if (workloads.isEmpty()) {
            throw new IllegalArgumentException("expected at least one workload in " + source + ", found none");
        }
        return workloads;
    }

    /**
     * The fewest workloads in which every layer occurs, and those small.
     *
     * @param workloads workloads
     * @return of each kind of layer the one with the fewest elements, in the order in which the kinds occur
     */
    public static List<BenchLine> smallestOfEachLayer(List<BenchLine> workloads) {
        Map<LayerKind, BenchLine> smallest = new LinkedHashMap<>();
        for (BenchLine line : workloads) {
            smallest.merge(line.workload().kind(), line,
                    (first, second) -> second.workload().bytes() < first.workload().bytes() ? second : first);
        }
        return List.copyOf(smallest.values());
    }

    private static String withoutComment(String line) {
        int comment = line.indexOf('#');
        return (comment < 0 ? line : line.substring(0, comment)).strip();
    }
}
