package org.clnorm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The Python that {@code CLNORM_PYTHON} names, or {@code python3}. Where it has no PyTorch or no safetensors the test
 * is skipped.
 */
public final class PythonPeer {
    private static final String VARIABLE = "CLNORM_PYTHON";

    private PythonPeer() {
    }

    /** Runs a script beside golden.py; its lines. */
    public static List<String> run(String script, String... arguments) throws IOException, InterruptedException {
        Output imports = start("-c", "import torch, safetensors.torch");
        if (imports.status != 0) {
            abort("no Python with torch and safetensors (" + VARIABLE + " names one): " + imports.lines);
        }
        List<String> command = new ArrayList<>(List.of(EightLayers.file(script).toString()));
        command.addAll(List.of(arguments));
        Output output = start(command.toArray(String[]::new));
        assertEquals(0, output.status, () -> String.join("\n", output.lines));
        return output.lines;
    }

    private record Output(int status, List<String> lines) {
    }

    private static Output start(String... arguments) throws IOException, InterruptedException {
        String python = System.getenv().getOrDefault(VARIABLE, "");
        List<String> command = new ArrayList<>(List.of(python.isEmpty() ? "python3" : python, "-B"));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().remove("LD_PRELOAD"); // Java's signal handling is none of its business
        Process process;
        try {
            process = builder.start();
        } catch (IOException missing) {
            return new Output(-1, List.of(missing.getMessage()));
        }
        try {
            String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertEquals(true, process.waitFor(1, TimeUnit.MINUTES), text);
            return new Output(process.exitValue(), text.lines().toList());
        } finally {
            process.destroyForcibly();
        }
    }

    /** A folder as an argument. */
    public static String argument(Path folder) {
        return folder.toAbsolutePath().toString();
    }
}
