package org.clnorm.example.train;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.clnorm.engine.opencl.OpenClDevice;
import org.clnorm.state.CheckpointException;
import org.clnorm.tensor.DeviceException;
import org.jocl.CLException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command {@code scripts/clnorm train}. */
@Command(name = "clnorm train", sortOptions = false, description = {
    "Trains a small convolutional network to tell digits, on an OpenCL device.", "",
    "conv3x3(1->16) norm relu pool2, conv3x3(16->32) norm relu pool2, linear -> 10; softmax cross-entropy; SGD with "
        + "momentum 0.9. The digits are drawn at run time, or MNIST's.", ""},
        footer = {"", "The same seed gives the same losses, bit for bit, on the same device. Exit status: 0 done, 1 a "
            + "device failed or a file could not be written, 2 bad usage or input."})
public final class Train implements Callable<Integer> {
    private static final int FAILED = 1;
    private static final int USAGE = 2;

    @Spec
    private CommandSpec spec;

    @Option(names = "--norm", paramLabel = "NORM",
            description = "batch_norm (default), layer_norm, instance_norm, group_norm or none.")
    private String norm;

    @Option(names = "--lr", paramLabel = "RATE", description = "The learning rate; default: 0.01.")
    private Double rate;

    @Option(names = "--epochs", paramLabel = "N", description = "How often each image is seen; default: 2.")
    private Integer epochs;

    @Option(names = "--batch", paramLabel = "N", description = "The images of a step; default: 64.")
    private Integer batch;

    @Option(names = "--seed", paramLabel = "N",
            description = "Decides weights, drawn digits and the order of batches; default: 1.")
    private Long seed;

    @Option(names = "--device", paramLabel = "SEL", description = "opencl: the best OpenCL device (default); "
            + "opencl:P:D: platform and device by index; opencl:TEXT: part of a name.")
    private String device;

    @Option(names = "--gemm", paramLabel = "GEMM", description = "What multiplies matrices: clblast, or a plain kernel "
            + "of this example's; default: clblast where it has a native library.")
    private String gemm;

    @Option(names = "--save", paramLabel = "FILE",
            description = "Saves the run, after each epoch, in the format of safetensors.")
    private Path save;

    @Option(names = "--resume", paramLabel = "FILE",
            description = "Goes on where a saved run ended, with its settings; --epochs says how far.")
    private Path resume;

    @Option(names = "--quick", description = "A short run, to see that everything works: fewer images, one epoch.")
    private boolean quick;

    @Option(names = "--json", paramLabel = "FILE",
            description = "Writes steps to 95 %%, accuracy and the loss of each step.")
    private Path json;

    @Option(names = "--data", paramLabel = "FOLDER",
            description = "MNIST's IDX files, as they are or as .gz, instead of drawn digits.")
    private Path data;

    @Option(names = {"-h", "--help"}, usageHelp = true, description = "Shows this text.")
    private boolean help;

    private Train() {
    }

    /**
     * Runs the command and ends the process with its exit status.
     *
     * @param args the command line
     */
    public static void main(String... args) {
        System.exit(run(new PrintWriter(System.out), new PrintWriter(System.err, true), args));
    }

    /** Runs the command; gives its exit status. */
    static int run(PrintWriter out, PrintWriter err, String... args) {
        return new CommandLine(new Train()).setOut(out).setErr(err).setExpandAtFiles(false)
                .setParameterExceptionHandler((failure, given) -> report(err, failure, USAGE))
                .setExecutionExceptionHandler((failure, line, parsed) -> report(err, failure, status(failure)))
                .execute(args);
    }

    private static int status(Exception failure) {
        return failure instanceof IllegalArgumentException || failure instanceof ParameterException ? USAGE : FAILED;
    }

    /** One line, unless somebody asks for more. */
    private static int report(PrintWriter err, Exception failure, int status) {
        boolean known = status == USAGE || failure instanceof DeviceException || failure instanceof CLException
                || failure instanceof CheckpointException || failure instanceof IOException;
        String message = String.valueOf(failure.getMessage()).strip();
        String hint = failure instanceof ParameterException ? " (see scripts/clnorm train --help)" : "";
        err.println("clnorm: " + (known ? "" : "an error of the program itself, " + failure.getClass().getSimpleName()
                + ": ") + message.replaceAll("\\s*\\R(?s:.*)", "") + hint);
        if (System.getenv("CLNORM_DEBUG") != null) {
            failure.printStackTrace(err);
        }
        return status;
    }

