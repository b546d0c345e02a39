package org.clnorm.cli;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import org.clnorm.bench.peer.PeerException;
import org.clnorm.state.CheckpointException;
import org.clnorm.tensor.DeviceException;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** Turns what a command throws into one line on standard error and an exit status. */
final class Failures implements IParameterExceptionHandler, IExecutionExceptionHandler {
    private final boolean debug;

    Failures(boolean debug) {
        this.debug = debug;
    }

    @Override
    public int handleParseException(ParameterException failure, String[] args) {
        CommandLine command = failure.getCommandLine();
        if (failure instanceof UnmatchedArgumentException unmatched && !command.getSubcommands().isEmpty()
                && !unmatched.getUnmatched().get(0).startsWith("-")) {
            return report(command, failure, "expected a command of " + command.getSubcommands().keySet() + ", got '"
                    + unmatched.getUnmatched().get(0) + "'", Main.USAGE);
        }
        String name = command.getCommandSpec().qualifiedName();
        return report(command, failure, line(failure.getMessage()) + " (see " + name + " --help)", Main.USAGE);
    }

    @Override
    public int handleExecutionException(Exception failure, CommandLine command, ParseResult parsed) {
        if (failure instanceof ParameterException usage) {
            return handleParseException(usage, new String[0]);
        }
        if (failure instanceof IllegalArgumentException) {
            return report(command, failure, line(failure.getMessage()), Main.USAGE);
        }
        return report(command, failure, describe(failure), Main.FAILED);
    }

    private int report(CommandLine command, Exception failure, String message, int status) {
        PrintWriter err = command.getErr();
        err.println("clnorm: " + message);
        if (debug) {
            failure.printStackTrace(err);
        }
        err.flush();
        return status;
    }

    private String describe(Exception failure) {
        if (failure instanceof DeviceException || failure instanceof CheckpointException
                || failure instanceof PeerException) {
            return line(failure.getMessage());
        }
        if (failure instanceof UncheckedIOException wrapped) {
            return describe(wrapped.getCause());
        }
        if (failure instanceof IOException io) {
            return describe(io);
        }
        return "an error of the program itself, " + failure.getClass().getSimpleName() + ": "
                + line(failure.getMessage());
    }

    /** The messages of these exceptions are file names. */
    private String describe(IOException failure) {
        String message = line(failure.getMessage());
        if (failure instanceof NoSuchFileException || failure instanceof FileNotFoundException) {
            return "no such file or folder: " + message;
        }
        if (failure instanceof AccessDeniedException) {
            return "no access to the file " + message;
        }
        return failure instanceof FileSystemException ? "file error: " + message : message;
    }

    /** The first line of a message; a build log is for those who ask for it. */
    private String line(String message) {
        if (message == null || message.isBlank()) {
            return "no reason was given";
        }
        String text = message.strip();
        int end = text.indexOf('\n');
        return end < 0 || debug ? text : text.substring(0, end).stripTrailing() + " (CLNORM_DEBUG=1 shows the rest)";
    }
}
