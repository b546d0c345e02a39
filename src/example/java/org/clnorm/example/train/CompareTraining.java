package org.clnorm.example.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import org.clnorm.engine.opencl.OpenClDevice;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Trains the same network here and in PyTorch, and says how far the curves are apart. */
@Command(name = "compare-training", mixinStandardHelpOptions = true, description = {
    "Trains the example's network on an OpenCL device and in PyTorch, in float32 and in float64, from the same"
            + " weights on the same batches.",
    "A normalization holds if no loss of any seed is farther from PyTorch's float64 than three times the farthest"
            + " of PyTorch's float32. Exit status: 0 all hold; 1 one does not, or something failed; 2 bad usage."})
final class CompareTraining implements Callable<Integer> {
    @Option(names = "--norm", paramLabel = "NORM", description = "One of the five instead of all.")
    private String norm;

    @Option(names = "--lr", paramLabel = "RATE", defaultValue = "0.01",
            description = "Learning rate, ${DEFAULT-VALUE}.")
    private double rate;

    @Option(names = "--steps", paramLabel = "N", defaultValue = "100", description = "Steps, ${DEFAULT-VALUE}.")
    private int steps;

    @Option(names = "--batch", paramLabel = "N", defaultValue = "64", description = "Images a step, ${DEFAULT-VALUE}.")
    private int batch;

    @Option(names = "--seeds", paramLabel = "N", defaultValue = "3",
            description = "Trainings, with weights and images of their own, ${DEFAULT-VALUE}.")
    private int seeds;

    @Option(names = "--device", paramLabel = "SELECTOR", defaultValue = "opencl", description = "An OpenCL device.")
    private String device;

    @Option(names = "--gemm", paramLabel = "KIND", defaultValue = "auto", description = "auto, clblast or plain.")
    private String gemm;

    @Option(names = "--program", required = true, hidden = true)
    private Path program;

    @Option(names = "--python", required = true, hidden = true)
    private String python;

    private CompareTraining() {
    }

    /**
     * Compares.
     *
     * @param arguments the command line
     */
    public static void main(String[] arguments) {
        CommandLine command = new CommandLine(new CompareTraining());
        command.setExecutionExceptionHandler((failure, line, parsed) -> {
            line.getErr().println("compare-training: " + failure.getMessage());
            return failure instanceof IllegalArgumentException ? 2 : 1;
        });
        System.exit(command.execute(arguments));
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        List<Normalization> norms = norm == null ? Arrays.asList(Normalization.values())
                : List.of(Normalization.of(norm));
        if (seeds < 1) {
            throw new IllegalArgumentException("expected 1 seed or more, got " + seeds);
        }
        Path file = Files.createTempFile("compare-training", ".safetensors");
        boolean all = true;
        try {
            for (Normalization each : norms) {
                all &= holds(each, file);
            }
        } finally {
            Files.delete(file);
        }
        return all ? 0 : 1;
    }

    private boolean holds(Normalization each, Path file) throws IOException, InterruptedException {
        Agreement farthest = new Agreement(0, 0);
        for (int seed = 1; seed <= seeds; seed++) {
            Agreement agreement = compare(each, seed, file);
            System.out.printf("%-13s seed %d: %s%n", each.label(), seed, agreement);
            farthest = farthest.and(agreement);
        }
        System.out.printf("%-13s %s: %s%n", each.label(), farthest, farthest.holds() ? "holds" : "TOO FAR");
        return farthest.holds();
    }

    private Agreement compare(Normalization each, long seed, Path file) throws IOException, InterruptedException {
        Settings settings = Settings.STANDARD.withNorm(each).withRate(rate).withBatch(batch).withSeed(seed)
                .withDevice(device).withGemm(GemmKind.of(gemm)).withImages(steps * batch, batch);
        List<Double> losses = new ArrayList<>();
        Images learned = Training.images(settings, true);
        try (OpenClDevice opened = Training.open(device); Training training = new Training(opened, settings, learned,
                Training.images(settings, false))) {
            InitialState.save(training, learned, steps, file);
            while (training.steps() < steps) {
                training.step();
            }
            losses.addAll(training.outcome().loss());
        }
        PyTorchTraining theirs = PyTorchTraining.of(python, program, List.of(file)).get(0);
        return Agreement.of(losses, theirs.float32(), theirs.float64());
    }
}
