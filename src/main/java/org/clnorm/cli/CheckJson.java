package org.clnorm.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import org.clnorm.conformance.CheckReport;
import org.clnorm.conformance.Verdict;

/** The report of a check as a JSON object. Errors that are infinite are the text "Infinity". */
final class CheckJson {
    private final JsonGenerator json;

    private CheckJson(JsonGenerator json) {
        this.json = json;
    }

    static String of(CheckReport report) throws IOException {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = new JsonFactory().createGenerator(text).useDefaultPrettyPrinter()) {
            new CheckJson(json).write(report);
        }
        return text.append(System.lineSeparator()).toString();
    }

    private void write(CheckReport report) throws IOException {
        json.writeStartObject();
        json.writeNumberField("cases", report.cases());
        json.writeNumberField("failed", report.failures().size());
        json.writeArrayFieldStart("results");
        for (CheckReport.Row row : report.rows()) {
            write(row);
        }
        json.writeEndArray();
        json.writeArrayFieldStart("failures");
        for (CheckReport.Failure failure : report.failures()) {
            write(failure);
        }
        json.writeEndArray();
        json.writeEndObject();
    }

    private void write(CheckReport.Row row) throws IOException {
        json.writeStartObject();
        json.writeStringField("layer", row.layer());
        json.writeStringField("tensor", row.tensor());
        json.writeStringField("kernels", row.kernels());
        json.writeNumberField("cases", row.cases());
        json.writeNumberField("failed", row.failed());
        json.writeNumberField("worst_error", row.worstError());
        json.writeEndObject();
    }

    private void write(CheckReport.Failure failure) throws IOException {
        json.writeStartObject();
        json.writeStringField("workload", failure.workload());
        json.writeStringField("kernels", failure.kernels());
        json.writeArrayFieldStart("tensors");
        for (Verdict verdict : failure.verdicts()) {
            json.writeStartObject();
            json.writeNumberField("step", verdict.step());
            json.writeStringField("tensor", verdict.tensor());
            json.writeNumberField("error", verdict.error());
            json.writeStringField("fault", verdict.fault());
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeEndObject();
    }
}