    @Override
    public Integer call() throws IOException {
        if (resume != null && quick) {
            throw usage("expected --quick or --resume, got both: a run goes on as it began");
        }
        checkFolder("--save", save);
        checkFolder("--json", json);
        Checkpoint before = resume == null ? null : input(() -> Checkpoint.load(resume));
        Settings settings = settings(before == null ? quick ? Settings.QUICK : Settings.STANDARD
                : input(before::settings));
        Images learned = input(() -> Training.images(settings, true));
        Images heldOut = input(() -> Training.images(settings, false));
        try (OpenClDevice opened = Training.open(settings.device());
                Training training = new Training(opened, settings, learned, heldOut)) {
            if (before != null) {
                input(() -> {
                    training.resume(before);
                    return training;
                });
                checkGoesOn(training);
            }
            train(training, opened);
        }
        return 0;
    }

    /** Reads a file or folder that the user names: what is wrong with it is bad input. */
    private static <T> T input(Callable<T> read) {
        try {
            return read.call();
        } catch (CheckpointException | IOException failed) {
            throw new IllegalArgumentException(failed.getMessage(), failed);
        } catch (RuntimeException failed) {
            throw failed;
        } catch (Exception failed) {
            throw new IllegalStateException(failed);
        }
    }

    private void checkFolder(String option, Path file) {
        if (file != null && (file.toAbsolutePath().getParent() == null || Files.isDirectory(file)
                || !Files.isDirectory(file.toAbsolutePath().getParent()))) {
            throw usage("expected a file in a folder that is there after " + option + ", got " + file);
        }
    }

    private Settings settings(Settings settings) {
        Settings told = norm == null ? settings : settings.withNorm(Normalization.of(norm));
        told = rate == null ? told : told.withRate(rate);
        told = epochs == null ? told : told.withEpochs(epochs);
        told = batch == null ? told : told.withBatch(batch);
        told = seed == null ? told : told.withSeed(seed);
        told = device == null ? told : told.withDevice(device);
        told = gemm == null ? told : told.withGemm(GemmKind.of(gemm));
        return told.withData(data);
    }

    private void checkGoesOn(Training training) {
        if (training.steps() >= training.stepsOfAll()) {
            int done = training.steps() / training.stepsOfAnEpoch();
            throw usage("expected --epochs of more than the " + done + " that " + resume + " has behind it, got "
                    + training.settings().epochs());
        }
    }

    private void train(Training training, OpenClDevice opened) throws IOException {
        PrintWriter err = spec.commandLine().getErr();
        Settings settings = training.settings();
        err.printf(Locale.ROOT, "clnorm: %s, learning rate %s, on %s; %s%n", settings.norm().label(), settings.rate(),
                opened.name(), settings.gemm() == GemmKind.CLBLAST
                ? "CLBlast compiles its kernels in the first step, for about 10 s where they are not cached"
                : "matrices are multiplied by a plain kernel");
        Outcome outcome;
        try (TrainProgress progress = new TrainProgress(training, err)) {
            outcome = training.run(watched -> {
                progress.stepped(watched);
                if (save != null && watched.steps() % watched.stepsOfAnEpoch() == 0) {
                    watched.save(save);
                }
            });
        }
        if (json != null) {
            Files.writeString(json, outcome.toJson() + "\n");
        }
        PrintWriter out = spec.commandLine().getOut();
        out.printf(Locale.ROOT, "%s, learning rate %s: %s, accuracy %.2f %% after %d steps%n", settings.norm().label(),
                settings.rate(), outcome.stepsTo95() == null ? "95 % not reached"
                : "95 % after " + outcome.stepsTo95() + " steps", 100 * outcome.accuracy(), training.steps());
        out.flush();
    }

    private ParameterException usage(String message) {
        return new ParameterException(spec.commandLine(), message);
    }
}
