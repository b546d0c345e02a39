package org.clnorm.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.clnorm.TestDevices;
import org.clnorm.bench.Checker;
import org.clnorm.tensor.DeviceException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchCommandTest {
    private static final String TINY = "layer_norm 8x16 normalized_shape=16";
    private static final String EVAL = "batch_norm 2x3x4x5 mode=eval";
    private static final Checker PASSES = (device, workload) -> Optional.empty();
    private static final List<String> FIELDS = List.of("workload", "pass", "median_us", "min_us", "wall_median_us",
            "gb_per_s", "copy_fraction", "kernels", "variant", "reason", "device");

    @TempDir
    private Path folder;

    @Test
    void rowsHaveExactlyTheNamedFields() throws IOException {
        Path json = folder.resolve("rows.json");
        Cli bench = Cli.run("bench", "--device", "cpu", "--quick", "--workload", TINY + " # a comment", "--workload",
                EVAL, "--json", json.toString());
        assertEquals(Main.DONE, bench.status(), bench.err());
        List<Map<String, Object>> rows = Json.rows(Files.readString(json));
        assertEquals(List.of(TINY, TINY, EVAL, EVAL), rows.stream().map(row -> row.get("workload")).toList());
        assertEquals(List.of("forward", "backward", "forward", "backward"),
                rows.stream().map(row -> row.get("pass")).toList());
        for (Map<String, Object> row : rows) {
            assertEquals(FIELDS, List.copyOf(row.keySet()));
            assertEquals("java", row.get("kernels"));
            assertEquals("reference", row.get("variant"));
            for (String number : FIELDS.subList(2, 7)) {
                assertTrue((double) row.get(number) > 0, row.toString());
            }
            assertTrue((double) row.get("min_us") <= (double) row.get("median_us"), row.toString());
        }
    }

    @Test
    void numbersAgreeWithEachOther() throws IOException {
        Path json = folder.resolve("rows.json");
        Cli.run("bench", "--device", "cpu", "--runs", "3", "--workload", TINY, "--workload", TINY + " dtype=f16",
                "--json", json.toString());
        for (Map<String, Object> row : Json.rows(Files.readString(json))) {
            double tensors = row.get("pass").equals("forward") ? 2 : 3;
            int bytes = row.get("workload").equals(TINY) ? Float.BYTES : Short.BYTES;
            double expected = tensors * 8 * 16 * bytes / (double) row.get("median_us") / 1e3;
            assertEquals(expected, (double) row.get("gb_per_s"), expected * 1e-4);
        }
    }

    @Test
    void standardOutputIsTheTableAlone() {
        Cli bench = Cli.bench(PASSES, "--device", "cpu", "--runs", "1", "--workload", TINY);
        List<String> lines = bench.out().lines().filter(line -> !line.startsWith("The machine was busy")).toList();
        assertEquals(4, lines.size(), bench.out());
        assertTrue(lines.get(0).startsWith("CPU engine") && lines.get(0).contains("copy "), lines.get(0));
        assertTrue(lines.get(1).startsWith("workload "), lines.get(1));
        assertTrue(lines.get(2).startsWith(TINY) && lines.get(2).contains("forward"), lines.get(2));
        assertTrue(lines.get(3).startsWith(TINY) && lines.get(3).contains("backward"), lines.get(3));
    }

    @Test
    void whatFailsItsCheckIsNotTimed() throws IOException {
        Path json = folder.resolve("rows.json");
        Checker refusesEval = (device, workload) -> workload.training() ? Optional.empty() : Optional.of("y is off");
        Cli bench = Cli.bench(refusesEval, "--device", "cpu", "--runs", "1", "--workload", EVAL, "--workload", TINY,
                "--json", json.toString());
        assertEquals(Main.FAILED, bench.status());
        assertTrue(bench.err().contains("clnorm: " + EVAL + ": failed its check, not timed: y is off"), bench.err());
        assertFalse(bench.out().contains(EVAL), bench.out());
        assertEquals(List.of(TINY, TINY),
                Json.rows(Files.readString(json)).stream().map(row -> row.get("workload")).toList());
    }

    @Test
    void whatWasTimedBeforeTheDeviceFailedStands() throws IOException {
        Path json = folder.resolve("rows.json");
        Checker breaks = (device, workload) -> {
            if (workload.training()) {
                return Optional.empty();
            }
            throw new DeviceException("the device is gone\nwith a long log");
        };
        Cli bench = Cli.bench(breaks, "--device", "cpu", "--runs", "1", "--workload", TINY, "--workload", EVAL,
                "--json", json.toString());
        assertEquals(Main.FAILED, bench.status());
        assertTrue(bench.err().contains("clnorm: the device is gone (CLNORM_DEBUG=1 shows the rest)"), bench.err());
        assertTrue(bench.out().contains(TINY), bench.out());
        assertEquals(2, Json.rows(Files.readString(json)).size());
    }

    @Test
    void aWorkloadTooLargeForTheDeviceIsReported() {
        Cli bench = Cli.bench(PASSES, "--device", "cpu", "--runs", "1", "--workload",
                "layer_norm 1000000x1000000 normalized_shape=1000000");
        assertEquals(Main.FAILED, bench.status());
        assertTrue(bench.err().contains("cannot be run here: expected at most"), bench.err());
        assertEquals("", bench.out());
    }

    @Test
    void aWorkloadThatTheVariantDeclinesIsReported() {
        assumeTrue(TestDevices.openCl().size() > 0, "no OpenCL device");
        Cli bench = Cli.bench(PASSES, "--variant", "cpu/columns", "--runs", "1", "--workload", TINY);
        assertEquals(Main.FAILED, bench.status());
        assertTrue(bench.err().contains(": cannot be run here: expected a task that the variant cpu/columns does"),
                bench.err());
    }

    @Test
    void whatCallsCostTheHost() throws IOException {
        assumeTrue(TestDevices.openCl().size() > 0, "no OpenCL device");
        Path json = folder.resolve("host.json");
        Cli bench = Cli.bench(PASSES, "--host", "--runs", "2", "--workload", TINY, "--json", json.toString());
        assertEquals(Main.DONE, bench.status(), bench.err());
        assertTrue(bench.out().contains("launches"), bench.out());
        List<Map<String, Object>> rows = Json.rows(Files.readString(json));
        assertEquals(List.of("forward", "backward"), rows.stream().map(row -> row.get("pass")).toList());
        for (Map<String, Object> row : rows) {
            assertEquals(List.of("workload", "pass", "empty_median_us", "empty_min_us", "same", "changing", "kernels",
                    "variant", "device"), List.copyOf(row.keySet()));
            assertTrue((double) row.get("empty_min_us") > 0, row.toString());
            Map<?, ?> same = (Map<?, ?>) row.get("same");
            Map<?, ?> changing = (Map<?, ?>) row.get("changing");
            assertTrue((double) same.get("host_min_us") <= (double) same.get("host_median_us"), row.toString());
            assertEquals(0, (double) same.get("arguments"));
            assertEquals(0, (double) same.get("waits"));
            assertEquals(same.get("launches"), changing.get("launches"));
            assertTrue((double) changing.get("arguments") >= 2, row.toString());
        }
    }

    @Test
    void badArgumentsExit2() throws IOException {
        Path empty = Files.writeString(folder.resolve("empty.txt"), "# nothing\n\n");
        Path broken = Files.writeString(folder.resolve("broken.txt"), "# first\n" + TINY + "\nlayer_norm\n");
        Path binary = Files.write(folder.resolve("binary.txt"), new byte[] {(byte) 0xff, (byte) 0xfe, 0});
        Cli.run("bench", "--device", "cpu", "--workload", "nonsense 8x8").assertFails(Main.USAGE, "nonsense");
        Cli.run("bench", "--device", "cpu", "--workload", "layer_norm 8x8").assertFails(Main.USAGE, "normalized_shape");
        Cli.run("bench", "--device", "cpu", "--workload", "batch_norm 0x3x4x4").assertFails(Main.USAGE, "one element");
        Cli.run("bench", "--device", "cpu", "--host", "--workload", TINY).assertFails(Main.USAGE, "--host");
        Cli.run("bench", "--host", "--sweep", "rows").assertFails(Main.USAGE, "--host");
        Cli.run("bench", "--runs", "0").assertFails(Main.USAGE, "--runs");
        Cli.run("bench", "--runs", "many").assertFails(Main.USAGE, "--runs", "many");
        Cli.run("bench", "--shapes", empty.toString()).assertFails(Main.USAGE, "empty.txt", "at least one workload");
        Cli.run("bench", "--shapes", broken.toString()).assertFails(Main.USAGE, "broken.txt:3");
        Cli.run("bench", "--shapes", binary.toString()).assertFails(Main.USAGE, "binary.txt", "UTF-8");
    }

    @Test
    void badFilesExit1() {
        Cli.run("bench", "--shapes", folder.resolve("none.txt").toString()).assertFails(Main.FAILED, "none.txt");
        Cli.run("bench", "--shapes", folder.toString()).assertFails(Main.FAILED, folder.toString());
        Cli.run("bench", "--device", "cpu", "--workload", TINY, "--json", folder.resolve("no/rows.json").toString())
                .assertFails(Main.FAILED, "rows.json");
    }
}
