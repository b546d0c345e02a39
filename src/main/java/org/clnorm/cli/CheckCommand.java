package org.clnorm.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.clnorm.conformance.BitwiseCheck;
import org.clnorm.conformance.CheckReport;
import org.clnorm.conformance.RandomWorkloads;
import org.clnorm.conformance.ReferenceCheck;
import org.clnorm.conformance.Verdict;
import org.clnorm.conformance.Workload;
import org.clnorm.tensor.DeviceRequest;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Checks a device against the CPU engine. */
@Command(name = "check",
        description = "Checks a device against the CPU engine in double, on random workloads or given ones.",
        mixinStandardHelpOptions = true, versionProvider = Version.class, footer = {"",
            "Without --kernels and --variant both kernel sets of an OpenCL device are checked. Errors are relative",
            "to the magnitude before cancellation; the contract is 6e-7, and 4e-6 for dweight where x is denormal.",
            "Results of 16 bits that are off by no more than one unit in the last place count as exact.",
            "With --variant bitwise results are also compared with the Java engine's, bit by bit.",
            "For each failure a line is printed that runs it again. Exit status 1: something failed, or nothing ran."})
final class CheckCommand implements Callable<Integer> {
    private static final int CASES = 200;

    @Spec
    private CommandSpec spec;

    @Mixin
    private DeviceOptions options;

    @Option(names = "--cases", paramLabel = "N",
            description = "How many random workloads: " + CASES + ", or none where there is a --workload.")
    private Integer cases;

    @Option(names = "--seed", paramLabel = "S", defaultValue = "0",
            description = "Decides the random workloads; default 0.")
    private long seed;

    @Option(names = "--workload", paramLabel = "LINE",
            description = "A workload, such as 'group_norm 2x6x5x7 groups=3 x=offset1e4 seed=1'; may be repeated.")
    private List<String> lines = List.of();

    @Option(names = "--json", paramLabel = "FILE", description = "Also writes the table and the failures as JSON.")
    private Path json;

    private int declined;

    private CheckCommand() {
    }

    @Override
    public Integer call() throws IOException {
        if (cases != null && cases < 0) {
            throw new ParameterException(spec.commandLine(), "expected --cases of 0 or more, got " + cases);
        }
        List<Workload> given = lines.stream().map(Workload::parse).toList();
        CheckReport report = new CheckReport();
        if (json != null) {
            Files.writeString(json, CheckJson.of(report)); // a file that cannot be written is found before the work
        }
        try (KernelSets sets = KernelSets.open(options)) {
            try {
                run(sets.all(), given, report);
            } finally {
                print(sets.all(), report);
            }
        }
        return report.passed() ? Main.DONE : Main.FAILED;
    }

    private void run(List<KernelSets.Opened> sets, List<Workload> given, CheckReport report) {
        try (ReferenceCheck check = new ReferenceCheck();
                BitwiseCheck bits = new BitwiseCheck()) {
            boolean bitwise = options.variant().equals(DeviceRequest.BITWISE);
            boolean denormals = sets.stream().allMatch(set -> check.keepsDenormals(set.device()));
            List<Workload> workloads = workloads(given, denormals);
            PrintWriter err = spec.commandLine().getErr();
            try (Progress progress = new Progress("check", (long) workloads.size() * sets.size(), err)) {
                for (Workload workload : workloads) {
                    for (KernelSets.Opened set : sets) {
                        if (options.variant().isEmpty() || check.accepts(workload, set.device())) {
                            List<Verdict> verdicts = new ArrayList<>(check.verdicts(workload, set.device()));
                            verdicts.addAll(bitwise ? bits.verdicts(workload, set.device()) : List.of());
                            report.add(workload, set.label(), verdicts);
                        } else {
                            declined++;
                        }
                        progress.step();
                    }
                }
            }
        }
    }

    private List<Workload> workloads(List<Workload> given, boolean denormals) {
        List<Workload> workloads = new ArrayList<>(given);
        RandomWorkloads random = new RandomWorkloads(seed, denormals);
        int count = cases != null ? cases : given.isEmpty() ? CASES : 0;
        for (int i = 0; i < count; i++) {
            workloads.add(random.next());
        }
        return workloads;
    }

    private void print(List<KernelSets.Opened> sets, CheckReport report) throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        out.println(sets.get(0).device().name());
        TextTable table = new TextTable("layer", "tensor", "kernels", ">cases", ">failed", ">worst error");
        for (CheckReport.Row row : report.rows()) {
            table.row(row.layer(), row.tensor(), row.kernels(), Integer.toString(row.cases()),
                    Integer.toString(row.failed()), String.format(Locale.ROOT, "%.1e", row.worstError()));
        }
        table.print(out);
        out.println(report.cases() + " cases run, " + report.failures().size() + " failed"
                + (declined == 0 ? "" : ", " + declined + " declined by the variant"));
        for (CheckReport.Failure failure : report.failures()) {
            out.println(again(sets, failure));
        }
        if (json != null) {
            Files.writeString(json, CheckJson.of(report));
        }
    }

    /** A command for a shell, and what it shows. */
    private static String again(List<KernelSets.Opened> sets, CheckReport.Failure failure) {
        String options = sets.stream().filter(set -> set.label().equals(failure.kernels()))
                .map(KernelSets.Opened::options).findFirst().orElse("");
        int others = failure.verdicts().size() - 1;
        return "clnorm check " + options + "--workload '" + failure.workload() + "'  # "
                + failure.first().toString().replaceAll("\\s*\\R\\s*", " ")
                + (others > 0 ? "; and " + others + " more" : "");
    }
}
