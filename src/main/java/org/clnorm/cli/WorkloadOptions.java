package org.clnorm.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.clnorm.bench.BenchLine;
import picocli.CommandLine.Option;

/** Which workloads a command is about: lines, files of lines, or the standard ones. */
final class WorkloadOptions {
    @Option(names = "--shapes", paramLabel = "FILE", description = "A file of workloads, one a line.")
    private Path shapes;

    @Option(names = "--workload", paramLabel = "LINE",
            description = "A workload, such as 'group_norm 16x256x32x32 groups=32'; may be repeated.")
    private List<String> lines = List.of();

    private WorkloadOptions() {
    }

    /** Whether any were asked for. */
    boolean given() {
        return shapes != null || !lines.isEmpty();
    }

    /** The workloads, or else the standard ones; if few are enough, of a file only the smallest of each layer. */
    List<BenchLine> lines(boolean few) throws IOException {
        return lines(few, "shapes.txt");
    }

    /** The workloads, or else those of a file of ours; if few are enough, of a file only the smallest of each layer. */
    List<BenchLine> lines(boolean few, String otherwise) throws IOException {
        List<BenchLine> workloads = new ArrayList<>();
        for (String line : lines) {
            workloads.add(BenchLine.of(line));
        }
        if (shapes != null || workloads.isEmpty()) {
            List<BenchLine> fromFile = shapes != null ? BenchLine.read(shapes) : ours(otherwise);
            workloads.addAll(few ? BenchLine.smallestOfEachLayer(fromFile) : fromFile);
        }
        return workloads;
    }

    private static List<BenchLine> ours(String name) throws IOException {
        try (BufferedReader reader = new BufferedReader(new InputStreamReader(
                WorkloadOptions.class.getResourceAsStream(name), StandardCharsets.UTF_8))) {
            return BenchLine.all(reader.lines().toList(), name);
        }
    }
}
