package org.clnorm.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.clnorm.bench.BenchJson;
import org.clnorm.bench.BenchReport;
import org.clnorm.bench.BenchRow;
import org.clnorm.bench.Sweep;
import org.clnorm.bench.SweepStep;

/** A benchmark as one page of HTML that needs nothing else: data, style, code and the chart library are in it. */
final class BenchPage {
    private static final Pattern PLACE = Pattern.compile("\\{\\{(\\w+)}}");

    private final PageHeading heading;
    private final BenchReport report;
    private final List<SweepStep> steps;
    private final Map<String, String> places = new HashMap<>();

    private BenchPage(PageHeading heading, BenchReport report, List<SweepStep> steps) {
        this.heading = heading;
        this.report = report;
        this.steps = steps;
    }

    /**
     * The page.
     *
     * @param heading what was measured
     * @param report  what came of it
     * @param named   the workloads that get bars; those of sweeps alone get points
     * @param steps   the rows that belong to sweeps
     * @throws IOException if the chart library is not on the class path
     */
    static String of(PageHeading heading, BenchReport report, Set<String> named, List<SweepStep> steps)
            throws IOException {
        return new BenchPage(heading, report, steps).page(named);
    }

    private String page(Set<String> named) throws IOException {
        List<BenchRow> bars = report.rows().stream().filter(row -> named.contains(row.workload())).toList();
        head();
        places.put("summary", PageSummary.of(bars.isEmpty() ? report.rows() : bars, steps));
        places.put("failures", failures());
        places.put("bars", hiddenIf(bars.isEmpty()));
        places.put("sweeps", hiddenIf(steps.isEmpty()));
        places.put("cliff", Double.toString(SweepStep.CLIFF));
        places.put("steps", PageTables.steps(steps));
        places.put("table", PageTables.rows(report.rows()));
        places.put("style", resource("page.css"));
        places.put("data", Html.json(data(bars)));
        places.put("library", ChartLibrary.script());
        places.put("script", resource("page.js"));
        // one pass: what is put in is not looked at again
        return PLACE.matcher(resource("page.html"))
                .replaceAll(place -> Matcher.quoteReplacement(places.get(place.group(1))));
    }

    private static String hiddenIf(boolean empty) {
        return empty ? " hidden=\"hidden\"" : "";
    }

    private void head() {
        places.put("device", Html.text(heading.device()));
        places.put("driver", Html.text(heading.driver()));
        places.put("date", Html.text(heading.date()));
        places.put("version", Html.text(heading.version()));
        places.put("command", Html.text(heading.command()));
        places.put("warning", heading.warning().isEmpty() ? ""
                : Html.element("p", "warning", Html.text(heading.warning())));
        double least = report.copies().stream().mapToDouble(copy -> copy).min().orElse(0);
        double most = report.copies().stream().mapToDouble(copy -> copy).max().orElse(0);
        places.put("copies", String.format(Locale.ROOT, "%.1f to %.1f GB/s", least, most));
        places.put("peers", report.rows().stream().flatMap(row -> row.peers().stream())
                .map(times -> times.peer() + ": " + times.version()).distinct()
                .map(peer -> Html.element("div", Html.element("dt", "beside") + Html.element("dd", Html.text(peer))))
                .collect(Collectors.joining("\n")));
        places.put("runs", Integer.toString(heading.runs()));
    }

    private String failures() {
        if (report.failures().isEmpty()) {
            return "";
        }
        String items = report.failures().stream().map(failure -> Html.element("li", Html.text(failure)))
                .collect(Collectors.joining("\n"));
        return Html.element("section", "warning", Html.element("h2", "Not timed") + Html.element("ul", items));
    }

    private String data(List<BenchRow> bars) throws IOException {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
            json.writeStartObject();
            json.writeNumberField("cliff", SweepStep.CLIFF);
            json.writeArrayFieldStart("bars");
            for (String workload : bars.stream().map(BenchRow::workload)
                    .collect(Collectors.toCollection(LinkedHashSet::new))) {
                json.writeString(workload);
            }
            json.writeEndArray();
            json.writeObjectFieldStart("axes");
            for (Sweep sweep : Sweep.values()) {
                json.writeStringField(sweep.label(), sweep.axis());
            }
            json.writeEndObject();
            json.writeFieldName("rows");
            json.writeRawValue(BenchJson.of(report.rows(), steps));
            json.writeEndObject();
        }
        return text.toString();
    }

    private static String resource(String name) throws IOException {
        try (InputStream in = BenchPage.class.getResourceAsStream("page/" + name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
