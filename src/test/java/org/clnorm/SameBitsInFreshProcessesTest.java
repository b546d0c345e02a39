package org.clnorm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Fresh processes, some at once and thus in each other's way, print the same hashes of all results, with both kernel
 * sets and the bitwise variant; the Java engine prints those of the last. {@code -Dclnorm.freshProcesses=100} for
 * more.
 */
class SameBitsInFreshProcessesTest {
    private static final int PROCESSES = Integer.getInteger("clnorm.freshProcesses", 3);
    private static final int AT_ONCE = 3;

    @TempDir
    private Path folder;

    @Test
    void hashesAreTheSame() throws Exception {
        assumeFalse(TestDevices.openCl().isEmpty(), "no OpenCL device");
        List<String> first = outputs(1).get(0);
        assertTrue(first.stream().filter(line -> line.contains(" 1.running_mean ")).count() >= 2, first.toString());
        for (int done = 1; done < PROCESSES; done += AT_ONCE) {
            for (List<String> lines : outputs(Math.min(AT_ONCE, PROCESSES - done))) {
                assertEquals(first, lines);
            }
        }
        List<String> bitwise = first.stream().filter(line -> line.startsWith("bitwise ")).toList();
        List<String> mirror = outputs(1, "mirror").get(0);
        assertTrue(bitwise.isEmpty() ? first.get(first.size() - 1).startsWith("refused ") : bitwise.equals(mirror),
                () -> first + " and of the Java engine " + mirror);
        System.out.println(PROCESSES + " processes printed the same " + first.size() + " hashes");
    }

    /** What so many processes print that run at once. */
    private List<List<String>> outputs(int processes, String... arguments) throws Exception {
        List<Process> started = new ArrayList<>();
        List<List<String>> outputs = new ArrayList<>();
        try {
            for (int i = 0; i < processes; i++) {
                started.add(start(output(i), arguments));
            }
            for (int i = 0; i < processes; i++) {
                assertTrue(started.get(i).waitFor(10, TimeUnit.MINUTES), "process " + i + " does not end");
                List<String> lines = Files.readAllLines(output(i).toPath());
                assertEquals(0, started.get(i).exitValue(), lines::toString);
                outputs.add(lines);
            }
        } finally {
            started.forEach(Process::destroyForcibly);
        }
        return outputs;
    }

    private File output(int process) {
        return folder.resolve(process + ".txt").toFile();
    }

    private Process start(File output, String... arguments) throws IOException {
        List<String> command = Stream.concat(Stream.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx128m", "-XX:+UseSerialGC",
                "-DuniqueLibraryNames=true", "-cp", System.getProperty("java.class.path"), FreshBits.class.getName()),
                Stream.of(arguments)).toList();
        File log = folder.resolve("log.txt").toFile();
        return new ProcessBuilder(command).redirectOutput(output)
                .redirectError(ProcessBuilder.Redirect.appendTo(log)).start();
    }
}
