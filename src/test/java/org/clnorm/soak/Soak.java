package org.clnorm.soak;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.function.ToDoubleFunction;
import java.util.function.UnaryOperator;
import org.clnorm.conformance.Trainee;
import org.clnorm.engine.opencl.Site;
import org.clnorm.state.StateDict;
import org.clnorm.tensor.Device;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code scripts/soak}: mixed work with failures in it, for as long as one likes. */
@Command(name = "scripts/soak", mixinStandardHelpOptions = true, description = {
    "Random layers, shapes, types and settings in every way that a layer offers, on devices of many kinds, by several",
    "threads, with OpenCL calls made to fail; layers that are trained beside a mirror in double. Every result is",
    "checked; memory and speed are written to soak.csv and soak.svg."},
        footer = {"", "Exit status 1: something was wrong. Each failure is a line that runs it again, alone."})
public final class Soak implements Callable<Integer> {
    /** Before, caches fill and compilers run: a trend would be theirs. */
    private static final double LEAST_SECONDS = 600;
    /** What a trend of the heap may come to in half a run: less than one tensor of a large case. */
    private static final double HEAP_BOUND = 2 * Sample.MIB;
    /** Of the process, whose allocator and drivers keep what they have had: five in a hundred. */
    private static final double RESIDENT_BOUND = 0.05;

    @Spec
    private CommandSpec spec;

    @Option(names = "--minutes", paramLabel = "M", defaultValue = "1", description = "How long; default 1.")
    private double minutes;

    @Option(names = "--seed", paramLabel = "S", description = "Decides what is done; default: another one each time.")
    private Long seed;

    @Option(names = "--threads", paramLabel = "T", defaultValue = "4", description = "Default 4.")
    private int threads;

    @Option(names = "--workloads", paramLabel = "N", defaultValue = "60", description = {
        "How many layers and shapes are drawn, and taken again and again with new values: so much has to be compiled",
        "until memory may be expected to hold still; default 60."})
    private int workloads;

    @Option(names = "--device", paramLabel = "SEL", defaultValue = "opencl",
            description = "An OpenCL device: opencl:P:D or opencl:TEXT; default: the best.")
    private String device;

    @Option(names = "--kernels", paramLabel = "SETS", split = ",", defaultValue = "cpu,gpu,plain",
            description = "Some of cpu, gpu and plain, joined by commas; default: all.")
    private List<String> kernels;

    @Option(names = "--out", paramLabel = "FOLDER", defaultValue = "target/soak",
            description = "Where soak.csv and soak.svg go; default target/soak.")
    private Path out;

    @Option(names = "--again", paramLabel = "JOB",
            description = "Runs what a line of a failure names, and nothing else.")
    private String again;

    private final UnaryOperator<StateDict> tamper;

    /** With a change to results before they are judged. */
    Soak(UnaryOperator<StateDict> tamper) {
        this.tamper = tamper;
    }

    /** Runs and ends the process. */
    public static void main(String... args) {
        System.exit(new CommandLine(new Soak(results -> results)).execute(args));
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        Files.createDirectories(out);
        return again == null ? soak() : again();
    }

    private int soak() throws IOException, InterruptedException {
        long chosen = seed == null ? System.currentTimeMillis() % 1_000_000 : seed;
        Run run = new Run(device, kernels, threads, workloads, chosen, out, tamper);
        double seconds = 60 * minutes;
        try (run) {
            run.run(seconds, Math.max(0.5, Math.min(5, seconds / 100)), () -> write(run, title(run, chosen)));
        }
        checkTrends(run);
        String title = title(run, chosen);
        PrintWriter text = spec.commandLine().getOut();
        run.tally().failures().forEach(text::println);
        text.println(summary(run, title));
        text.flush();
        return run.tally().failures().isEmpty() ? 0 : 1;
    }

    /** After every sample, for whoever looks before the end. */
    private void write(Run run, String title) {
        try {
            Files.writeString(out.resolve("soak.csv"), Sample.csv(run.samples()));
            Files.writeString(out.resolve("soak.svg"), Chart.of(title, run.samples()));
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private static void checkTrends(Run run) {
        List<Sample> samples = run.samples();
        if (samples.isEmpty() || samples.get(samples.size() - 1).seconds() < LEAST_SECONDS) {
            return;
        }
        double resident = samples.get(samples.size() / 2).resident();
        check(run, "the Java heap", Sample::heap, HEAP_BOUND);
        check(run, "the process in memory", Sample::resident, RESIDENT_BOUND * resident);
    }

    private static void check(Run run, String what, ToDoubleFunction<Sample> value, double bound) {
        double growth = Trend.growth(run.samples(), value);
        if (growth > bound) {
            run.tally().failed(new Failure("", String.format(Locale.ROOT,
                    "expected %s to grow by at most %.1f MiB in the second half, got %.1f", what, bound / Sample.MIB,
                    growth / Sample.MIB)));
        }
    }

    private String title(Run run, long chosen) {
        List<Sample> samples = run.samples();
        double seconds = samples.isEmpty() ? 0 : samples.get(samples.size() - 1).seconds();
        return String.format(Locale.ROOT, "soak of %.1f minutes, %d threads, kernels %s, seed %d", seconds / 60,
                threads, String.join(", ", kernels), chosen);
    }

    private static String summary(Run run, String title) {
        Tally tally = run.tally();
        return String.format(Locale.ROOT, "%s: %d cases, %d passes, %d steps of layers beside their mirrors; %d calls"
                + " made to fail, %d of them made good by the library itself, %d devices lost to them of %d opened;"
                + " growth in the second half: heap %.2f MiB, process %.1f MiB; %d failures", title, tally.cases.sum(),
                tally.passes.sum(), tally.steps.sum(), tally.faults.sum(), tally.survived.sum(), tally.lost.sum(),
                tally.opened.sum(), Trend.growth(run.samples(), Sample::heap) / Sample.MIB,
                Trend.growth(run.samples(), Sample::resident) / Sample.MIB, tally.failures().size());
    }

    /** {@code case KIND DRAWN SEED} or {@code layer KIND DRAWN SEED STEPS}. */
    private int again() {
        List<String> words = new ArrayList<>(List.of(again.strip().split("\\s+")));
        if (words.size() < 4 || !List.of("case", "layer").contains(words.get(0))) {
            throw new CommandLine.ParameterException(spec.commandLine(),
                    "expected --again 'case KIND DRAWN SEED' or 'layer KIND DRAWN SEED STEPS', got '" + again + "'");
        }
        long drawn = Long.parseLong(words.get(2));
        long own = Long.parseLong(words.get(3));
        try (Site site = new Site(device, words.get(1)); Device cpu = Device.cpu()) {
            Place place = new Place(cpu, Run.slack(site.device()), out.resolve("state.safetensors"), new Tally(),
                    tamper);
            if (words.get(0).equals("case")) {
                place.runCase(site, drawn, own);
            } else {
                try (Trainee trainee = place.trainee(site, drawn, own)) {
                    place.train(trainee, Integer.parseInt(words.get(4)));
                }
            }
            spec.commandLine().getOut().println(again + ": as it should be");
            return 0;
        } catch (Attempts.Lost lost) {
            spec.commandLine().getOut().println(again + ": the device failed, as it should");
            return 0;
        } catch (RuntimeException failed) {
            spec.commandLine().getOut().println(new Failure(again, failed.toString()));
            return 1;
        }
    }
}
