package org.clnorm.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.clnorm.bench.Bench;
import org.clnorm.bench.BenchJson;
import org.clnorm.bench.BenchLine;
import org.clnorm.bench.BenchReport;
import org.clnorm.bench.Checker;
import org.clnorm.bench.MachineLoad;
import org.clnorm.bench.SideBySide;
import org.clnorm.tensor.Device;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Checks workloads and times them. */
@Command(name = "bench", description = "Checks workloads against the reference, then times them, forward and backward.",
        mixinStandardHelpOptions = true, versionProvider = Version.class, footer = {"",
            "Times are the device's own, of a pass's kernels; wall is what a caller waits for an enqueue and a finish.",
            "GB/s counts every tensor once: 2T forward (x, y), 3T backward (x, dy, dx), where T is x's size.",
            "copy is GB/s over that of the fastest copy of x to y, which is timed in turns with the passes.", "",
            "Without --shapes and --workload the standard workloads are run, see scripts/shapes.txt."})
final class BenchCommand implements Callable<Integer> {
    private static final int RUNS = 30;
    private static final int QUICK_RUNS = 5;

    @Spec
    private CommandSpec spec;

    @Mixin
    private DeviceOptions device;

    @Option(names = "--shapes", paramLabel = "FILE", description = "A file of workloads, one a line.")
    private Path shapes;

    @Option(names = "--workload", paramLabel = "LINE",
            description = "A workload, such as 'group_norm 16x256x32x32 groups=32'; may be repeated.")
    private List<String> lines = List.of();

    @Option(names = "--runs", paramLabel = "N",
            description = "How often each pass is timed: " + RUNS + ", with --quick " + QUICK_RUNS + ".")
    private Integer runs;

    @Option(names = "--quick",
            description = "Few runs, and of the workloads in a file the smallest of each layer only.")
    private boolean quick;

    @Option(names = "--json", paramLabel = "FILE", description = "Also writes the rows as a JSON array.")
    private Path json;

    @Mixin
    private PeerOptions peers;

    private final Checker checker;

    private BenchCommand() {
        this(Checker::againstReference);
    }

    BenchCommand(Checker checker) {
        this.checker = checker;
    }

    @Override
    public Integer call() throws IOException {
        int times = runs != null ? runs : quick ? QUICK_RUNS : RUNS;
        if (times < 1) {
            throw new ParameterException(spec.commandLine(), "expected --runs of at least 1, got " + times);
        }
        List<BenchLine> workloads = workloads();
        peers.check();
        double load = MachineLoad.averagePerCore();
        try (Device opened = device.open()) {
            if (json != null) {
                Files.writeString(json, BenchJson.of(List.of()));
            }
            if (!peers.given()) {
                return run(opened, new Bench(opened, checker, times), workloads, load);
            }
            try (SideBySide others = peers.start(opened, times)) {
                return run(opened, new Bench(opened, others, times).beside(others), workloads, load);
            }
        }
    }

    private List<BenchLine> workloads() throws IOException {
        List<BenchLine> workloads = new ArrayList<>();
        for (String line : lines) {
            workloads.add(BenchLine.of(line));
        }
        if (shapes != null || workloads.isEmpty()) {
            List<BenchLine> fromFile = shapes != null ? BenchLine.read(shapes) : standard();
            workloads.addAll(quick ? BenchLine.smallestOfEachLayer(fromFile) : fromFile);
        }
        return workloads;
    }

    private static List<BenchLine> standard() throws IOException {
        try (BufferedReader reader = new BufferedReader(new InputStreamReader(
                BenchCommand.class.getResourceAsStream("shapes.txt"), StandardCharsets.UTF_8))) {
            return BenchLine.all(reader.lines().toList(), "shapes.txt");
        }
    }

    private int run(Device opened, Bench bench, List<BenchLine> workloads, double load) throws IOException {
        try (Progress progress = new Progress("bench", workloads.size(), spec.commandLine().getErr())) {
            for (BenchLine workload : workloads) {
                bench.run(workload, progress::note);
                progress.step();
            }
        } finally {
            report(opened, bench.report(), load);
        }
        return bench.report().failures().isEmpty() ? Main.DONE : Main.FAILED;
    }

    /** Also where the device failed half-way: what was measured before stands. */
    private void report(Device opened, BenchReport report, double load) throws IOException {
        if (!report.rows().isEmpty()) {
            BenchTable.print(opened, report, load, spec.commandLine().getOut());
            PeerTable.print(report.rows(), spec.commandLine().getOut());
        }
        PrintWriter err = spec.commandLine().getErr();
        report.failures().forEach(failure -> err.println("clnorm: " + failure.lines().findFirst().orElseThrow()));
        if (json != null) {
            Files.writeString(json, BenchJson.of(report.rows()));
        }
    }
}
