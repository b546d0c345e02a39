package org.clnorm.example.train;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Tells standard error how far a run is: a bar at a terminal, now and then a line in a log. */
final class TrainProgress implements AutoCloseable {
    private static final int TERMINAL_MILLIS = 200;
    private static final int LOG_MILLIS = 5_000;
    private static final int LOG_COLUMNS = 120;
    private static final double NANOS = 1e9;

    private final ProgressBar bar;
    private volatile String logged = "";
    private int told;
    private long since;

    TrainProgress(Training training, PrintWriter err) {
        boolean terminal = System.console() != null && !"dumb".equals(System.getenv().getOrDefault("TERM", "dumb"));
        bar = new ProgressBarBuilder().setTaskName("train").setInitialMax(training.stepsOfAll())
                .startsFrom(training.steps(), Duration.ZERO).setStyle(ProgressBarStyle.ASCII)
                .setUpdateIntervalMillis(terminal ? TERMINAL_MILLIS : LOG_MILLIS)
                .setConsumer(terminal ? new ConsoleProgressBarConsumer(System.err)
                        : new DelegatingProgressBarConsumer(line -> log(line.strip(), err), LOG_COLUMNS)).build();
        bar.setExtraMessage(training.settings().gemm() == GemmKind.CLBLAST ? " compiling CLBlast's kernels" : "");
        told = training.steps();
        since = System.nanoTime();
    }

    private void log(String line, PrintWriter err) {
        if (!line.equals(logged)) {
            err.println(line);
            logged = line;
        }
    }

    /** A step was enqueued; where the accuracy was measured, the run has waited for it and more can be told. */
    void stepped(Training training) {
        bar.stepTo(training.steps());
        Outcome.Measured measured = training.measured();
        if (measured != null && measured.step() == training.steps()) {
            List<Double> recent = training.outcome().loss().subList(told, training.steps());
            double loss = recent.stream().mapToDouble(value -> value).average().orElse(Double.NaN);
            double seconds = (System.nanoTime() - since) / NANOS;
            bar.setExtraMessage(String.format(Locale.ROOT, " loss %.4f, accuracy %.1f %%, %.0f images/s", loss,
                    100 * measured.accuracy(), recent.size() * training.settings().batch() / seconds));
            told = training.steps();
            since = System.nanoTime();
        }
    }

    @Override
    public void close() {
        bar.close();
    }
}
