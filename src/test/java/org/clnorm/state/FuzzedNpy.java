package org.clnorm.state;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** {@code .npy} files that are wrong in one way or several, or right. */
final class FuzzedNpy {
    private static final int MAGIC = 6;
    private static final List<String> TYPES = List.of("<f4", ">f4", "<f8", "<f2", "<i4", ">u2", "|b1", "|u1", "|O",
            "<c8", "<U3", "=f4", "<f16");
    private static final List<String> SHAPES = List.of("()", "(0,)", "(6,)", "(2, 3)", "(2, 3, )", "(1,1,1,1,6)",
            "(0, 9223372036854775807)", "(4611686018427387904, 4)", "(3)", "(2L, 3L)");

    private final List<byte[]> good;

    FuzzedNpy(List<byte[]> good) {
        this.good = good;
    }

    byte[] next(SplittableRandom random) {
        byte[] file = random.nextInt(3) == 0 ? made(random) : Damage.one(good, random);
        for (int i = random.nextInt(4); i > 0; i--) {
            file = random.nextInt(3) == 0 ? Damage.once(file, Damage.one(good, random), random) : edited(file, random);
        }
        return file;
    }

    private static byte[] made(SplittableRandom random) {
        String header = "{'descr': '" + Damage.one(TYPES, random) + "', 'fortran_order': "
                + (random.nextBoolean() ? "True" : "False") + ", 'shape': " + Damage.one(SHAPES, random) + ", }"
                + " ".repeat(random.nextInt(40)) + "\n";
        return BrokenNpyTest.npy(1 + random.nextInt(3), header, 6 * random.nextInt(9));
    }

    /** Another header, mostly with the length that it has. */
    private static byte[] edited(byte[] file, SplittableRandom random) {
        int wide = file.length > MAGIC && file[MAGIC] == 1 ? 2 : 4;
        int start = MAGIC + 2 + wide;
        if (file.length < start + 1) {
            return file;
        }
        int end = start;
        while (end < file.length && file[end] != '\n' && file[end] != '}') {
            end++;
        }
        String text = new String(file, start, end - start, StandardCharsets.ISO_8859_1);
        byte[] header = TextDamage.once(text, random).getBytes(StandardCharsets.ISO_8859_1);
        byte[] rest = Arrays.copyOfRange(file, end, file.length);
        // what follows the header begins where it did; the length counts what was between
        int tail = Byte.toUnsignedInt(file[MAGIC + 2]) + (Byte.toUnsignedInt(file[MAGIC + 3]) << 8) - (end - start);
        long length = random.nextInt(8) == 0 ? Damage.number(random) : header.length + Math.max(0, tail);
        byte[] stated = Arrays.copyOf(Crafted.length(length), wide);
        return Crafted.join(Arrays.copyOf(file, MAGIC + 2), stated, header, rest);
    }
}
