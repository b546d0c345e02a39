package org.clnorm.sync;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Real processes, started by mpirun, where there is one. */
class MpiCollectiveTest {
    /** Of a failure: nobody waits longer, with the start of the processes. */
    private static final double LONGEST = 10;

    private record Outcome(int status, String output, double seconds) {
    }

    @BeforeAll
    static void thereIsMpi() throws Exception {
        Mpirun.assumeThere();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4})
    void everythingOverProcesses(int ranks) throws Exception {
        Outcome outcome = mpirun(ranks, "all");
        assertEquals(0, outcome.status, outcome.output);
        for (int rank = 0; rank < ranks; rank++) {
            assertTrue(outcome.output.contains("rank " + rank + " of " + ranks + " is done"), outcome.output);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 4})
    void synchronizedLayersAreThoseOfTheWholeBatch(int ranks) throws Exception {
        Outcome outcome = mpirun(ranks, "layers");
        assertEquals(0, outcome.status, outcome.output);
        for (int rank = 0; rank < ranks; rank++) {
            assertTrue(outcome.output.contains("rank " + rank + " of " + ranks + " is done"), outcome.output);
        }
    }

    @Test
    void withoutMpirunAProcessIsAlone() throws Exception {
        Outcome outcome = run(program("all"));
        assertEquals(0, outcome.status, outcome.output);
        assertTrue(outcome.output.contains("rank 0 of 1 is done"), outcome.output);
    }

    @ParameterizedTest
    @CsvSource({"2, hang", "3, hang", "2, disagree", "2, die", "2, throw"})
    void failuresEndAllInTime(int ranks, String how) throws Exception {
        Outcome outcome = mpirun(ranks, how);
        assertNotEquals(0, outcome.status, outcome.output);
        assertTrue(outcome.seconds < LONGEST, outcome.seconds + " s: " + outcome.output);
        // of a process that died mpirun tells itself: [[job],rank]
        assertTrue(outcome.output.matches("(?s).*(rank 1\\b|\\[\\[\\d+,1],1]).*"), outcome.output);
    }

    private static Outcome mpirun(int ranks, String what) throws Exception {
        return run(Mpirun.command(ranks, program(what)));
    }

    private static List<String> program(String what) {
        return List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
                System.getProperty("java.class.path"), MpiProgram.class.getName(), what);
    }

    private static Outcome run(List<String> command) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().remove("LD_PRELOAD");
        long begun = System.nanoTime();
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(process.waitFor(60, TimeUnit.SECONDS), "ended");
        return new Outcome(process.exitValue(), output, (System.nanoTime() - begun) / 1e9);
    }
}
