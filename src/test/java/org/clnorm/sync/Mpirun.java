package org.clnorm.sync;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Starts processes as users do. */
public final class Mpirun {
    private Mpirun() {
    }

    /** Skips tests where there is none. */
    public static void assumeThere() throws InterruptedException {
        boolean there;
        try {
            there = new ProcessBuilder("mpirun", "--version").redirectErrorStream(true).start().waitFor() == 0;
        } catch (IOException none) {
            there = false;
        }
        assumeTrue(there, "no mpirun: eval \"$(scripts/mpi-setup)\"");
    }

    /** The command that runs a program as so many processes, on fewer cores too. */
    public static List<String> command(int ranks, List<String> program) {
        List<String> command = new ArrayList<>(List.of("mpirun", "--allow-run-as-root", "--oversubscribe", "--mca",
                "mpi_yield_when_idle", "1", "-np", Integer.toString(ranks)));
        command.addAll(program);
        return command;
    }
}
