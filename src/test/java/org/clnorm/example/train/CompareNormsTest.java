package org.clnorm.example.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xml.sax.InputSource;

/** Page, picture and table, from runs made up here. */
class CompareNormsTest {
    @TempDir
    Path folder;

    /** Of 40 steps; layer_norm diverges at the highest rate, and none never gets to 95 %. */
    @BeforeEach
    void runs() throws IOException {
        for (int norm = 0; norm < Comparison.NORMS.size(); norm++) {
            for (int rate = 0; rate < Comparison.RATES.size(); rate++) {
                StringBuilder loss = new StringBuilder();
                for (int step = 1; step <= 40; step++) {
                    boolean over = norm == 1 && rate == 3 && step > 15;
                    String value = over ? "\"NaN\"" : Double.toString(2.3 / (1 + rate * step));
                    loss.append(step == 1 ? "" : ",").append(value);
                }
                String arrived = norm == 4 || norm == 1 && rate == 3 ? "null" : Integer.toString(40 - 10 * rate + norm);
                String accuracy = String.format(Locale.ROOT, "%.2f", norm == 4 ? 0.5 + 0.1 * rate : 0.96);
                write(norm, rate, "{\"norm\": \"later\", \"settings\": {\"loss\": [1]}, \"steps_to_95\": " + arrived
                        + ", \"accuracy\": " + accuracy + ", \"loss\": [" + loss
                        + "], \"accuracies\": [[20, 0.3], [40, " + accuracy + "]]}");
            }
        }
    }

    private void write(int norm, int rate, String text) throws IOException {
        Files.writeString(folder.resolve(Run.file(Comparison.NORMS.get(norm), Comparison.RATES.get(rate))), text);
    }

    @Test
    void theTableShowsEveryRun() throws IOException {
        assertEquals("""
                | | 0.003 | 0.01 | 0.03 | 0.1 | best |
                |---|--:|--:|--:|--:|--:|
                | batch_norm | 40 steps | 30 steps | 20 steps | 10 steps | 96.0 % at 0.1 |
                | layer_norm | 41 steps | 31 steps | 21 steps | diverged | 96.0 % at 0.03 |
                | instance_norm | 42 steps | 32 steps | 22 steps | 12 steps | 96.0 % at 0.1 |
                | group_norm | 43 steps | 33 steps | 23 steps | 13 steps | 96.0 % at 0.1 |
                | none | only 50.0 % | only 60.0 % | only 70.0 % | only 80.0 % | 80.0 % at 0.1 |
                """, CompareNorms.table(Comparison.read(folder)));
    }

    @Test
    void theFilesAreThere() throws Exception {
        CompareNorms.write(folder, "scripts/compare-norms -- --seed <2>");
        String page = Files.readString(folder.resolve("compare-norms.html"));
        assertTrue(page.contains("<code>scripts/compare-norms -- --seed &lt;2&gt;</code>"));
        assertTrue(page.contains("<td class=\"best\">21 steps</td><td>diverged</td>"));
        assertTrue(page.contains("Chart.js"));
        assertFalse(page.matches("(?s).*<(script|link|img)[^>]*(src|href)=\"http.*"), "the page asks for something");
        String json = Files.readString(folder.resolve("compare-norms.json"));
        assertTrue(json.contains("{\"norm\":\"layer_norm\",\"lr\":\"0.1\",\"best\":false,\"steps_to_95\":null,"
                + "\"steps\":40,\"accuracy\":0.96,\"last_loss\":null,\"diverged\":true}"), json);
        String picture = Files.readString(folder.resolve("compare-norms.svg"));
        var circles = DocumentBuilderFactory.newInstance().newDocumentBuilder()
                .parse(new InputSource(new StringReader(picture))).getElementsByTagName("circle");
        assertEquals(20, circles.getLength());
    }

    @Test
    void aCurveIsTheMeanOfTenSteps() throws IOException {
        Run run = Run.read(folder, "layer_norm", "0.1");
        double[] first = Comparison.smooth(run).get(0);
        double mean = run.loss().subList(0, 10).stream().mapToDouble(loss -> loss).average().orElseThrow();
        assertEquals(10, first[0]);
        assertEquals(mean, first[1]);
        assertEquals(40, run.curve().get(1)[0]);
        assertTrue(run.diverged());
    }

    @Test
    void aRunThatDivergesAtLastIsNotTheBest() throws IOException {
        write(0, 3, "{\"steps_to_95\": 2, \"accuracy\": 0.1, \"loss\": [1, 0.1, null]}");
        Comparison comparison = Comparison.read(folder);
        assertEquals("0.03", comparison.best("batch_norm").rate());
        assertTrue(CompareNorms.table(comparison).contains("| 2 steps, then diverged | 96.0 % at 0.03 |"));
    }

    @Test
    void incompleteRunsAreNamed() throws IOException {
        write(0, 0, "{\"accuracy\": 0.5, \"loss\": [1, 2");
        String message = assertThrows(IOException.class, () -> Comparison.read(folder)).getMessage();
        assertTrue(message.contains("batch_norm-0.003.json: not what scripts/clnorm train --json writes"), message);
        write(0, 0, "{\"accuracy\": 0.5}");
        message = assertThrows(IOException.class, () -> Comparison.read(folder)).getMessage();
        assertTrue(message.endsWith("batch_norm-0.003.json: expected accuracy and loss, got no loss"), message);
        Files.delete(folder.resolve(Run.file("batch_norm", "0.003")));
        message = assertThrows(IOException.class, () -> Comparison.read(folder)).getMessage();
        assertTrue(message.contains("batch_norm-0.003.json"), message);
    }
}
