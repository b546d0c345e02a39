package org.clnorm.state;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** Safetensors files that are wrong in one way or several, or right. */
final class FuzzedSafetensors {
    private static final int MANY = 4_000;

    private final List<byte[]> good;

    FuzzedSafetensors(List<byte[]> good) {
        this.good = good;
    }

    byte[] next(SplittableRandom random) {
        byte[] file = random.nextInt(3) == 0 ? made(random) : Damage.one(good, random);
        for (int i = random.nextInt(4); i > 0; i--) {
            file = random.nextInt(3) == 0 ? Damage.once(file, Damage.one(good, random), random) : edited(file, random);
        }
        return file;
    }

    /** Another header, mostly with the length that it has, and with data as long as some of its numbers say. */
    private static byte[] edited(byte[] file, SplittableRandom random) {
        if (file.length < Long.BYTES) {
            return file;
        }
        ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        long claimed = bytes.getLong(0);
        int length = claimed < 0 || claimed > file.length - Long.BYTES ? file.length - Long.BYTES : (int) claimed;
        String text = new String(file, Long.BYTES, length, StandardCharsets.UTF_8);
        byte[] data = Arrays.copyOfRange(file, Long.BYTES + length, file.length);
        if (random.nextInt(6) == 0) {
            data = Arrays.copyOf(data, random.nextInt(2 * data.length + 2));
        }
        byte[] header = TextDamage.once(text, random).getBytes(StandardCharsets.UTF_8);
        byte[] stated = Crafted.length(random.nextInt(8) == 0 ? Damage.number(random) : header.length);
        return Crafted.join(stated, header, data);
    }

    /** A file of some tensors, seldom of many, of which one may begin or end where it should not. */
    private static byte[] made(SplittableRandom random) {
        int count = random.nextInt(200) == 0 ? random.nextInt(MANY) : random.nextInt(6);
        int liar = random.nextInt(2 * count + 1);
        StringBuilder header = new StringBuilder("{");
        int end = 0;
        for (int i = 0; i < count; i++) {
            ElementType type = ElementType.values()[random.nextInt(ElementType.values().length)];
            int[] shape = random.ints(random.nextInt(4), 0, 5).toArray();
            int size = (Arrays.stream(shape).reduce(1, (a, b) -> a * b) * type.bits() + 7) / 8;
            int lie = i == liar ? random.nextInt(-4, 5) : 0;
            header.append(i == 0 ? "" : ",").append(Crafted.entry("t" + (i == liar ? 0 : i), type.name(),
                    Arrays.toString(shape), "[" + (end + (random.nextBoolean() ? lie : 0)) + "," + (end + size + lie)
                            + "]"));
            end += size;
        }
        return Crafted.file(header.append('}').toString(), end);
    }
}
