package org.clnorm.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Files of any kind of damage, see {@link Fuzz}. {@code -Dclnorm.fuzz} says how many of each format, and a file is made
 * of its seed alone, {@code -Dclnorm.fuzz.seed} and those that follow.
 */
class FuzzTest {
    private static final int FILES = Integer.getInteger("clnorm.fuzz", 6_700);
    private static final long SEED = Long.getLong("clnorm.fuzz.seed", 20_261_123);
    /** The most that the arrays of a zip may take unpacked: a limit of the caller's. */
    private static final long UNPACKED = 4L << 20;
    private static final Path STATES = Path.of("src/test/resources/state");

    private static Path folder;

    @BeforeAll
    static void makeFolder() throws IOException {
        folder = MemoryFolder.make();
    }

    @AfterAll
    static void removeFolder() throws IOException {
        Files.deleteIfExists(folder.resolve("file.npz"));
        Files.delete(folder);
    }

    private static List<byte[]> files(Path folder, String ending) {
        try (Stream<Path> all = Files.list(folder)) {
            return all.filter(file -> file.toString().endsWith(ending)).sorted().map(FuzzTest::bytes).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] bytes(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void safetensors() {
        FuzzedSafetensors files = new FuzzedSafetensors(files(STATES, ".safetensors"));
        both(new Fuzz<>("safetensors", files::next, file -> Safetensors.read(file, "file"), (file, state) -> {
            long header = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong();
            assertEquals(file.length - Long.BYTES - header, bytes(state), "the tensors fill the file");
        }));
    }

    @Test
    void npy() {
        FuzzedNpy files = new FuzzedNpy(files(NpyTest.FILES, ".npy"));
        both(new Fuzz<>("npy", files::next, file -> Npy.read(file, "file"), (file, array) -> {
            ByteBuffer start = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
            int header = file[6] == 1 ? 10 + start.getShort(8) : 12 + start.getInt(8);
            assertEquals(file.length - header, array.bytes().remaining(), "the array fills the file");
        }));
    }

    @Test
    void npz() {
        FuzzedNpz files = new FuzzedNpz(files(NpyTest.FILES, ".npz"), new FuzzedNpy(files(NpyTest.FILES, ".npy")));
        both(new Fuzz<>("npz", files::next, this::npz, (file, state) ->
            assertTrue(bytes(state) <= UNPACKED, "arrays of " + bytes(state) + " bytes")));
    }

    private StateDict npz(byte[] bytes) {
        try {
            return Npz.read(Files.write(folder.resolve("file.npz"), bytes), UNPACKED);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long bytes(StateDict state) {
        return state.tensors().values().stream().mapToLong(tensor -> tensor.bytes().remaining()).sum();
    }

    /** Some files load and more do not: neither verdict is one that nothing earns. */
    private static void both(Fuzz<?> fuzz) {
        Fuzz.Outcome outcome = fuzz.run(SEED, FILES);
        assertEquals(FILES, outcome.loaded() + outcome.refused());
        assertTrue(FILES < 1_000 || outcome.loaded() > FILES / 100, "loaded " + outcome.loaded());
        assertTrue(FILES < 1_000 || outcome.refused() > FILES / 2, "refused " + outcome.refused());
    }
}
