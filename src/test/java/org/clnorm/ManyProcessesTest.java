package org.clnorm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Processes that start together and share caches where nothing is yet: {@code -Dclnorm.processes=48}. */
class ManyProcessesTest {
    private static final int PROCESSES = Integer.getInteger("clnorm.processes", 2);

    @TempDir
    private Path folder;

    @Test
    void allComeUp() throws Exception {
        assumeFalse(TestDevices.openCl().isEmpty(), "no OpenCL device");
        Path caches = Files.createDirectory(folder.resolve("clnorm"));
        Path pocl = Files.createDirectory(folder.resolve("pocl"));
        long start = System.nanoTime();
        List<Process> processes = new ArrayList<>();
        try {
            for (int i = 0; i < PROCESSES; i++) {
                ProcessBuilder builder = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx64m",
                        "-XX:+UseSerialGC", "-DuniqueLibraryNames=true", "-cp", System.getProperty("java.class.path"),
                        ColdStart.class.getName());
                builder.environment().put("CLNORM_CACHE_DIR", caches.toString());
                builder.environment().put("POCL_CACHE_DIR", pocl.toString());
                File output = folder.resolve(i + ".txt").toFile();
                processes.add(builder.redirectErrorStream(true).redirectOutput(output).start());
            }
            for (int i = 0; i < PROCESSES; i++) {
                assertTrue(processes.get(i).waitFor(10, TimeUnit.MINUTES), "process " + i + " does not end");
            }
        } finally {
            processes.forEach(Process::destroyForcibly);
        }
        System.out.println(PROCESSES + " processes: " + (System.nanoTime() - start) / 1_000_000 + " ms");
        for (int i = 0; i < PROCESSES; i++) {
            String output = Files.readString(folder.resolve(i + ".txt"));
            assertEquals(0, processes.get(i).exitValue(), "process " + i + ": " + output);
            assertTrue(output.endsWith("right\n"), "process " + i + ": " + output);
        }
    }
}
