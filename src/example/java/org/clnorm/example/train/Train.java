package org.clnorm.example.train;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.clnorm.state.CheckpointException;
import org.clnorm.sync.CollectiveException;
import org.clnorm.sync.LocalCollective;
import org.clnorm.sync.MpiCollective;
import org.clnorm.tensor.DeviceException;
import org.jocl.CLException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
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
            + "device or a rank failed, or a file could not be written, 2 bad usage or input.", "",
            "On two devices, or two machines with Open MPI:", "",
            "  scripts/clnorm train --ranks 2 --device opencl:0:0,opencl:0:1",
            "  mpirun -np 2 scripts/clnorm train --sync", "",
            "The number of ranks does not change the result beyond rounding. A rank that dies, fails or hangs ends the "
            + "others after --deadline at the latest; what was saved before stays whole."})
public final class Train implements Callable<Integer> {
    private static final int FAILED = 1;
    private static final int USAGE = 2;
    private static final double MILLIS = 1000;

    @Spec
    private CommandSpec spec;

    @Option(names = "--norm", paramLabel = "NORM",
            description = "batch_norm (default), layer_norm, instance_norm, group_norm or none.")
    private String norm;

    @Option(names = "--lr", paramLabel = "RATE", description = "The learning rate; default: 0.01.")
    private Double rate;

    @Option(names = "--epochs", paramLabel = "N", description = "How often each image is seen; default: 2.")
    private Integer epochs;

    @Option(names = "--batch", paramLabel = "N",
            description = "The images of a step, of all ranks together; default: 64.")
    private Integer batch;

    @Option(names = "--seed", paramLabel = "N",
            description = "Decides weights, drawn digits and the order of batches; default: 1.")
    private Long seed;

    @Option(names = "--device", paramLabel = "SEL", description = "opencl: the best OpenCL device (default); "
            + "opencl:P:D: platform and device by index; opencl:TEXT: part of a name. "
            + "Several with commas between go to the ranks in turn.")
    private String device;

    @Option(names = "--gemm", paramLabel = "GEMM", description = "What multiplies matrices: clblast, or a plain kernel "
            + "of this example's; default: clblast where it has a native library.")
    private String gemm;

    @Option(names = "--quick", description = "A short run, to see that everything works: fewer images, one epoch.")
    private boolean quick;

    @Option(names = "--data", paramLabel = "FOLDER",
            description = "MNIST's IDX files, as they are or as .gz, instead of drawn digits.")
    private Path data;

    @Option(names = "--sync", description = "Trains with all processes of mpirun, each of which takes its part of "
            + "every batch; batch normalization has the statistics of the whole batch.")
    private boolean sync;

    @Option(names = "--ranks", paramLabel = "N", description = "The same with N threads of this process, without "
            + "mpirun: one for each of --device SEL,SEL.")
    private Integer threads;

    @Option(names = "--deadline", paramLabel = "SECONDS", defaultValue = "8", description = "How long ranks wait for "
            + "one that is missing; default: ${DEFAULT-VALUE}.")
    private double deadline;

    @Mixin
    private TrainRank rank;

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
        Exception cause = cause(failure);
        return cause instanceof IllegalArgumentException || cause instanceof ParameterException ? USAGE : FAILED;
    }

    /** One line, unless somebody asks for more; of several ranks it says which. */
    private static int report(PrintWriter err, Exception failure, int status) {
        Launch launch = Launch.of(System.getenv());
        String rank = failure instanceof RankException of ? "rank " + of.rank() + ": "
                : launch.size() > 1 ? "rank " + launch.rank() + ": " : "";
        String hint = failure instanceof ParameterException ? " (see scripts/clnorm train --help)" : "";
        err.println("clnorm: " + rank + text(cause(failure)) + hint);
        if (System.getenv("CLNORM_DEBUG") != null) {
            failure.printStackTrace(err);
        }
        return status;
    }

    private static Exception cause(Exception failure) {
        return failure instanceof RankException of ? of.cause() : failure;
    }

    /** What happened, in one line. */
    private static String text(Throwable failure) {
        boolean known = failure instanceof Exception of && status(of) == USAGE || failure instanceof DeviceException
                || failure instanceof CLException || failure instanceof CheckpointException
                || failure instanceof IOException || failure instanceof CollectiveException;
        return (known ? "" : "an error of the program itself, " + failure.getClass().getSimpleName() + ": ")
                + RankException.reason(failure);
    }

    @Override
    public Integer call() throws Exception {
        Launch launch = Launch.of(System.getenv());
        if (launch.size() > 1 && !sync) {
            throw usage("expected --sync in a run of " + launch.size() + " processes: without it each of them would "
                    + "train a network of its own");
        }
        if (threads != null && (launch.size() > 1 || threads < 1)) {
            throw usage("expected --ranks of 1 or more, without mpirun, got " + threads + " in one of "
                    + launch.size() + " processes");
        }
        if (rank.resume() != null && quick) {
            throw usage("expected --quick or --resume, got both: a run goes on as it began");
        }
        checkFolder("--save", rank.save());
        checkFolder("--json", rank.json());
        Checkpoint before = rank.resume() == null ? null
                : input(() -> Checkpoint.load(RankFile.toRead(rank.resume(), launch.rank())));
        Settings settings = settings(before == null ? quick ? Settings.QUICK : Settings.STANDARD
                : input(before::settings));
        Images learned = input(() -> Training.images(settings, true));
        Images heldOut = input(() -> Training.images(settings, false));
        PrintWriter out = spec.commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        LocalRanks.Body body = ranks -> rank.run(settings, learned, heldOut, ranks, out, err);
        if (threads != null) {
            LocalRanks.run(threads, deadline(), body);
        } else if (sync) {
            overProcesses(launch, body);
        } else {
            body.run(LocalCollective.of(1).get(0));
        }
        return 0;
    }

    private Duration deadline() {
        return Duration.ofMillis(Math.round(deadline * MILLIS));
    }

    private void overProcesses(Launch launch, LocalRanks.Body body) throws Exception {
        try (MpiCollective world = world()) {
            if (world.size() != launch.size()) {
                throw usage("expected " + launch.size() + " processes of Open MPI's mpirun, got another mpirun's");
            }
            try {
                body.run(world);
            } catch (Exception | Error failed) {
                if (world.size() > 1) {
                    // ends this process too, after a line that names the rank
                    world.abort(text(failed));
                }
                throw failed;
            }
        }
    }

    private MpiCollective world() {
        try {
            return MpiCollective.world(deadline());
        } catch (IllegalStateException missing) {
            throw new IllegalArgumentException(missing.getMessage(), missing);
        }
    }

    /** Reads a file or folder that the user names: what is wrong with it is bad input. */
    static <T> T input(Callable<T> read) {
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

    private ParameterException usage(String message) {
        return new ParameterException(spec.commandLine(), message);
    }
}
