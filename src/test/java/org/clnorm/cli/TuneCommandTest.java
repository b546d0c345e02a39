package org.clnorm.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.clnorm.TestDevices;
import org.clnorm.bench.Checker;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TuneCommandTest {
    private static final String LINE = "layer_norm 8x64 normalized_shape=64";

    @TempDir
    private Path folder;

    @Test
    void theFileItWritesIsTakenByTheDeviceAndByNoOther() throws IOException {
        assumeFalse(TestDevices.openCl().isEmpty(), "no OpenCL device");
        Path file = folder.resolve("tuning");
        Cli tune = Cli.run("tune", "--runs", "1", "--workload", LINE, "--out", file.toString());
        assertEquals(Main.DONE, tune.status(), tune.err());
        assertTrue(tune.out().lines().anyMatch(row -> row.startsWith(LINE) && row.contains("backward")), tune.out());
        List<String> lines = Files.readAllLines(file);
        assertTrue(lines.stream().anyMatch(line -> line.startsWith("# " + LINE + " forward: ")), lines.toString());

        Cli bench = Cli.run("bench", "--runs", "1", "--workload", LINE, "--tuning", file.toString());
        assertEquals(Main.DONE, bench.status(), bench.err());

        Files.writeString(file, "clnorm-tuning 1 another device\n");
        Cli.run("bench", "--runs", "1", "--workload", LINE, "--tuning", file.toString())
                .assertFails(Main.USAGE, "another device", file.toString());
    }

    @Test
    void whatFailsItsCheckIsNeitherTimedNorChosen() throws IOException {
        assumeFalse(TestDevices.openCl().isEmpty(), "no OpenCL device");
        Path file = folder.resolve("tuning");
        int[] asked = {0};
        Checker onlyTheFirst = (device, workload) -> asked[0]++ == 0 ? Optional.empty() : Optional.of("y is off");
        Cli tune = Cli.tune(onlyTheFirst, "--runs", "1", "--workload", "batch_norm 2x3x4x5 mode=eval", "--out",
                file.toString());
        assertEquals(Main.FAILED, tune.status());
        assertTrue(tune.err().contains("failed its check: y is off"), tune.err());
        assertTrue(tune.out().contains("as it was"), tune.out());
        assertTrue(Files.readAllLines(file).stream().skip(1).allMatch(line -> line.startsWith("#")));
    }

    @Test
    void aFileThatCannotBeWrittenIsFoundBeforeTheWork() {
        assumeFalse(TestDevices.openCl().isEmpty(), "no OpenCL device");
        Cli.run("tune", "--workload", LINE, "--out", folder.resolve("no/such").toString())
                .assertFails(Main.FAILED, "no/such");
    }

    @Test
    void whatCannotBeTunedIsSaid() {
        Path file = folder.resolve("tuning");
        Cli.run("tune", "--device", "cpu", "--workload", LINE, "--out", file.toString())
                .assertFails(Main.USAGE, "OpenCL device");
    }
}
