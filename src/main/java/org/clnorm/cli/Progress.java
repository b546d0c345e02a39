package org.clnorm.cli;

import java.io.PrintWriter;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarConsumer;
import me.tongfei.progressbar.ProgressBarStyle;

/** Tells standard error how far a command is: a bar at a terminal, now and then a line in a log. */
final class Progress implements AutoCloseable {
    private static final int TERMINAL_MILLIS = 200;
    private static final int LOG_MILLIS = 15_000;
    private static final int LOG_COLUMNS = 110;

    private final ProgressBar bar;
    private volatile String logged = "";

    /** Counts up to {@code steps}. */
    Progress(String task, long steps, PrintWriter err) {
        boolean terminal = terminal();
        ProgressBarConsumer consumer = terminal ? new ConsoleProgressBarConsumer(System.err)
                : new DelegatingProgressBarConsumer(line -> log(line.strip(), err), LOG_COLUMNS);
        bar = new ProgressBarBuilder().setTaskName(task).setInitialMax(steps).setStyle(ProgressBarStyle.ASCII)
                .setConsumer(consumer).setUpdateIntervalMillis(terminal ? TERMINAL_MILLIS : LOG_MILLIS).build();
    }

    private void log(String line, PrintWriter err) {
        if (!line.equals(logged)) {
            err.println(line);
            logged = line;
        }
    }

    private static boolean terminal() {
        String term = System.getenv("TERM");
        return System.console() != null && term != null && !term.equals("dumb");
    }

    /** Says what is being done. */
    void note(String text) {
        bar.setExtraMessage(" " + text);
    }

    /** One step is done. */
    void step() {
        bar.step();
    }

    @Override
    public void close() {
        bar.setExtraMessage("");
        bar.close();
    }
}
