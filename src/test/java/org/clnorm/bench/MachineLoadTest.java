package org.clnorm.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whose processor time it was, from files like those of Linux. */
class MachineLoadTest {
    @TempDir
    private Path proc;

    /** Ticks since the start: of all, of idle processors, and of this process. */
    private void at(long user, long idle, long steal, long ours) throws IOException {
        Files.writeString(proc.resolve("stat"),
                "cpu  " + user + " 0 10 " + idle + " 5 0 0 " + steal + " 0 0\ncpu0 1\n");
        Path own = Files.createDirectories(proc.resolve(Long.toString(ProcessHandle.current().pid())));
        // a name may hold blanks and parentheses; of the four times the last two are children's
        Files.writeString(own.resolve("stat"), "7 (a (b) c) S 1 1 1 0 -1 0 1 2 3 4 " + ours + " 5 6 1 20 0 1\n");
    }

    @Test
    void whatOthersUsedIsCounted() throws IOException {
        at(1000, 1000, 0, 300);
        MachineLoad load = new MachineLoad(proc);
        at(1150, 1050, 0, 450);
        assertEquals(0, load.ofOthers(), 1e-12);
        at(1150, 1050, 20, 410);
        assertEquals(60.0 / 220, load.ofOthers(), 1e-12);
        assertTrue(load.warning().orElseThrow().contains("27 %"));
    }

    @Test
    void aQuietMachineIsBelieved() throws IOException {
        at(1000, 1000, 0, 300);
        MachineLoad load = new MachineLoad(proc);
        at(1100, 1100, 0, 395);
        assertEquals(0.025, load.ofOthers(), 1e-12);
        assertTrue(load.warning().isEmpty());
    }

    @Test
    void whereTheSystemDoesNotTellNobodyKnows() throws IOException {
        assertEquals(Double.NaN, new MachineLoad(proc).ofOthers());
        Files.writeString(proc.resolve("stat"), "cpu 1 2 3\n");
        assertEquals(Double.NaN, new MachineLoad(proc).ofOthers());
        at(1000, 1000, 0, 300);
        assertEquals(Double.NaN, new MachineLoad(proc).ofOthers(), "no time has passed");
    }
}
