package org.clnorm.example.train;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.clnorm.engine.opencl.OpenClDevice;
import org.clnorm.sync.Collective;
import picocli.CommandLine.Option;

/** What a rank does of the command: all of it where nobody else takes part. Only the first one tells about it. */
final class TrainRank {
    @Option(names = "--save", paramLabel = "FILE", description = "Saves the run, after each epoch, in the format of "
            + "safetensors. Of several ranks each saves: the first one FILE, rank 1 FILE with .rank1 before its "
            + "ending, and so on; all have the same in them.")
    private Path save;

    @Option(names = "--resume", paramLabel = "FILE", description = "Goes on where a saved run ended, with its "
            + "settings, on any number of ranks; --epochs says how far. A rank whose machine has no "
            + "FILE takes its own.")
    private Path resume;

    @Option(names = "--json", paramLabel = "FILE",
            description = "Writes steps to 95 %%, accuracy and the loss of each step.")
    private Path json;

    @Option(names = "--bucket", paramLabel = "KIB", defaultValue = "16", description = "Gradients begin to be summed "
            + "over ranks when so many KiB of them are there; default: ${DEFAULT-VALUE}.")
    private int bucket;

    Path save() {
        return save;
    }

    Path resume() {
        return resume;
    }

    Path json() {
        return json;
    }

    /** Trains, as one of ranks. */
    void run(Settings settings, Images learned, Images heldOut, Collective ranks, PrintWriter out, PrintWriter err)
            throws IOException {
        DataParallel parallel = new DataParallel(ranks, Math.multiplyExact(bucket, 1 << 10));
        int rank = ranks.rank();
        List<String> devices = List.of(settings.device().split(","));
        try (OpenClDevice opened = Training.open(devices.get(rank % devices.size()));
                Training training = new Training(opened, settings, learned, heldOut, parallel)) {
            if (resume != null) {
                Train.input(() -> {
                    training.resume(RankFile.toRead(resume, rank));
                    return training;
                });
                checkGoesOn(training);
            }
            training.checkAgreement();
            if (rank > 0) {
                training.run(watched -> save(watched, rank));
                return;
            }
            tell(training, opened, err);
            train(training, out, err);
        }
    }

    private void checkGoesOn(Training training) {
        if (training.steps() >= training.stepsOfAll()) {
            int done = training.steps() / training.stepsOfAnEpoch();
            throw new IllegalArgumentException("expected --epochs of more than the " + done + " that " + resume
                    + " has behind it, got " + training.settings().epochs());
        }
    }

    private static void tell(Training training, OpenClDevice opened, PrintWriter err) {
        Settings settings = training.settings();
        Collective ranks = training.ranks();
        String place = ranks.size() == 1 ? "" : ", rank 0 of " + ranks.size();
        err.printf(Locale.ROOT, "clnorm: %s, learning rate %s, on %s%s; %s%n", settings.norm().label(), settings.rate(),
                opened.name(), place, settings.gemm() == GemmKind.CLBLAST
                ? "CLBlast compiles its kernels in the first step, for about 10 s where they are not cached"
                : "matrices are multiplied by a plain kernel");
    }

    private void train(Training training, PrintWriter out, PrintWriter err) throws IOException {
        Settings settings = training.settings();
        Outcome outcome;
        long begun = System.nanoTime();
        try (TrainProgress progress = new TrainProgress(training, err)) {
            outcome = training.run(watched -> {
                progress.stepped(watched);
                save(watched, 0);
            });
        }
        if (training.ranks().size() > 1) {
            err.printf(Locale.ROOT, "clnorm: rank 0 waited for sums of gradients in %.1f %% of its time%n",
                    100e9 * training.waited() / (System.nanoTime() - begun));
        }
        if (json != null) {
            Files.writeString(json, outcome.toJson() + "\n");
        }
        out.printf(Locale.ROOT, "%s, learning rate %s: %s, accuracy %.2f %% after %d steps%n", settings.norm().label(),
                settings.rate(), outcome.stepsTo95() == null ? "95 % not reached"
                : "95 % after " + outcome.stepsTo95() + " steps", 100 * outcome.accuracy(), training.steps());
        out.flush();
    }

    private void save(Training training, int rank) {
        if (save != null && training.steps() % training.stepsOfAnEpoch() == 0) {
            training.save(RankFile.of(save, rank));
        }
    }
}
