package org.clnorm.engine.opencl;

import static org.clnorm.plan.Axis.kept;
import static org.clnorm.plan.Axis.reduced;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.clnorm.plan.NormView;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Programs on disk: kept, used, and replaced where they are no good. */
class ProgramCacheTest {
    private static final NormView VIEW = NormView.of(kept(3, 8, 0), reduced(8, 1, 1));

    @TempDir
    private Path folder;

    /** Runs a pass and returns how many programs were compiled from source. */
    private static int compiled(Path cache) {
        AtomicInteger sources = new AtomicInteger();
        FaultPlan counter = (call, index) -> {
            if (call.equals("clCreateProgramWithSource")) {
                sources.incrementAndGet();
            }
            return 0;
        };
        Ledger ledger = new Ledger();
        Map<String, String> environment = Map.of("POCL_SIGFPE_HANDLER", "0", "CLNORM_CACHE_DIR", cache.toString());
        try (OpenClDevice device = TestDevices.open(new Setup(counter, ledger, environment), "cpu", "plain")) {
            new PassCheck(VIEW).run(device);
        }
        assertEquals(0, ledger.live(), ledger.toString());
        return sources.get();
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.toList();
        }
    }

    @Test
    void compiledProgramsAreUsedAgain() throws IOException {
        int first = compiled(folder);
        assertEquals(first, files().size());
        assertTrue(first > 0);
        assertEquals(0, compiled(folder));
    }

    @Test
    void damagedFilesAreReplaced() throws Exception {
        int programs = compiled(folder);
        Random random = new Random(1);
        for (int damage = 0; damage < 5; damage++) {
            for (Path file : files()) {
                Files.write(file, damaged(Files.readAllBytes(file), damage, random));
            }
            assertEquals(programs, compiled(folder), "programs compiled after damage " + damage);
            assertEquals(0, compiled(folder), "programs compiled after the repair of damage " + damage);
        }
        assertEquals(programs, files().size());
    }

    private static byte[] damaged(byte[] content, int damage, Random random) throws Exception {
        switch (damage) {
            case 0:
                return new byte[0];
            case 1:
                return Arrays.copyOf(content, content.length / 2);
            case 2:
                content[content.length / 2] ^= 1;
                return content;
            case 3:
                content[0] ^= 1;
                return content;
            default:
                byte[] garbage = new byte[500];
                random.nextBytes(garbage);
                byte[] whole = new byte[532];
                System.arraycopy(MessageDigest.getInstance("SHA-256").digest(garbage), 0, whole, 0, 32);
                System.arraycopy(garbage, 0, whole, 32, garbage.length);
                return whole;
        }
    }

    @Test
    void aFolderThatCannotBeWrittenIsNoObstacle() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "not a folder");
        assertTrue(compiled(file.resolve("below")) > 0);
        assertTrue(compiled(file) > 0);
        assertArrayEquals("not a folder".getBytes(), Files.readAllBytes(file));
    }
}
