package org.clnorm.example.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.clnorm.TestDevices;
import org.clnorm.state.StateDict;
import org.clnorm.sync.Mpirun;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The command over several ranks: threads, and real processes of mpirun where there is one. */
class TrainProcessesTest {
    /** After a failure: nobody goes on longer. */
    private static final double LONGEST = 10;
    /** Of losses around 2 and below, of 16 steps in another order of sums; see {@link DataParallelTest}. */
    private static final double BOUND = 1e-4;
    private static final List<String> QUICK = List.of("--quick", "--gemm", "plain", "--batch", "65", "--norm",
            "batch_norm");

    @TempDir
    Path folder;

    @BeforeAll
    static void thereIsADevice() {
        assumeFalse(TestDevices.openCl().isEmpty(), "there is no OpenCL device");
    }

    private String run(String... more) {
        StringWriter err = new StringWriter();
        List<String> words = new ArrayList<>(QUICK);
        words.addAll(List.of(more));
        int status = Train.run(new PrintWriter(new StringWriter()), new PrintWriter(err, true),
                words.toArray(String[]::new));
        assertEquals(0, status, err.toString());
        return err.toString();
    }

    private Process mpirun(int ranks, String... more) throws IOException {
        List<String> program = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
                System.getProperty("java.class.path"), Train.class.getName()));
        program.addAll(QUICK);
        program.addAll(List.of(more));
        return new ProcessBuilder(Mpirun.command(ranks, program)).redirectErrorStream(true)
                .redirectOutput(log().toFile()).start();
    }

    private Path log() {
        return folder.resolve("log");
    }

    private String logged() throws IOException {
        return Files.readString(log(), StandardCharsets.UTF_8);
    }

    private List<Double> losses(String name) throws IOException {
        return Run.read(folder, name, "0").loss();
    }

    private String json(String name) {
        return folder.resolve(Run.file(name, "0")).toString();
    }

    private void agree(String one, String other) throws IOException {
        List<Double> expected = losses(one);
        List<Double> got = losses(other);
        assertEquals(expected.size(), got.size());
        for (int i = 0; i < got.size(); i++) {
            assertEquals(expected.get(i), got.get(i), BOUND, "step " + i);
        }
    }

    @Test
    void threadsSaveAndGoOnInAnotherNumber() throws IOException {
        Path saved = folder.resolve("run.safetensors");
        run("--epochs", "2", "--json", json("alone"));
        String told = run("--ranks", "2", "--save", saved.toString());
        assertTrue(told.contains("rank 0 of 2") && told.contains("rank 0 waited"), told);
        assertFalse(told.contains("rank 1"), told);
        assertEquals(StateDict.load(saved), StateDict.load(folder.resolve("run.rank1.safetensors")));
        StringWriter err = new StringWriter();
        assertEquals(0, Train.run(new PrintWriter(err), new PrintWriter(err, true), "--ranks", "3", "--resume",
                saved.toString(), "--epochs", "2", "--json", json("resumed")), err.toString());
        agree("alone", "resumed");
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void processesComeToTheSame(int ranks) throws Exception {
        Mpirun.assumeThere();
        run("--json", json("alone"));
        Process process = mpirun(ranks, "--sync", "--json", json("processes"), "--save",
                folder.resolve("run.safetensors").toString());
        assertTrue(process.waitFor(60, TimeUnit.SECONDS), logged());
        assertEquals(0, process.exitValue(), logged());
        agree("alone", "processes");
        for (int rank = 1; rank < ranks; rank++) {
            assertEquals(StateDict.load(folder.resolve("run.safetensors")),
                    StateDict.load(folder.resolve("run.rank" + rank + ".safetensors")));
        }
    }

    @Test
    void processesWithoutSyncAreRefused() throws Exception {
        Mpirun.assumeThere();
        Process process = mpirun(2);
        assertTrue(process.waitFor(60, TimeUnit.SECONDS), logged());
        assertEquals(2, process.exitValue(), logged());
        // the first that ends takes the other one with it
        assertTrue(logged().matches("(?s).*clnorm: rank [01]: expected --sync in a run of 2 processes.*"), logged());
    }

    /** Of a process that was killed mpirun tells, of one that was stopped the other one. */
    @ParameterizedTest
    @ValueSource(strings = {"-KILL", "-STOP"})
    void aProcessThatGoesEndsAll(String signal) throws Exception {
        Mpirun.assumeThere();
        Path saved = folder.resolve("run.safetensors");
        Process process = mpirun(2, "--sync", "--epochs", "10000", "--deadline", "3", "--save", saved.toString());
        try {
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
            while (!Files.exists(folder.resolve("run.rank1.safetensors")) || !Files.exists(saved)) {
                assertTrue(process.isAlive() && System.nanoTime() < end, logged());
                Thread.sleep(20);
            }
            long begun = System.nanoTime();
            assertEquals(0, new ProcessBuilder("kill", signal, Long.toString(rank1(process))).start().waitFor());
            assertTrue(process.waitFor(60, TimeUnit.SECONDS), logged());
            double seconds = (System.nanoTime() - begun) / 1e9;
            assertTrue(seconds < LONGEST, seconds + " s: " + logged());
            assertNotEquals(0, process.exitValue(), logged());
            assertTrue(logged().contains(signal.equals("-STOP")
                    ? "rank 0 gives up: expected all ranks within 3.0 s, got nothing of rank 1"
                    : "process rank 1 with PID"), logged());
            try (Stream<Path> files = Files.list(folder)) {
                files.filter(file -> file.toString().endsWith(".safetensors")).forEach(StateDict::load);
            }
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }

    private static long rank1(Process mpirun) {
        return mpirun.descendants().filter(process -> {
            try {
                return Files.readString(Path.of("/proc", Long.toString(process.pid()), "environ"),
                        StandardCharsets.ISO_8859_1).contains("OMPI_COMM_WORLD_RANK=1\0");
            } catch (IOException gone) {
                return false;
            }
        }).findFirst().orElseThrow().pid();
    }
}
