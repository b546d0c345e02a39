package org.clnorm.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.clnorm.bench.BenchRow;
import org.clnorm.bench.PeerTimes;
import org.clnorm.bench.SweepStep;

/** The tables of a page: every number that its charts show, to be read without them. */
final class PageTables {
    private static final List<String> OWN = List.of("median µs", "min µs", "wall µs", "GB/s", "copy");
    private static final List<String> PEER = List.of("ours µs", "theirs µs", "min µs", "× median", "× min",
            "our error", "error");

    private PageTables() {
    }

    static String rows(List<BenchRow> rows) {
        List<String> peers = rows.stream().flatMap(row -> row.peers().stream()).map(PeerTimes::peer).distinct()
                .toList();
        String body = rows.stream().map(row -> Html.row(row.workload(), cells(row, peers)))
                .collect(Collectors.joining());
        return Html.table("rows", head(peers), body);
    }

    private static String head(List<String> peers) {
        StringBuilder groups = new StringBuilder("<td colspan=\"2\"></td>" + group(OWN.size(), "CLNorm"));
        List<String> columns = new ArrayList<>(List.of("workload", "pass"));
        columns.addAll(OWN);
        for (String peer : peers) {
            groups.append(group(PEER.size(), peer + ", caller's clock"));
            columns.addAll(PEER);
        }
        groups.append("<td></td>");
        columns.add("variant");
        columns.add("why");
        String names = columns.stream().map(Html::column).collect(Collectors.joining());
        return (peers.isEmpty() ? "" : Html.element("tr", groups.toString()) + "\n") + Html.element("tr", names) + "\n";
    }

    private static String group(int columns, String name) {
        return "<th scope=\"colgroup\" colspan=\"" + columns + "\">" + Html.text(name) + "</th>";
    }

    private static Stream<String> cells(BenchRow row, List<String> peers) {
        Stream<String> own = Stream.of(row.pass(), time(row.medianUs()), time(row.minUs()), time(row.wallMedianUs()),
                ratio(row.gbPerS()), ratio(row.copyFraction()));
        Stream<String> others = peers.stream().flatMap(peer -> cells(row, peer));
        return Stream.concat(Stream.concat(own, others), Stream.of(row.variant(), row.reason()));
    }

    private static Stream<String> cells(BenchRow row, String peer) {
        return row.peers().stream().filter(times -> times.peer().equals(peer)).findFirst()
                .map(times -> Stream.of(time(times.ourMedianUs()), time(times.medianUs()), time(times.minUs()),
                        ratio(times.medianRatio()), ratio(times.minRatio()), error(times.ourError()),
                        error(times.error())))
                .orElseGet(() -> PEER.stream().map(column -> "–"));
    }

    static String steps(List<SweepStep> steps) {
        String head = Html.element("tr", Stream.of("sweep", "series", "pass", "length", "beside", "× median", "× min",
                "").map(Html::column).collect(Collectors.joining())) + "\n";
        return Html.table("steps", head, SweepStep.worst(steps).stream().map(PageTables::step)
                .collect(Collectors.joining()));
    }

    private static String step(SweepStep step) {
        return Html.row(step.point().sweep().label(), Stream.of(step.point().series(), step.row().pass(),
                Long.toString(step.point().length()), Long.toString(step.neighbour().length()),
                ratio(step.medianRatio()), ratio(step.minRatio()), step.cliff() ? "a cliff" : "none"));
    }

    private static String time(double microseconds) {
        return String.format(Locale.ROOT, microseconds < 100 ? "%.2f" : "%,.0f", microseconds);
    }

    private static String error(double error) {
        return Double.isNaN(error) ? "–" : String.format(Locale.ROOT, "%.1e", error);
    }

    private static String ratio(double ratio) {
        return String.format(Locale.ROOT, "%.2f", ratio);
    }
}
