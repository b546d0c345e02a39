package org.clnorm.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.clnorm.bench.BenchLine;
import org.clnorm.bench.Checker;
import org.clnorm.bench.Tuned;
import org.clnorm.bench.Tuner;
import org.clnorm.tensor.Device;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Measures which plans are fastest on a device. */
@Command(name = "tune", description = "Measures which kernels and settings do given workloads fastest on this device.",
        mixinStandardHelpOptions = true, versionProvider = Version.class, footer = {"",
            "The file is used only where it is passed: --tuning FILE, or Device.open(request.withTuning(file)).",
            "Each candidate is checked against the CPU engine before it is timed; times are what a caller waits.", "",
            "Without --shapes and --workload the standard workloads are tuned, see scripts/shapes.txt."})
final class TuneCommand implements Callable<Integer> {
    private static final int RUNS = 15;

    @Spec
    private CommandSpec spec;

    @Mixin
    private DeviceOptions device;

    @Mixin
    private WorkloadOptions workloads;

    @Option(names = "--out", paramLabel = "FILE", required = true, description = "The tuning file to write.")
    private Path out;

    @Option(names = "--runs", paramLabel = "N", defaultValue = "" + RUNS,
            description = "How often each candidate is timed: ${DEFAULT-VALUE}.")
    private int runs;

    private final Checker checker;

    private TuneCommand() {
        this(Checker::againstReference);
    }

    TuneCommand(Checker checker) {
        this.checker = checker;
    }

    @Override
    public Integer call() throws IOException {
        if (runs < 1) {
            throw new ParameterException(spec.commandLine(), "expected --runs of at least 1, got " + runs);
        }
        List<BenchLine> lines = workloads.lines(false);
        try (Device opened = device.open()) {
            return run(opened, tuner(opened), lines);
        }
    }

    private Tuner tuner(Device opened) {
        try {
            return new Tuner(opened, checker, runs);
        } catch (IllegalArgumentException fixed) {
            throw new ParameterException(spec.commandLine(), "expected an OpenCL device to tune, got " + opened.name());
        }
    }

    private int run(Device opened, Tuner tuner, List<BenchLine> lines) throws IOException {
        write(opened, tuner); // a file that cannot be written is found before the work
        try (Progress progress = new Progress("tune", lines.size(), spec.commandLine().getErr())) {
            for (BenchLine line : lines) {
                tuner.run(line, progress::note);
                progress.step();
            }
        } finally {
            write(opened, tuner);
            print(tuner);
        }
        return tuner.failures().isEmpty() ? Main.DONE : Main.FAILED;
    }

    private void write(Device opened, Tuner tuner) throws IOException {
        List<String> text = new ArrayList<>(tuner.tuning().lines());
        text.add(1, "# " + opened.driver());
        for (Tuned result : tuner.results()) {
            text.add(String.format(Locale.ROOT, "# %s %s: %.0f us before, %.0f us after, %d plans tried",
                    result.workload(), pass(result), result.beforeUs(), result.afterUs(), result.tried()));
        }
        Files.write(out, text, StandardCharsets.UTF_8);
    }

    private void print(Tuner tuner) {
        PrintWriter err = spec.commandLine().getErr();
        tuner.failures().forEach(failure -> err.println("clnorm: " + failure.lines().findFirst().orElseThrow()));
        TextTable table = new TextTable("workload", "pass", ">before us", ">after us", ">tried", "choice");
        for (Tuned result : tuner.results()) {
            table.row(result.workload(), pass(result), String.format(Locale.ROOT, "%.0f", result.beforeUs()),
                    String.format(Locale.ROOT, "%.0f", result.afterUs()), Integer.toString(result.tried()),
                    result.changed() ? result.choice().toString() : "as it was, " + result.choice().variant());
        }
        table.print(spec.commandLine().getOut());
    }

    private static String pass(Tuned result) {
        return result.task().pass().name().toLowerCase(Locale.ROOT);
    }
}
