package org.clnorm.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every way in which a .npz file can be wrong ends in one error that names the file, the array and the fault. */
class BrokenNpzTest {
    private static final byte[] ARRAY = BrokenNpyTest.npy(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (6,)}",
            24);

    @TempDir
    private Path folder;

    @Test
    void theFilesThatTheOthersAreMadeOfAreGood() throws IOException {
        assertEquals(1, Npz.read(write(zip(ZipEntry.STORED, "a.npy", ARRAY))).tensors().size());
        assertEquals(1, Npz.read(write(zip(ZipEntry.DEFLATED, "a.npy", ARRAY))).tensors().size());
    }

    @Test
    void whatIsNoZip() throws IOException {
        refused(new byte[0], "cannot be read as a zip: ");
        refused(ARRAY, "cannot be read as a zip: ");
        byte[] good = zip(ZipEntry.DEFLATED, "a.npy", ARRAY);
        refused(Arrays.copyOf(good, good.length - 1), "cannot be read as a zip: ");
        refused(Arrays.copyOf(good, good.length / 2), "cannot be read as a zip: ");
        assertTrue(assertThrows(CheckpointException.class, () -> Npz.read(folder)).getMessage()
                .endsWith("is a directory"));
        assertTrue(assertThrows(CheckpointException.class, () -> Npz.read(folder.resolve("none"))).getMessage()
                .endsWith("no such file"));
    }

    @Test
    void whatIsNoArray() throws IOException {
        refused(zip(ZipEntry.STORED, "a.txt", ARRAY), ": array 'a.txt': expected the name of an array to end in .npy");
        refused(zip(ZipEntry.STORED, "a.npy/", new byte[0]), ": array 'a.npy/': expected the name of an array");
        refused(zip(ZipEntry.STORED, "a.npy", new byte[0]), ": array 'a.npy': expected a .npy file");
        refused(zip(ZipEntry.DEFLATED, "a.npy", Arrays.copyOf(ARRAY, ARRAY.length - 1)), "the file holds 23");
        refused(zip(ZipEntry.STORED, "__metadata__.npy", ARRAY), "kept for metadata");
        CheckpointException object = assertThrows(CheckpointException.class,
                () -> Npz.read(NpyTest.FILES.resolve("object-in-zip.npz")));
        assertTrue(object.getMessage().contains("array 'broken.npy': header: type '|O'"), object.getMessage());
    }

    @Test
    void anArrayTwice() throws IOException {
        byte[] both = zip(ZipEntry.STORED, "a.npy", ARRAY, "b.npy", ARRAY);
        replace(both, "b.npy", "a.npy");
        refused(both, "duplicate array 'a'");
    }

    @Test
    void anotherChecksum() throws IOException {
        for (int method : new int[] {ZipEntry.STORED, ZipEntry.DEFLATED}) {
            byte[] damaged = zip(method, "a.npy", ARRAY);
            damaged[central(damaged) + 16] ^= 1;
            refused(damaged, ": array 'a.npy': its checksum is not the one");
        }
        byte[] data = zip(ZipEntry.STORED, "a.npy", ARRAY);
        data[central(data) - 1] ^= 1;
        refused(data, ": array 'a.npy': its checksum is not the one");
    }

    /** What an entry claims to be unpacked is checked against what is there, and against what can be. */
    @Test
    void anotherSize() throws IOException {
        refused(claiming(ZipEntry.DEFLATED, ARRAY.length - 1), "the file holds 23");
        refused(claiming(ZipEntry.DEFLATED, ARRAY.length + 1), "the file holds 25");
        refused(claiming(ZipEntry.STORED, ARRAY.length + 1), "expected a size that " + ARRAY.length + " packed bytes");
        refused(claiming(ZipEntry.DEFLATED, 0x7fffffff), "packed bytes can have, got 2147483647");
        refused(claiming(ZipEntry.DEFLATED, 0xfffffff0), "packed bytes can have, got 4294967280");
    }

    @Test
    void aHeaderThatClaimsAsMuchAsItsEntryButHoldsLess() throws IOException {
        byte[] header = BrokenNpyTest.npy(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (16777216,)}", 24);
        byte[] zip = zip(ZipEntry.DEFLATED, "a.npy", header);
        claim(zip, header.length - 24 + 4 * 16777216);
        refused(zip, "packed bytes can have|expected 67108864 bytes of data|cannot be read: ");
        byte[] more = zip(ZipEntry.DEFLATED, "a.npy", Crafted.join(ARRAY, new byte[100]));
        claim(more, ARRAY.length);
        refused(more, "expected 24 bytes of data, which is what it claims to hold|cannot be read: ");
    }

    @Test
    void aBombIsRefusedByItsClaimBeforeItIsUnpacked() throws IOException {
        Path bomb = NpyTest.FILES.resolve("zeros.npz");
        assertTrue(Files.size(bomb) < 2_000);
        CheckpointException e = assertThrows(CheckpointException.class, () -> Npz.read(bomb, 1_000_000));
        assertTrue(e.getMessage().contains("expected arrays of at most 1000000 bytes, got more with 'zeros.npy' of"));
        Path two = write(zip(ZipEntry.STORED, "a.npy", ARRAY, "b.npy", ARRAY));
        assertThrows(CheckpointException.class, () -> Npz.read(two, 2 * ARRAY.length - 1));
        assertEquals(2, Npz.read(two, 2 * ARRAY.length).tensors().size());
    }

    @Test
    void aNameOfAnotherEncoding() throws IOException {
        byte[] zip = zip(ZipEntry.STORED, "\u00e9.npy", ARRAY);
        for (int i = 0; i + 1 < zip.length; i++) {
            if (zip[i] == (byte) 0xc3 && zip[i + 1] == (byte) 0xa9) {
                zip[i] = (byte) 0xff;
            }
        }
        refused(zip, "cannot be read as a zip: ");
    }

    /** Any byte may be damaged: there come the arrays, as they were, or one error. */
    @Test
    void damageEndsInTheArraysOrInOneError() throws IOException {
        byte[] good = Files.readAllBytes(NpyTest.FILES.resolve("object-in-zip.npz"));
        byte[] fine = zip(ZipEntry.DEFLATED, "a.npy", ARRAY, "b.npy", ARRAY);
        HostTensor expected = Npy.read(ARRAY, "good");
        Random random = new Random(4);
        int refused = 0;
        for (int i = 0; i < 3_000; i++) {
            byte[] damaged = (i % 2 == 0 ? good : fine).clone();
            damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
            Path file = write(damaged);
            try {
                Npz.read(file).tensors().values().forEach(array -> assertEquals(expected, array));
            } catch (CheckpointException e) {
                assertFalse(e.getMessage().contains("\n"), e.getMessage());
                refused++;
            }
        }
        assertTrue(refused > 2_000, "refused " + refused);
    }

    private byte[] claiming(int method, long size) throws IOException {
        byte[] zip = zip(method, "a.npy", ARRAY);
        claim(zip, size);
        return zip;
    }

    /** Writes another size into the entry of the central directory. */
    private static void claim(byte[] zip, long size) {
        ByteBuffer.wrap(zip).order(ByteOrder.LITTLE_ENDIAN).putInt(central(zip) + 24, (int) size);
    }

    private static int central(byte[] zip) {
        return new String(zip, StandardCharsets.ISO_8859_1).indexOf("PK\1\2");
    }

    private static void replace(byte[] bytes, String from, String to) {
        String text = new String(bytes, StandardCharsets.ISO_8859_1).replace(from, to);
        System.arraycopy(text.getBytes(StandardCharsets.ISO_8859_1), 0, bytes, 0, bytes.length);
    }

    private void refused(byte[] bytes, String fault) throws IOException {
        Path file = write(bytes);
        CheckpointException e = assertThrows(CheckpointException.class, () -> Npz.read(file));
        assertEquals(file.toString(), e.file());
        assertTrue(Arrays.stream(fault.split("\\|")).anyMatch(e.getMessage()::contains), e.getMessage());
        assertFalse(e.getMessage().contains("\n"), e.getMessage());
    }

    private Path write(byte[] bytes) throws IOException {
        return Files.write(folder.resolve("file.npz"), bytes);
    }

    private static byte[] zip(int method, Object... namesAndContents) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            zip.setMethod(method);
            for (int i = 0; i < namesAndContents.length; i += 2) {
                byte[] content = (byte[]) namesAndContents[i + 1];
                ZipEntry entry = new ZipEntry((String) namesAndContents[i]);
                CRC32 checksum = new CRC32();
                checksum.update(content);
                entry.setCrc(checksum.getValue());
                entry.setSize(content.length);
                zip.putNextEntry(entry);
                zip.write(content);
                zip.closeEntry();
            }
        }
        return bytes.toByteArray();
    }
}
