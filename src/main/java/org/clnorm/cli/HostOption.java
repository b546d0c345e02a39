package org.clnorm.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.clnorm.bench.BenchJson;
import org.clnorm.bench.BenchLine;
import org.clnorm.bench.Checker;
import org.clnorm.bench.HostBench;
import org.clnorm.bench.MachineLoad;
import org.clnorm.tensor.Device;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Whether to measure what calls cost the host instead of what the device does. */
final class HostOption {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(names = "--host", description = {
        "Measures instead what a call costs the host: microseconds beside those of enqueuing an empty kernel, bytes "
            + "of Java heap, kernels launched and arguments set; with the same tensors each time, and with changing "
            + "ones."})
    private boolean host;

    private HostOption() {
    }

    boolean given() {
        return host;
    }

    /** Throws if options were given that say how to measure the device. */
    void checkAlone(boolean others) {
        if (others) {
            throw new ParameterException(spec.commandLine(), "expected --host without --sweep, --peer and --html");
        }
    }

    int run(DeviceOptions options, List<BenchLine> workloads, Checker checker, int runs, Path json)
            throws IOException {
        MachineLoad load = new MachineLoad();
        try (Device device = options.open()) {
            HostBench bench = bench(device, checker, runs);
            if (json != null) {
                Files.writeString(json, BenchJson.ofHost(List.of()));
            }
            try (Progress progress = new Progress("bench", workloads.size(), spec.commandLine().getErr())) {
                for (BenchLine line : workloads) {
                    bench.run(line, progress::note);
                    progress.step();
                }
            } finally {
                report(device, bench, load, json);
            }
            return bench.failures().isEmpty() ? Main.DONE : Main.FAILED;
        }
    }

    private HostBench bench(Device device, Checker checker, int runs) {
        try {
            return new HostBench(device, checker, runs);
        } catch (IllegalArgumentException unable) {
            throw new ParameterException(spec.commandLine(), "--host: " + unable.getMessage(), unable);
        }
    }

    private void report(Device device, HostBench bench, MachineLoad load, Path json) throws IOException {
        if (!bench.rows().isEmpty()) {
            HostTable.print(device, bench.rows(), load, spec.commandLine().getOut());
        }
        PrintWriter err = spec.commandLine().getErr();
        bench.failures().forEach(failure -> err.println("clnorm: " + failure.lines().findFirst().orElseThrow()));
        if (json != null) {
            Files.writeString(json, BenchJson.ofHost(bench.rows()));
        }
    }
}
