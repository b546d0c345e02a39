package org.clnorm.example.train;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The same training in PyTorch, by {@code scripts/lib/training.py}.
 *
 * @param float32 the loss of each step in single precision
 * @param float64 the loss of each step in double precision
 */
record PyTorchTraining(List<Double> float32, List<Double> float64) {
    /**
     * Trains once for each file, one after the other.
     *
     * @param python  a Python that has PyTorch
     * @param program training.py, which says what is in a file
     * @param files   initial weights, batches and settings
     * @throws IOException if PyTorch fails; has its last line
     */
    static List<PyTorchTraining> of(String python, Path program, List<Path> files)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(python, "-B", program.toString()));
        files.forEach(file -> command.add(file.toString()));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().remove("LD_PRELOAD");  // Java's signal handling is none of its business
        Process process = builder.start();
        List<String> lines;
        try {
            lines = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).lines().toList();
            if (process.waitFor() != 0) {
                throw new IOException("PyTorch failed: " + (lines.isEmpty() ? "status " + process.exitValue()
                        : lines.get(lines.size() - 1)));
            }
        } finally {
            process.destroyForcibly();
        }
        List<PyTorchTraining> trainings = new ArrayList<>();
        // it may warn before
        for (String line : lines) {
            if (line.startsWith("{")) {
                trainings.add(parse(line));
            }
        }
        return trainings;
    }

    private static PyTorchTraining parse(String line) throws IOException {
        List<Double> single = new ArrayList<>();
        List<Double> twice = new ArrayList<>();
        // Python writes NaN and Infinity as they are
        try (JsonParser json = new JsonFactory().createParser(line)
                .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS.mappedFeature())) {
            while (json.nextToken() != null) {
                if (json.currentToken() == JsonToken.VALUE_NUMBER_FLOAT
                        || json.currentToken() == JsonToken.VALUE_NUMBER_INT) {
                    (json.getParsingContext().getParent().getCurrentName().equals("float32") ? single : twice)
                            .add(json.getDoubleValue());
                }
            }
        }
        return new PyTorchTraining(single, twice);
    }
}
