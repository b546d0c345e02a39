package org.clnorm.example.train;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** The same network trained with each normalization at each learning rate. */
record Comparison(List<Run> runs) {
    /** As the option {@code --norm} names them; the last is what the others are compared with. */
    static final List<String> NORMS = List.of("batch_norm", "layer_norm", "instance_norm", "group_norm", "none");
    static final List<String> RATES = List.of("0.003", "0.01", "0.03", "0.1");
    /** A loss is of one batch and jumps; drawn is the mean of this many steps. */
    static final int STRETCH = 10;

    /** Reads every run from a folder. */
    static Comparison read(Path folder) throws IOException {
        List<Run> runs = new ArrayList<>();
        for (String norm : NORMS) {
            for (String rate : RATES) {
                runs.add(Run.read(folder, norm, rate));
            }
        }
        return new Comparison(runs);
    }

    List<Run> of(String norm) {
        return runs.stream().filter(run -> run.norm().equals(norm)).toList();
    }

    /** The run that was at 95 % first; where none got there, the one that was right most often in the end. */
    Run best(String norm) {
        return of(norm).stream().min(Comparator.comparing(Run::diverged)
                .thenComparingInt(run -> run.stepsTo95() == null ? Integer.MAX_VALUE : run.stepsTo95())
                .thenComparingDouble(run -> -run.accuracy())).orElseThrow();
    }

    /** The number of steps of the longest run. */
    int steps() {
        return runs.stream().mapToInt(run -> run.loss().size()).max().orElseThrow();
    }

    /** The last step of each stretch and the mean loss of the stretch. */
    static List<double[]> smooth(Run run) {
        List<double[]> points = new ArrayList<>();
        for (int end = STRETCH; end <= run.loss().size(); end += STRETCH) {
            double mean = run.loss().subList(end - STRETCH, end).stream().mapToDouble(value -> value).average()
                    .orElseThrow();
            points.add(new double[] {end, mean});
        }
        return points;
    }

    /** The results without curves, or with them for the page. */
    String json(boolean curves) throws IOException {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
            json.writeStartArray();
            for (Run run : runs) {
                json.writeStartObject();
                json.writeStringField("norm", run.norm());
                json.writeStringField("lr", run.rate());
                json.writeBooleanField("best", run == best(run.norm()));
                if (run.stepsTo95() == null) {
                    json.writeNullField("steps_to_95");
                } else {
                    json.writeNumberField("steps_to_95", run.stepsTo95());
                }
                json.writeNumberField("steps", run.loss().size());
                json.writeNumberField("accuracy", run.accuracy());
                json.writeFieldName("last_loss");
                write(json, run.lastLoss());
                json.writeBooleanField("diverged", run.diverged());
                if (curves) {
                    write(json, "loss", smooth(run));
                    write(json, "accuracies", run.curve());
                }
                json.writeEndObject();
            }
            json.writeEndArray();
        }
        return text.toString();
    }

    private static void write(JsonGenerator json, String name, List<double[]> points) throws IOException {
        json.writeArrayFieldStart(name);
        for (double[] point : points) {
            json.writeStartArray();
            write(json, point[0]);
            write(json, point[1]);
            json.writeEndArray();
        }
        json.writeEndArray();
    }

    private static void write(JsonGenerator json, double value) throws IOException {
        if (Double.isFinite(value)) {
            json.writeNumber((float) value);
        } else {
            json.writeNull();
        }
    }
}
