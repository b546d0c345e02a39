package org.clnorm.scale;

import java.util.List;
import java.util.Locale;
import java.util.TreeSet;

/** What was measured and what follows, in Markdown. */
final class ScaleTables {
    private static final int[] RANKS = {8, 16, 32, 64, 128, 256, 512, 1024};
    private static final int[] IMAGES = {32, 64, 128, 256};
    private static final List<String> CALLS = List.of(Row.BLOCKING, Row.LOOKING, Row.GATHER, Row.REDUCE,
            "gloo all_gather", "gloo all_gather float32", "gloo all_reduce", "gloo all_reduce float32");

    private final List<Row> rows;
    private final List<Link> links;
    private final StringBuilder text = new StringBuilder();

    private ScaleTables(List<Row> rows) {
        this.rows = rows;
        links = Link.of(rows);
    }

    static String of(List<Row> rows) {
        ScaleTables tables = new ScaleTables(rows);
        tables.calls();
        tables.buckets();
        tables.host();
        tables.models();
        tables.shares();
        tables.limits();
        return tables.text.toString();
    }

    private void line(String format, Object... values) {
        text.append(String.format(Locale.ROOT, format, values)).append('\n');
    }

    private static String cell(Row row) {
        return String.format(Locale.ROOT, "%s (%s, %s)", digits(row.medianUs()), digits(row.minUs()),
                digits(row.p90Us()));
    }

    private static String digits(double micros) {
        return String.format(Locale.ROOT, micros < 10 ? "%.1f" : "%,.0f", micros);
    }

    private void calls() {
        line("Microseconds: median (minimum, 90th percentile). * = more ranks than processors%n");
        List<String> there = CALLS.stream().filter(what -> rows.stream().anyMatch(row -> row.what().equals(what)))
                .toList();
        line("| link | ranks | C | %s |", String.join(" | ", there));
        line("|---|--:|--:|%s", "--:|".repeat(there.size()));
        rows.stream().filter(row -> there.contains(row.what())).map(row -> List.of(row.link(), row.ranks(),
                row.what().endsWith("float32") ? 2 * row.channels() : row.channels(), row.oversubscribed())).distinct()
                .forEach(key -> {
                    StringBuilder cells = new StringBuilder();
                    for (String what : there) {
                        cells.append(' ').append(rows.stream().filter(row -> row.what().equals(what)
                                && row.link().equals(key.get(0)) && row.ranks() == (int) key.get(1)
                                && (what.endsWith("float32") ? 2 : 1) * row.channels() == (long) key.get(2))
                                .findFirst().map(ScaleTables::cell).orElse("")).append(" |");
                    }
                    line("| %s | %s%s | %,d |%s", key.get(0), key.get(1), (boolean) key.get(3) ? "*" : "", key.get(2),
                            cells);
                });
    }

    private void buckets() {
        line("%n| link | ranks | bucket | beginAllReduce and await |%n|---|--:|--:|--:|");
        rows.stream().filter(row -> row.what().equals(Row.BUCKET)).forEach(row -> line("| %s | %d%s | %,d KiB | %s |",
                row.link(), row.ranks(), row.oversubscribed() ? "*" : "", row.bytes() / 1024, cell(row)));
    }

    private void host() {
        line("%n| ranks | C | Chan's formula | ns for a channel of a rank |%n|--:|--:|--:|--:|");
        rows.stream().filter(row -> row.what().equals(Row.MERGE)).forEach(row -> line("| %,d | %,d | %s | %.2f |",
                row.ranks(), row.channels(), cell(row), 1e3 * row.medianUs() / row.ranks() / row.channels()));
    }

    private void models() {
        line("%n| link | call | ranks measured | latency, us | each other rank, us | its bytes, GB/s | error, median | "
                + "worst | largest from fewer ranks, median | worst |%n|---|---|---|--:|--:|--:|--:|--:|--:|--:|");
        for (String link : rows.stream().map(Row::link).distinct().toList()) {
            for (String what : List.of(Row.GATHER, Row.REDUCE)) {
                List<Row> usable = LinkModel.usable(rows, link, what);
                if (!usable.isEmpty()) {
                    model(link, what, usable);
                }
            }
        }
    }

    private void model(String link, String what, List<Row> usable) {
        LinkModel model = Link.model(rows, link, what);
        LinkModel.Errors errors = LinkModel.Errors.of(model, usable);
        LinkModel.Errors largest = LinkModel.errorsOfLargest(usable);
        TreeSet<Integer> ranks = new TreeSet<>(usable.stream().map(Row::ranks).toList());
        line("| %s | %s | %s | %.1f | %.2f | %.2f | %.0f %% | %.0f %% | %s | %s |", link, what,
                ranks.toString().replaceAll("[\\[\\]]", ""), model.latencyUs(), model.messageUs(),
                1e-3 / model.byteUs(), 100 * errors.median(), 100 * errors.worst(),
                largest == null ? "" : String.format(Locale.ROOT, "%.0f %%", 100 * largest.median()),
                largest == null ? "" : String.format(Locale.ROOT, "%.0f %%", 100 * largest.worst()));
    }

    private void shares() {
        line("%nResNet-50, %d layers: milliseconds a step for synchronization%n", ResNet50.channels().size());
        StringBuilder head = new StringBuilder("| link |");
        for (int ranks : RANKS) {
            head.append(String.format(Locale.ROOT, " %,d |", ranks));
        }
        line("%s%n|---|%s", head, "--:|".repeat(RANKS.length));
        for (Link link : links) {
            StringBuilder cells = new StringBuilder();
            for (int ranks : RANKS) {
                double millis = link.cost().micros(ResNet50.channels(), ranks) / 1e3;
                cells.append(String.format(Locale.ROOT, millis < 10 ? " %.1f |" : " %,.0f |", millis));
            }
            line("| %s |%s", link.name(), cells);
        }
    }

    private void limits() {
        line("%nRanks from which synchronization takes more than 5 %% of a step%n");
        StringBuilder head = new StringBuilder("| link |");
        for (Compute compute : Compute.ALL) {
            for (int images : IMAGES) {
                head.append(' ').append(compute.name()).append(", ").append(images).append(" |");
            }
        }
        line("%s%n|---|%s", head, "--:|".repeat(IMAGES.length * Compute.ALL.size()));
        for (Link link : links) {
            StringBuilder cells = new StringBuilder();
            for (Compute compute : Compute.ALL) {
                for (int images : IMAGES) {
                    int ranks = link.cost().ranksBeyondLimit(ResNet50.channels(), compute.micros(images), 1024);
                    cells.append(ranks == 0 ? " more than 1,024 |" : " " + ranks + " |");
                }
            }
            line("| %s |%s", link.name(), cells);
        }
    }
}
