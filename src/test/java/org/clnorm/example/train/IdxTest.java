package org.clnorm.example.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IdxTest {
    private static final String IMAGES = "train-images-idx3-ubyte";
    private static final String LABELS = "train-labels-idx1-ubyte";

    @TempDir
    Path folder;

    private static byte[] idx(int magic, int[] lengths, int... values) {
        ByteBuffer bytes = ByteBuffer.allocate(4 + 4 * lengths.length + values.length).putInt(magic);
        for (int length : lengths) {
            bytes.putInt(length);
        }
        for (int value : values) {
            bytes.put((byte) value);
        }
        return bytes.array();
    }

    private static byte[] packed(byte[] bytes) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (OutputStream gzip = new GZIPOutputStream(out)) {
            gzip.write(bytes);
        }
        return out.toByteArray();
    }

    private final byte[] images = idx(0x803, new int[] {2, 1, 3}, 0, 51, 255, 102, 204, 0);
    private final byte[] labels = idx(0x801, new int[] {2}, 9, 0);

    private void write(String name, byte[] bytes) throws IOException {
        Files.write(folder.resolve(name), bytes);
    }

    @BeforeEach
    void files() throws IOException {
        write(IMAGES, images);
        write(LABELS, labels);
    }

    private void refused(String... texts) {
        String message = assertThrows(IOException.class, () -> Idx.read(folder, true)).getMessage();
        assertEquals(1, message.lines().count(), message);
        for (String text : texts) {
            assertTrue(message.contains(text), message);
        }
    }

    private static void isThePair(Images read) {
        assertEquals(2, read.count());
        assertEquals(1, read.height());
        assertEquals(3, read.width());
        assertArrayEquals(new float[] {0, 0.2f, 1, 0.4f, 0.8f, 0}, read.pixels());
        assertArrayEquals(new byte[] {9, 0}, read.labels());
    }

    @Test
    void plainAndPacked() throws IOException {
        isThePair(Idx.read(folder, true));
        write("t10k-images.idx3-ubyte", images);
        write("t10k-labels-idx1-ubyte.gz", packed(labels));
        isThePair(Idx.read(folder, false));
    }

    @Test
    void missingFiles() throws IOException {
        Files.delete(folder.resolve(LABELS));
        refused(folder.toString(), LABELS, LABELS + ".gz", "there is none");
        Path nowhere = folder.resolve("nowhere");
        String message = assertThrows(IOException.class, () -> Idx.read(nowhere, true)).getMessage();
        assertEquals(nowhere + ": expected a folder with MNIST's files, there is none", message);
    }

    @Test
    void damagedFiles() throws IOException {
        for (int length = 0; length < images.length; length++) {
            write(IMAGES, Arrays.copyOf(images, length));
            refused(IMAGES, "ends after");
        }
        write(IMAGES, Arrays.copyOf(images, images.length + 1));
        refused(IMAGES, "goes on after its 6 elements");
        write(IMAGES, idx(0x801, new int[] {8}, 1, 2, 3, 4, 5, 6, 7, 8));
        refused(IMAGES, "expected an IDX file of bytes along 3 axes, which begins with 00000803, got 00000801");
        write(IMAGES, idx(0x803, new int[] {2, 0, 3}));
        refused(IMAGES, "the length of axis 1 is 0");
        write(IMAGES, idx(0x803, new int[] {-1, 1, 3}));
        refused(IMAGES, "the length of axis 0 is 4294967295, too large");
        write(IMAGES, idx(0x803, new int[] {Integer.MAX_VALUE, Integer.MAX_VALUE, Integer.MAX_VALUE}));
        refused(IMAGES, "more elements than fit");
    }

    @Test
    void damagedPackedFiles() throws IOException {
        Files.delete(folder.resolve(IMAGES));
        byte[] packed = packed(images);
        for (int length = 0; length < packed.length; length++) {
            write(IMAGES + ".gz", Arrays.copyOf(packed, length));
            refused(IMAGES + ".gz: ");
        }
        write(IMAGES + ".gz", images);
        refused(IMAGES + ".gz: damaged, or no .gz file at all");
    }

    @Test
    void filesThatDoNotFit() throws IOException {
        write(LABELS, idx(0x801, new int[] {3}, 1, 2, 3));
        refused("has 2 images", "has 3 labels");
        write(LABELS, idx(0x801, new int[] {2}, 1, 200));
        refused(LABELS, "expected labels from 0 to 9, got 200 for image 1");
    }
}
