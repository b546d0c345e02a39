package org.clnorm.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonFactory;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/**
 * A process killed while it saves leaves the old file or the new one, and at most one temporary file, which the next
 * one removes. {@code -Dclnorm.kills=100} kills more.
 */
class KilledSaveTest {
    private static final int KILLS = Integer.getInteger("clnorm.kills", 25);
    private static final int LONGEST_WAIT_MS = 60;

    @TempDir
    private Path folder;

    @Test
    @Timeout(600)
    void killedAtAnyMomentTheFileIsWhole() throws Exception {
        Path file = folder.resolve("state.safetensors");
        SaveLoop.state(0).save(file);
        Random random = new Random(15);
        int inTheMiddle = 0;
        for (int i = 0; i < KILLS; i++) {
            killWhileSaving(file, random.nextInt(LONGEST_WAIT_MS));
            StateDict state = StateDict.load(file);
            assertEquals(SaveLoop.state(Float.parseFloat(state.metadata().get("value"))), state);
            inTheMiddle += temporariesBeside(file);
        }
        System.out.println(KILLS + " processes killed while saving, " + inTheMiddle + " with a file half written");
        assertTrue(inTheMiddle > 0, "none was killed in the middle");
        SaveLoop.state(0).save(file);
        assertEquals(0, temporariesBeside(file));
    }

    private void killWhileSaving(Path file, long milliseconds) throws Exception {
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1", "-Xmx64m", "-cp", classPath(), SaveLoop.class.getName(), file.toString())
                .redirectError(folder.resolve("error.log").toFile()).start();
        try {
            assertEquals("saving", process.inputReader().readLine(), () -> error());
            assertTrue(!process.waitFor(milliseconds, TimeUnit.MILLISECONDS), () -> error());
        } finally {
            process.destroyForcibly().waitFor();
        }
    }

    private String error() {
        try {
            return Files.readString(folder.resolve("error.log"));
        } catch (IOException e) {
            return "no error.log: " + e;
        }
    }

    private static String classPath() throws URISyntaxException {
        StringBuilder path = new StringBuilder();
        for (Class<?> type : List.of(SaveLoop.class, StateDict.class, JsonFactory.class, LoggerFactory.class)) {
            path.append(Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()))
                    .append(File.pathSeparatorChar);
        }
        return path.toString();
    }

    /** At most one, however many were killed. */
    private static int temporariesBeside(Path file) throws IOException {
        int temporaries = 0;
        try (Stream<Path> files = Files.list(file.getParent())) {
            for (Path other : files.collect(Collectors.toList())) {
                String name = other.getFileName().toString();
                boolean temporary = name.matches("\\.clnorm-\\w{16}\\.tmp");
                assertTrue(temporary || other.equals(file) || name.equals("error.log"), name);
                temporaries += temporary ? 1 : 0;
            }
        }
        assertTrue(temporaries <= 1, temporaries + " temporary files");
        return temporaries;
    }
}
