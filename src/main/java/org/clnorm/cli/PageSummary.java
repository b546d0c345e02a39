package org.clnorm.cli;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.clnorm.bench.BenchRow;
import org.clnorm.bench.PeerSummary;
import org.clnorm.bench.SweepStep;

/** The figures at the head of a page: what a reader looks for first. */
final class PageSummary {
    private final StringBuilder tiles = new StringBuilder();

    private PageSummary() {
    }

    /**
     * The figures.
     *
     * @param rows  the workloads that were asked for by name; where there are none, those of sweeps
     * @param steps the steps of sweeps
     */
    static String of(List<BenchRow> rows, List<SweepStep> steps) {
        PageSummary summary = new PageSummary();
        for (String pass : List.of("forward", "backward")) {
            summary.copyFraction(pass, rows.stream().filter(row -> row.pass().equals(pass)).toList());
        }
        PeerSummary.of(rows).forEach(summary::peer);
        SweepStep.worst(steps).stream().max(Comparator.comparingDouble(SweepStep::ratio))
                .ifPresent(summary::step);
        return summary.tiles.toString();
    }

    private void copyFraction(String pass, List<BenchRow> rows) {
        rows.stream().mapToDouble(row -> Math.log(row.copyFraction())).average().ifPresent(mean -> tile(
                text("%.2f", Math.exp(mean)), "of a copy's speed, " + pass, text("geometric mean of %d; the least %.2f",
                        rows.size(), rows.stream().mapToDouble(BenchRow::copyFraction).min().orElseThrow())));
    }

    private void peer(PeerSummary peer) {
        tile(text("%.2f×", peer.all()), "as fast as " + peer.peer(), text(
                "geometric mean of medians, by minima %.2f; the least %.2f, %s", peer.allByMinima(), peer.slowest(),
                peer.slowestRow()));
    }

    private void step(SweepStep worst) {
        tile(text("%.2f", worst.ratio()), "worst step beside a power of two", text(
                "%s, %s, %s: %d beside %d; goal at most %.1f", worst.point().sweep().label(), worst.point().series(),
                worst.row().pass(), worst.point().length(), worst.neighbour().length(), SweepStep.CLIFF));
    }

    private void tile(String figure, String what, String note) {
        tiles.append(Html.element("div", "tile", Html.element("strong", Html.text(figure))
                + Html.element("span", Html.text(what)) + Html.element("small", Html.text(note)))).append('\n');
    }

    private static String text(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
