package org.clnorm.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.clnorm.bench.Checker;
import picocli.CommandLine;

/** Runs the command as a process would, and keeps what came of it. */
record Cli(int status, String out, String err) {
    static Cli run(String... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int status = Main.run(new PrintWriter(out), new PrintWriter(err, true), args);
        return new Cli(status, out.toString(), err.toString());
    }

    /** Runs {@code clnorm bench} with another judge of what is fit to be timed. */
    static Cli bench(Checker checker, String... args) {
        return command(new BenchCommand(checker), args);
    }

    /** The same with {@code clnorm tune}. */
    static Cli tune(Checker checker, String... args) {
        return command(new TuneCommand(checker), args);
    }

    private static Cli command(Object command, String... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine line = new CommandLine(command).setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true)).setExecutionExceptionHandler(new Failures(false));
        return new Cli(line.execute(args), out.toString(), err.toString());
    }

    /** Expects one line of complaint, and nothing on standard output. */
    void assertFails(int expectedStatus, String... words) {
        assertEquals(expectedStatus, status, this::toString);
        assertEquals("", out);
        List<String> lines = err.lines().filter(line -> line.startsWith("clnorm: ")).toList();
        assertEquals(1, lines.size(), err);
        for (String word : words) {
            assertTrue(lines.get(0).contains(word), lines.get(0));
        }
        assertEquals(false, err.contains("\tat "), err);
    }
}
