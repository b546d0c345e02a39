package org.clnorm.example.train;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What came of training once, as {@code scripts/clnorm train --json} writes it.
 *
 * @param norm      the normalization
 * @param rate      the learning rate
 * @param stepsTo95 the step after which 95 % of the held-out images were right, null if that did not happen
 * @param accuracy  the fraction of the held-out images that was right in the end
 * @param loss      the loss of each step; not a number where it was none
 * @param curve     step and accuracy, each time that it was measured
 */
record Run(String norm, String rate, Integer stepsTo95, double accuracy, List<Double> loss, List<double[]> curve) {
    private static final String ENDING = ".json";

    /** Where a run's file lies, without its folder. */
    static String file(String norm, String rate) {
        return norm + "-" + rate + ENDING;
    }

    /**
     * Reads a run; normalization and learning rate are in the file's name.
     *
     * @throws IOException if the file is not there or not complete; names it
     */
    static Run read(Path folder, String norm, String rate) throws IOException {
        Path file = folder.resolve(file(norm, rate));
        try (JsonParser parser = new JsonFactory().createParser(file.toFile())) {
            return new Reader(parser).run(norm, rate);
        } catch (JsonProcessingException damaged) {
            throw new IOException(file + ": not what scripts/clnorm train --json writes: "
                    + damaged.getOriginalMessage(), damaged);
        } catch (IllegalStateException incomplete) {
            throw new IOException(file + ": " + incomplete.getMessage(), incomplete);
        }
    }

    /** Whether a loss was no finite number: such a run is over, whatever it goes on to compute. */
    boolean diverged() {
        return loss.stream().anyMatch(value -> !Double.isFinite(value));
    }

    /** The mean of the last losses, of as many steps as the curves are averaged over. */
    double lastLoss() {
        return loss.stream().skip(Math.max(0, loss.size() - Comparison.STRETCH)).mapToDouble(value -> value).average()
                .orElse(Double.NaN);
    }

    /** From the first to the last token of a file; what it does not know it skips. */
    private record Reader(JsonParser parser) {
        Run run(String norm, String rate) throws IOException {
            Integer stepsTo95 = null;
            Double accuracy = null;
            List<Double> loss = List.of();
            List<double[]> curve = List.of();
            expect(JsonToken.START_OBJECT, parser.nextToken());
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                JsonToken token = parser.nextToken();
                switch (name) {
                    case "steps_to_95" -> stepsTo95 = token == JsonToken.VALUE_NULL ? null : parser.getIntValue();
                    case "accuracy" -> accuracy = number();
                    case "loss" -> loss = numbers();
                    case "accuracies" -> curve = pairs();
                    default -> parser.skipChildren();
                }
            }
            expect(JsonToken.END_OBJECT, parser.currentToken());
            if (accuracy == null || loss.isEmpty()) {
                throw new IllegalStateException("expected accuracy and loss, got "
                        + (accuracy == null ? "no accuracy" : "no loss"));
            }
            return new Run(norm, rate, stepsTo95, accuracy, loss, curve);
        }

        private static void expect(JsonToken expected, JsonToken token) {
            if (token != expected) {
                throw new IllegalStateException("expected " + expected + ", got " + token);
            }
        }

        /** JSON has no word for what is not a number; writers take null or a text. */
        private double number() throws IOException {
            return parser.currentToken().isNumeric() ? parser.getDoubleValue() : Double.NaN;
        }

        private List<Double> numbers() throws IOException {
            expect(JsonToken.START_ARRAY, parser.currentToken());
            List<Double> numbers = new ArrayList<>();
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                numbers.add(number());
            }
            return numbers;
        }

        private List<double[]> pairs() throws IOException {
            expect(JsonToken.START_ARRAY, parser.currentToken());
            List<double[]> pairs = new ArrayList<>();
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                double[] pair = numbers().stream().mapToDouble(value -> value).toArray();
                if (pair.length != 2) {
                    throw new IllegalStateException("expected a step and an accuracy, got " + Arrays.toString(pair));
                }
                pairs.add(pair);
            }
            return pairs;
        }
    }
}
