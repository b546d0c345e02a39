package org.clnorm.bench.peer;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A process that is asked in lines and answers in lines; what it says on standard error is kept for when it fails. */
final class Conversation implements AutoCloseable {
    /** Compiling for a GPU takes minutes. */
    private static final int PATIENCE_SECONDS = 300;
    private static final int FAREWELL_SECONDS = 2;
    /** The library that keeps Java's signal handlers has no business in another program. */
    private static final String SIGNALS = "libjsig.so";

    private final String name;
    private final Process process;
    private final Path errors;
    private final Writer out;
    private final BufferedReader in;

    private Conversation(String name, Process process, Path errors) {
        this.name = name;
        this.process = process;
        this.errors = errors;
        out = new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8);
        in = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    static Conversation begin(String name, List<String> command, Map<String, String> environment, Path folder) {
        Path errors = folder.resolve("errors.txt");
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(errors.toFile());
        builder.environment().putAll(environment);
        builder.environment().computeIfPresent("LD_PRELOAD", (key, libraries) -> withoutSignals(libraries));
        try {
            return new Conversation(name, builder.start(), errors);
        } catch (IOException missing) {
            throw new PeerException(name + " cannot be run: " + missing.getMessage(), missing);
        }
    }

    private static String withoutSignals(String libraries) {
        List<String> others = List.of(libraries.split("[: ]+")).stream().filter(one -> !one.endsWith(SIGNALS)).toList();
        return others.isEmpty() ? null : String.join(":", others);
    }

    String[] ask(String... words) {
        try {
            out.write(String.join("\t", words) + "\n");
            out.flush();
        } catch (IOException ended) {
            throw ended();
        }
        return answer();
    }

    /** The words of the next line, at least one. */
    String[] answer() {
        CompletableFuture<String> line = CompletableFuture.supplyAsync(this::read);
        try {
            String answer = line.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            if (answer == null) {
                throw ended();
            }
            return answer.split("\t", -1);
        } catch (TimeoutException late) {
            throw new PeerException(name + " has not answered for " + PATIENCE_SECONDS + " seconds", late);
        } catch (ExecutionException broken) {
            throw ended();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new PeerException("interrupted while " + name + " was at work", interrupted);
        }
    }

    private String read() {
        try {
            return in.readLine();
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    PeerException misunderstood(String... answer) {
        return new PeerException(name + " failed: it answered '" + String.join(" ", answer) + "'");
    }

    private PeerException ended() {
        return new PeerException(name + " ended before it answered" + lastWords());
    }

    private String lastWords() {
        try {
            process.waitFor(FAREWELL_SECONDS, TimeUnit.SECONDS);
            List<String> lines = Files.readAllLines(errors).stream().filter(line -> !line.isBlank()).toList();
            return lines.isEmpty() ? "" : ": " + lines.get(lines.size() - 1).strip();
        } catch (IOException unreadable) {
            return "";
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return "";
        }
    }

    /** Its input ends, and so does it; one that does not is ended. */
    @Override
    public void close() {
        try {
            out.close();
            if (!process.waitFor(FAREWELL_SECONDS, TimeUnit.SECONDS)) {
                end();
            }
        } catch (IOException gone) {
            end();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            end();
        }
    }

    private void end() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }
}
