package org.clnorm.state;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Zips of arrays that are wrong in one way or several, or right: members, their claims, and what leads to them. */
final class FuzzedNpz {
    private static final String LOCAL = "PK\3\4";
    private static final String CENTRAL = "PK\1\2";
    private static final String END = "PK\5\6";
    /** Fields after these signatures, as pairs of place and width: flags, method, checksum, sizes, lengths, offset. */
    private static final int[][] LOCAL_FIELDS = {{4, 2}, {6, 2}, {8, 2}, {14, 4}, {18, 4}, {22, 4}, {26, 2}, {28, 2}};
    private static final int[][] CENTRAL_FIELDS = {{6, 2}, {8, 2}, {10, 2}, {16, 4}, {20, 4}, {24, 4}, {28, 2}, {30, 2},
        {32, 2}, {34, 2}, {38, 4}, {42, 4}};
    private static final int[][] END_FIELDS = {{4, 2}, {6, 2}, {8, 2}, {10, 2}, {12, 4}, {16, 4}, {20, 2}};
    private static final List<String> NAMES = List.of("a.npy", "b.npy", "weight.npy", "a.npy/", "../a.npy", "/a.npy",
            ".npy", "a", "__metadata__.npy", "é.npy", "\u0000.npy", "x".repeat(2_000) + ".npy");
    private static final int BOMB = 3_000_000;

    private final List<byte[]> good;
    private final FuzzedNpy members;

    FuzzedNpz(List<byte[]> good, FuzzedNpy members) {
        this.good = good;
        this.members = members;
    }

    byte[] next(SplittableRandom random) {
        byte[] file = random.nextInt(3) == 0 ? Damage.one(good, random) : made(random);
        for (int i = random.nextInt(4); i > 0; i--) {
            file = random.nextInt(3) == 0 ? Damage.once(file, Damage.one(good, random), random) : lying(file, random);
        }
        return file;
    }

    /** A zip of arrays that may be broken in themselves, under names that may be used twice, and seldom of a bomb. */
    private byte[] made(SplittableRandom random) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        List<String> names = new ArrayList<>(NAMES);
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            for (int i = random.nextInt(4); i > 0; i--) {
                String name = random.nextInt(4) == 0 ? names.get(random.nextInt(names.size())) : "m" + i + ".npy";
                names.remove(name);
                byte[] member = random.nextInt(500) == 0 ? bomb(random)
                        : random.nextInt(3) == 0 ? members.next(random)
                        : BrokenNpyTest.npy(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (6,)}", 24);
                add(zip, name, member, random.nextBoolean());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /** Zeros that take a thousandth of their size in the file. */
    private static byte[] bomb(SplittableRandom random) {
        int size = random.nextInt(BOMB);
        return BrokenNpyTest.npy(1, "{'descr': '|u1', 'fortran_order': False, 'shape': (" + size + ",)}", size);
    }

    private static void add(ZipOutputStream zip, String name, byte[] member, boolean packed) throws IOException {
        ZipEntry entry = new ZipEntry(name);
        if (!packed) {
            CRC32 checksum = new CRC32();
            checksum.update(member);
            entry.setMethod(ZipEntry.STORED);
            entry.setSize(member.length);
            entry.setCrc(checksum.getValue());
        }
        zip.putNextEntry(entry);
        zip.write(member);
        zip.closeEntry();
    }

    /** One field of one record says something else: now and then what the same field of another record says. */
    private static byte[] lying(byte[] file, SplittableRandom random) {
        String signature = Damage.one(List.of(LOCAL, CENTRAL, CENTRAL, END), random);
        int[][] fields = signature.equals(LOCAL) ? LOCAL_FIELDS : signature.equals(END) ? END_FIELDS : CENTRAL_FIELDS;
        List<Integer> records = records(file, signature);
        if (records.isEmpty()) {
            return file;
        }
        int record = Damage.one(records, random);
        int[] field = fields[random.nextInt(fields.length)];
        int other = Damage.one(records, random) + field[0];
        boolean copies = random.nextInt(3) == 0 && other + field[1] <= file.length;
        long value = copies ? value(file, other, field[1]) : random.nextInt(3) == 0 ? random.nextInt(file.length + 1)
                : Damage.number(random);
        return record + field[0] < file.length ? Damage.with(file, record + field[0], field[1], value) : file;
    }

    private static long value(byte[] file, int at, int width) {
        long value = 0;
        for (int i = width - 1; i >= 0; i--) {
            value = value << 8 | Byte.toUnsignedLong(file[at + i]);
        }
        return value;
    }

    private static List<Integer> records(byte[] file, String signature) {
        String text = new String(file, StandardCharsets.ISO_8859_1);
        List<Integer> found = new ArrayList<>();
        for (int at = text.indexOf(signature); at >= 0; at = text.indexOf(signature, at + 1)) {
            found.add(at);
        }
        return found;
    }
}
