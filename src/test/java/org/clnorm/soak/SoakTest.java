package org.clnorm.soak;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.clnorm.TestDevices;
import org.clnorm.state.HostTensor;
import org.clnorm.state.StateDict;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** {@code scripts/soak} for a few seconds, with few shapes and the kernels that compile fastest. */
class SoakTest {
    @TempDir
    private Path folder;

    private final StringWriter out = new StringWriter();

    private int soak(UnaryOperator<StateDict> tamper, String... args) {
        assumeFalse(TestDevices.openCl().isEmpty(), "no OpenCL device");
        return new CommandLine(new Soak(tamper)).setOut(new PrintWriter(out)).execute(args);
    }

    @Test
    void someSeconds() throws IOException {
        int status = soak(results -> results, "--minutes", "0.1", "--seed", "1", "--threads", "2", "--workloads", "6",
                "--kernels", "plain", "--out", folder.toString());
        assertEquals(0, status, out::toString);
        assertTrue(out.toString().contains("0 failures"), out::toString);
        assertTrue(Files.readAllLines(folder.resolve("soak.csv")).size() > 2);
        assertTrue(Files.readString(folder.resolve("soak.svg")).contains("<polyline"));
    }

    @Test
    void aWrongResultIsFoundAndCanBeHadAgain() {
        int status = soak(SoakTest::spoiled, "--minutes", "1", "--seed", "1", "--threads", "1", "--workloads", "1",
                "--kernels", "plain", "--out", folder.toString());
        assertEquals(1, status, out::toString);
        String line = out.toString().lines().filter(text -> text.contains("--again 'case")).findFirst().orElseThrow();
        String job = line.substring(line.indexOf('\'') + 1, line.indexOf("'  #"));
        assertEquals(0, soak(results -> results, "--again", job, "--out", folder.toString()), out::toString);
        assertEquals(1, soak(SoakTest::spoiled, "--again", job, "--out", folder.toString()), out::toString);
    }

    /** One y of a step is a little off. */
    private static StateDict spoiled(StateDict results) {
        StateDict spoiled = new StateDict().putAll(results);
        float[] y = results.floats("0.y");
        if (y.length > 0) {
            y[y.length / 2] += Math.max(1e-4f, Math.abs(y[y.length / 2]) * 0.1f);
            spoiled = results.filter(name -> !name.equals("0.y"))
                    .put("0.y", HostTensor.ofFloats(y, results.get("0.y").shape()));
        }
        return spoiled;
    }

    @Test
    void trends() {
        List<Sample> samples = new ArrayList<>();
        for (int i = 0; i < 101; i++) {
            double noise = i % 2 == 0 ? 5 : -5;
            samples.add(new Sample(i, 0, i < 50 ? 100 * i : 5000, 3 * i + noise, 0, 0, 0));
        }
        assertEquals(0, Trend.growth(samples, Sample::heap), 1e-9);
        assertEquals(150, Trend.growth(samples, Sample::resident), 2);
        assertTrue(Double.isNaN(Trend.growth(samples.subList(0, 4), Sample::heap)));
    }
}
