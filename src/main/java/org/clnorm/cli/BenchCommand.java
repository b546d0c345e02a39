package org.clnorm.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.clnorm.bench.Bench;
import org.clnorm.bench.BenchJson;
import org.clnorm.bench.BenchLine;
import org.clnorm.bench.BenchReport;
import org.clnorm.bench.Checker;
import org.clnorm.bench.MachineLoad;
import org.clnorm.bench.SideBySide;
import org.clnorm.bench.Sweep;
import org.clnorm.bench.SweepPoint;
import org.clnorm.bench.SweepStep;
import org.clnorm.tensor.Device;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Checks workloads and times them. */
@Command(name = "bench", description = "Checks workloads against the reference, then times them, forward and backward.",
        mixinStandardHelpOptions = true, versionProvider = Version.class, sortOptions = false, footer = {"",
            "Times are the device's own, of a pass's kernels; wall is what a caller waits for an enqueue and a finish. "
                + "GB/s counts every tensor once: 2T forward (x, y), 3T backward (x, dy, dx), where T is x's size. "
                + "copy is GB/s over that of the fastest copy of x to y, which is timed in turns with the passes.", "",
            "Without --shapes, --workload and --sweep the standard workloads are run, see scripts/shapes.txt; with "
                + "--html every sweep too; with --host tensors of 64 KB and 1 MB, see scripts/tiny.txt."})
final class BenchCommand implements Callable<Integer> {
    private static final int RUNS = 30;
    private static final int QUICK_RUNS = 5;

    @Spec
    private CommandSpec spec;

    @Mixin
    private DeviceOptions device;

    @Mixin
    private WorkloadOptions workloads;

    @Mixin
    private SweepOptions sweeps;

    @Option(names = "--runs", paramLabel = "N",
            description = "How often each pass is timed: " + RUNS + ", with --quick " + QUICK_RUNS + ".")
    private Integer runs;

    @Option(names = "--quick",
            description = "Few runs, and of the workloads in a file the smallest of each layer only.")
    private boolean quick;

    @Mixin
    private final PeerOptions peers;

    @Option(names = "--json", paramLabel = "FILE", description = "Also writes the rows as a JSON array.")
    private Path json;

    @Mixin
    private PageOption page;

    @Mixin
    private HostOption host;

    private final Checker checker;

    private BenchCommand() {
        this(Checker::againstReference);
    }

    BenchCommand(Checker checker) {
        this(checker, new PeerOptions());
    }

    BenchCommand(Checker checker, PeerOptions peers) {
        this.checker = checker;
        this.peers = peers;
    }

    @Override
    public Integer call() throws IOException {
        int times = runs != null ? runs : quick ? QUICK_RUNS : RUNS;
        if (times < 1) {
            throw new ParameterException(spec.commandLine(), "expected --runs of at least 1, got " + times);
        }
        if (host.given()) {
            host.checkAlone(sweeps.given() || peers.given() || page.given());
            return host.run(device, workloads.lines(quick, "tiny.txt"), checker, times, json);
        }
        boolean standard = !workloads.given() && !sweeps.given();
        List<BenchLine> named = standard || workloads.given() ? workloads.lines(quick) : List.of();
        List<Sweep> chosen = sweeps.sweeps(standard && page.given() ? List.of(Sweep.values()) : List.of());
        peers.check();
        MachineLoad load = new MachineLoad();
        try (Device opened = device.open()) {
            Agenda agenda = new Agenda(named, sweeps.points(chosen, opened, quick), times, load);
            if (json != null) {
                Files.writeString(json, BenchJson.of(List.of(), List.of()));
            }
            page.begin();
            return run(opened, agenda);
        }
    }

    private int run(Device opened, Agenda agenda) throws IOException {
        if (!peers.given()) {
            return run(opened, new Bench(opened, checker, agenda.runs()), agenda);
        }
        try (SideBySide others = peers.start(opened, agenda.runs())) {
            return run(opened, new Bench(opened, others, agenda.runs()).beside(others), agenda);
        }
    }

    private int run(Device opened, Bench bench, Agenda agenda) throws IOException {
        List<BenchLine> lines = agenda.workloads();
        int steps = lines.size() + agenda.points().size();
        try (Progress progress = new Progress("bench", steps, spec.commandLine().getErr())) {
            for (BenchLine line : lines) {
                bench.run(line, progress::note);
                progress.step();
            }
            for (SweepPoint point : agenda.points()) {
                point.neighbour(agenda.points())
                        .ifPresent(other -> bench.compare(point.line(), other.line(), progress::note));
                progress.step();
            }
        } finally {
            report(opened, bench.report(), agenda);
        }
        return bench.report().failures().isEmpty() ? Main.DONE : Main.FAILED;
    }

    /** Also where the device failed half-way: what was measured before stands. */
    private void report(Device opened, BenchReport report, Agenda agenda) throws IOException {
        List<SweepStep> steps = SweepStep.all(agenda.points(), report);
        PrintWriter out = spec.commandLine().getOut();
        if (!report.rows().isEmpty()) {
            BenchTable.print(opened, report, agenda.load(), out);
            PeerTable.print(report.rows(), out);
            SweepTable.print(steps, out);
        }
        PrintWriter err = spec.commandLine().getErr();
        report.failures().forEach(failure -> err.println("clnorm: " + failure.lines().findFirst().orElseThrow()));
        if (json != null) {
            Files.writeString(json, BenchJson.of(report.rows(), steps));
        }
        page.write(page.heading(opened, agenda.runs(), agenda.load()), report, agenda.names(), steps);
    }
}
