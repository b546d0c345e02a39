package org.clnorm.example.train;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.util.List;

/**
 * What came of a run, so far.
 *
 * @param settings   what it was told
 * @param loss       the loss of each step; not a number where it was none
 * @param accuracies the accuracy each time that it was measured
 */
public record Outcome(Settings settings, List<Double> loss, List<Measured> accuracies) {
    private static final double GOAL = 0.95;

    /**
     * A measurement.
     *
     * @param step     after how many steps
     * @param accuracy the fraction of the held-out images that was told right
     */
    public record Measured(int step, double accuracy) {
    }

    /**
     * When 95 % of the held-out images were told right first.
     *
     * @return the step of that measurement, null if there was none
     */
    public Integer stepsTo95() {
        return accuracies.stream().filter(measured -> measured.accuracy() >= GOAL).map(Measured::step).findFirst()
                .orElse(null);
    }

    /**
     * The last accuracy measured.
     *
     * @return a fraction of the held-out images; not a number if it was never measured
     */
    public double accuracy() {
        return accuracies.isEmpty() ? Double.NaN : accuracies.get(accuracies.size() - 1).accuracy();
    }

    /**
     * All of it as JSON.
     *
     * @return {@code {"steps_to_95": n or null, "accuracy": a, "loss": [per step], "accuracies": [[step, a], ...],
     *         "settings": {...}}}; null stands for what is not a finite number
     * @throws IOException never, in practice
     */
    public String toJson() throws IOException {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
            json.writeStartObject();
            json.writeFieldName("steps_to_95");
            if (stepsTo95() == null) {
                json.writeNull();
            } else {
                json.writeNumber(stepsTo95());
            }
            json.writeFieldName("accuracy");
            write(json, accuracy());
            json.writeArrayFieldStart("loss");
            for (double value : loss) {
                write(json, value);
            }
            json.writeEndArray();
            json.writeArrayFieldStart("accuracies");
            for (Measured measured : accuracies) {
                json.writeStartArray();
                json.writeNumber(measured.step());
                json.writeNumber(measured.accuracy());
                json.writeEndArray();
            }
            json.writeEndArray();
            write(json, settings);
            json.writeEndObject();
        }
        return text.toString();
    }

    private static void write(JsonGenerator json, Settings settings) throws IOException {
        json.writeObjectFieldStart("settings");
        json.writeStringField("norm", settings.norm().label());
        json.writeNumberField("lr", settings.rate());
        json.writeNumberField("epochs", settings.epochs());
        json.writeNumberField("batch", settings.batch());
        json.writeNumberField("seed", settings.seed());
        json.writeStringField("device", settings.device());
        json.writeStringField("gemm", settings.gemm().label());
        json.writeEndObject();
    }

    private static void write(JsonGenerator json, double value) throws IOException {
        if (Double.isFinite(value)) {
            json.writeNumber(value);
        } else {
            json.writeNull();
        }
    }
}
