package org.clnorm.cli;

import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * The command {@code clnorm}. Nothing but data goes to standard output; errors are one line on standard error. Exit
 * status 0: done; 1: a check failed, or a device or file did; 2: bad usage.
 */
@Command(name = "clnorm", description = "PyTorch's normalization layers on any OpenCL device.",
        mixinStandardHelpOptions = true, versionProvider = Version.class, synopsisSubcommandLabel = "COMMAND",
        subcommands = {DevicesCommand.class, RunCommand.class, CheckCommand.class, BenchCommand.class,
            TuneCommand.class, ExplainCommand.class, KernelsCommand.class,
            StateCommand.class},
        footer = {"", "clnorm COMMAND --help tells more.",
            "In a checkout, scripts/clnorm train trains a small network with these layers, an example.",
            "Exit status: 0 done, 1 a check failed or a device or file did, 2 bad usage.",
            "CLNORM_DEBUG=1 adds a stack trace to an error."})
public final class Main implements Runnable {
    /** Done, and nothing failed. */
    static final int DONE = 0;
    /** A check failed, or a device or file did. */
    static final int FAILED = 1;
    /** The command line makes no sense. */
    static final int USAGE = 2;

    @Spec
    private CommandSpec spec;

    private Main() {
    }

    /**
     * Runs a command and ends the process with its exit status.
     *
     * @param args the command line
     */
    public static void main(String... args) {
        System.exit(run(new PrintWriter(System.out), new PrintWriter(System.err, true), args));
    }

    /** Runs a command; gives its exit status. */
    static int run(PrintWriter out, PrintWriter err, String... args) {
        Failures failures = new Failures(System.getenv("CLNORM_DEBUG") != null);
        CommandLine line = new CommandLine(new Main())
                .setOut(out)
                .setErr(err)
                .setExpandAtFiles(false)
                .setParameterExceptionHandler(failures)
                .setExecutionExceptionHandler(failures);
        int status;
        try {
            status = line.execute(args);
        } catch (OutOfMemoryError full) {
            err.println("clnorm: out of memory: " + full.getMessage() + "; java -Xmx gives more");
            return FAILED;
        }
        if (out.checkError()) {
            err.println("clnorm: cannot write to standard output");
            return FAILED;
        }
        return status;
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(),
                "expected a command of " + spec.subcommands().keySet() + ", got none");
    }
}
