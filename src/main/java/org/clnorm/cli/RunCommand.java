package org.clnorm.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.clnorm.conformance.Case;
import org.clnorm.conformance.CaseRunner;
import org.clnorm.state.CheckpointException;
import org.clnorm.tensor.Device;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Runs cases. */
@Command(name = "run", description = "Runs a case or a folder of cases (norm-case-v1) and writes what comes out.",
        mixinStandardHelpOptions = true, versionProvider = Version.class, footer = {"",
            "A result is a safetensors file of the case's name with, for each step k, k.y, k.sum, k.dx, k.dresidual,",
            "k.dweight, k.dbias, k.running_mean, k.running_var and k.num_batches_tracked, those that apply. A case",
            "that cannot be run is reported, and the others still run. Exit status 1: a case failed, or nothing ran."})
final class RunCommand implements Callable<Integer> {
    private static final String SUFFIX = ".safetensors";

    @Spec
    private CommandSpec spec;

    @Mixin
    private DeviceOptions options;

    @Parameters(paramLabel = "CASE|DIR", description = "A case, or a folder whose *" + SUFFIX + " files are cases.")
    private Path input;

    @Option(names = "--out", paramLabel = "FILE|DIR", required = true,
            description = "Where the result goes; for a folder of cases a folder, made if it is not there.")
    private Path output;

    private int done;
    private int failed;

    private RunCommand() {
    }

    @Override
    public Integer call() throws IOException {
        if (!Files.exists(input)) {
            throw usage("expected a case or a folder of cases, got " + input + ", which does not exist");
        }
        List<Path> cases = Files.isDirectory(input) ? cases(input) : List.of(input);
        prepareOutput();
        try (Device device = options.open()) {
            PrintWriter err = spec.commandLine().getErr();
            try (Progress progress = new Progress("run", cases.size(), err)) {
                for (Path file : cases) {
                    run(file, device, err);
                    progress.step();
                }
            }
            err.println("clnorm: " + done + " of " + cases.size() + " cases run on " + device.name() + ", " + failed
                    + " failed; results in " + output);
        }
        return failed > 0 || done == 0 ? Main.FAILED : Main.DONE;
    }

    private static List<Path> cases(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(SUFFIX) && !Files.isDirectory(file)).sorted().toList();
        }
    }

    private void prepareOutput() throws IOException {
        if (Files.exists(output) && Files.isSameFile(input, output)) {
            throw usage("expected --out other than the cases themselves, got " + output);
        }
        if (Files.isDirectory(input)) {
            if (Files.exists(output) && !Files.isDirectory(output)) {
                throw usage("expected a folder for the results of a folder, got the file " + output);
            }
            Files.createDirectories(output);
        } else if (!Files.isDirectory(output) && output.toAbsolutePath().getParent() != null) {
            Files.createDirectories(output.toAbsolutePath().getParent());
        }
    }

    private void run(Path file, Device device, PrintWriter err) {
        try {
            Case what = Case.load(file);
            Path target = Files.isDirectory(output) ? output.resolve(file.getFileName()) : output;
            if (Files.exists(target) && Files.isSameFile(file, target)) {
                throw new CheckpointException(file.toString(), "its result would be written over it");
            }
            CaseRunner.run(what, device).putMetadata("case", what.name()).putMetadata("device", device.name())
                    .save(target);
            done++;
        } catch (CheckpointException broken) {
            failed++;
            err.println("clnorm: " + line(broken));
        } catch (IOException | RuntimeException refused) {
            failed++;
            err.println("clnorm: " + file + ": " + line(refused));
        }
    }

    private static String line(Exception failure) {
        return String.valueOf(failure.getMessage()).strip().replaceAll("\\s*\\R.*", "");
    }

    private ParameterException usage(String message) {
        return new ParameterException(spec.commandLine(), message);
    }
}
