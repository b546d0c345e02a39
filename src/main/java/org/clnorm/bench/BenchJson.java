package org.clnorm.bench;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.StreamWriteFeature;
import java.io.IOException;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Rows as a JSON array of objects. */
public final class BenchJson {
    private static final MathContext DIGITS = new MathContext(6);

    private BenchJson() {
    }

    /**
     * Writes rows.
     *
     * @param rows  the timed passes
     * @param steps what the rows are in sweeps, none where there was no sweep
     * @return JSON text; times in microseconds, six digits
     */
    public static String of(List<BenchRow> rows, List<SweepStep> steps) {
        Map<BenchRow, List<SweepStep>> byRow = new HashMap<>();
        steps.forEach(step -> byRow.computeIfAbsent(step.row(), row -> new ArrayList<>()).add(step));
        return array(rows, (row, json) -> write(row, byRow.getOrDefault(row, List.of()), json));
    }

    private interface RowWriter<T> {
        void write(T row, JsonGenerator json) throws IOException;
    }

    private static <T> String array(List<T> rows, RowWriter<T> writer) {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = new JsonFactory().createGenerator(text).useDefaultPrettyPrinter()) {
            json.enable(StreamWriteFeature.WRITE_BIGDECIMAL_AS_PLAIN.mappedFeature());
            json.writeStartArray();
            for (T row : rows) {
                writer.write(row, json);
            }
            json.writeEndArray();
        } catch (IOException impossible) {
            throw new IllegalStateException("cannot write to memory", impossible);
        }
        return text.toString();
    }

    private static void write(BenchRow row, List<SweepStep> steps, JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeStringField("workload", row.workload());
        json.writeStringField("pass", row.pass());
        number("median_us", row.medianUs(), json);
        number("min_us", row.minUs(), json);
        number("wall_median_us", row.wallMedianUs(), json);
        number("gb_per_s", row.gbPerS(), json);
        number("copy_fraction", row.copyFraction(), json);
        json.writeStringField("kernels", row.kernels());
        json.writeStringField("variant", row.variant());
        json.writeStringField("reason", row.reason());
        json.writeStringField("device", row.device());
        if (!row.peers().isEmpty()) {
            json.writeArrayFieldStart("peers");
            for (PeerTimes times : row.peers()) {
                write(times, json);
            }
            json.writeEndArray();
        }
        if (!steps.isEmpty()) {
            json.writeArrayFieldStart("sweeps");
            for (SweepStep step : steps) {
                write(step, json);
            }
            json.writeEndArray();
        }
        json.writeEndObject();
    }

    private static void write(SweepStep step, JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeStringField("sweep", step.point().sweep().label());
        json.writeStringField("series", step.point().series());
        json.writeNumberField("length", step.point().length());
        json.writeNumberField("neighbour", step.neighbour().length());
        number("median_ratio", step.medianRatio(), json);
        number("min_ratio", step.minRatio(), json);
        json.writeEndObject();
    }

    private static void write(PeerTimes times, JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeStringField("peer", times.peer());
        json.writeStringField("version", times.version());
        number("wall_median_us", times.medianUs(), json);
        number("wall_min_us", times.minUs(), json);
        number("our_wall_median_us", times.ourMedianUs(), json);
        number("our_wall_min_us", times.ourMinUs(), json);
        number("median_ratio", times.medianRatio(), json);
        number("min_ratio", times.minRatio(), json);
        number("device_median_us", times.deviceMedianUs(), json);
        number("error", times.error(), json);
        number("our_error", times.ourError(), json);
        number("load", times.load(), json);
        json.writeEndObject();
    }

    /**
     * Writes what calls cost the host.
     *
     * @param rows the passes
     * @return JSON text; times in microseconds, six digits
     */
    public static String ofHost(List<HostRow> rows) {
        return array(rows, BenchJson::write);
    }

    private static void write(HostRow row, JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeStringField("workload", row.workload());
        json.writeStringField("pass", row.pass());
        number("empty_median_us", row.emptyMedianUs(), json);
        number("empty_min_us", row.emptyMinUs(), json);
        write("same", row.same(), json);
        write("changing", row.changing(), json);
        json.writeStringField("kernels", row.kernels());
        json.writeStringField("variant", row.variant());
        json.writeStringField("device", row.device());
        json.writeEndObject();
    }

    private static void write(String tensors, HostCost cost, JsonGenerator json) throws IOException {
        json.writeObjectFieldStart(tensors);
        number("host_median_us", cost.medianUs(), json);
        number("host_min_us", cost.minUs(), json);
        number("heap_bytes", cost.heapBytes(), json);
        number("launches", cost.launches(), json);
        number("arguments", cost.arguments(), json);
        number("waits", cost.waits(), json);
        json.writeEndObject();
    }

    /** What is not known, or not finite, is null. */
    private static void number(String name, double value, JsonGenerator json) throws IOException {
        if (Double.isFinite(value)) {
            json.writeNumberField(name, new BigDecimal(value).round(DIGITS));
        } else {
            json.writeNullField(name);
        }
    }
}
