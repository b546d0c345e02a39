package org.clnorm.cli;

import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import org.clnorm.bench.SweepStep;

/** The verdict on sweeps, for people. */
final class SweepTable {
    private SweepTable() {
    }

    static void print(List<SweepStep> steps, PrintWriter out) {
        if (steps.isEmpty()) {
            return;
        }
        out.println();
        out.println(text("Time per byte of a length over that of the power of two next to it, in turns, the largest of "
                + "each series; above %.1f in both it is a cliff.", SweepStep.CLIFF));
        TextTable table = new TextTable("sweep", "series", "pass", ">length", ">beside", ">by median", ">by min", "");
        for (SweepStep step : SweepStep.worst(steps)) {
            table.row(step.point().sweep().label(), step.point().series(), step.row().pass(),
                    Long.toString(step.point().length()), Long.toString(step.neighbour().length()),
                    text("%.2f", step.medianRatio()), text("%.2f", step.minRatio()), step.cliff() ? "cliff" : "");
        }
        table.print(out);
    }

    private static String text(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
