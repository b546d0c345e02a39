package org.clnorm.cli;

import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import org.clnorm.bench.BenchRow;
import org.clnorm.bench.PeerSummary;
import org.clnorm.bench.PeerTimes;

/** What a comparison with other libraries gave, for people. */
final class PeerTable {
    private PeerTable() {
    }

    /** Prints nothing where there was no comparison. */
    static void print(List<BenchRow> rows, PrintWriter out) {
        for (PeerSummary summary : PeerSummary.of(rows)) {
            out.println();
            out.println("beside " + summary.peer() + ": " + version(rows, summary.peer())
                    + "; wall times in turns; ratio: theirs over ours, above 1 where CLNorm is faster");
            table(rows, summary.peer()).print(out);
            out.println(text("geometric mean of the ratios: forward %.2f, backward %.2f, all %.2f (of minima %.2f)",
                    summary.forward(), summary.backward(), summary.all(), summary.allByMinima()));
            out.println(text("slowest: %.2f, %s", summary.slowest(), summary.slowestRow()));
        }
    }

    private static String version(List<BenchRow> rows, String peer) {
        return rows.stream().flatMap(row -> row.peers().stream()).filter(times -> times.peer().equals(peer))
                .findFirst().map(PeerTimes::version).orElseThrow();
    }

    private static TextTable table(List<BenchRow> rows, String peer) {
        TextTable table = new TextTable("workload", "pass", ">our median us", ">our min us", ">median us", ">min us",
                ">ratio", ">of minima", ">our error", ">error", ">load");
        for (BenchRow row : rows) {
            row.peers().stream().filter(times -> times.peer().equals(peer)).forEach(times -> table.row(row.workload(),
                    row.pass(), BenchTable.time(times.ourMedianUs()), BenchTable.time(times.ourMinUs()),
                    BenchTable.time(times.medianUs()), BenchTable.time(times.minUs()),
                    text("%.2f", times.medianRatio()), text("%.2f", times.minRatio()), error(times.ourError()),
                    error(times.error()), load(times.load())));
        }
        return table;
    }

    private static String error(double error) {
        return Double.isNaN(error) ? "?" : text("%.1e", error);
    }

    private static String load(double load) {
        return Double.isNaN(load) ? "?" : text("%.0f%%", 100 * load);
    }

    private static String text(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
