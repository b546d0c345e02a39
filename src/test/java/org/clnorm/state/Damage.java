package org.clnorm.state;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** Damage to bytes that knows nothing of what they mean. */
final class Damage {
    /** Numbers at which lengths, counts and offsets go wrong. */
    static final long[] NUMBERS = {0, 1, 2, 3, 7, 8, 9, 127, 128, 255, 256, 1_000, 32_767, 32_768, 65_534, 65_535,
        65_536, 9_999, 10_001, 99_999_999, 100_000_000, 100_000_001, Integer.MAX_VALUE - 8, Integer.MAX_VALUE, 1L << 31,
        (1L << 32) - 1, 1L << 32, 1L << 53, 1L << 62, Long.MAX_VALUE, Long.MIN_VALUE, -1, -2, -8};

    private static final int MOST_INSERTED = 64;
    private static final int MOST_REPEATS = 40;

    private Damage() {
    }

    /** A changed copy; {@code other} is a good file that parts may be taken from. */
    static byte[] once(byte[] bytes, byte[] other, SplittableRandom random) {
        if (bytes.length < 2) {
            return insert(bytes, 0, noise(random));
        }
        int from = random.nextInt(bytes.length);
        int to = from + 1 + random.nextInt(bytes.length - from);
        return switch (random.nextInt(9)) {
            case 0 -> Arrays.copyOf(bytes, from);
            case 1 -> insert(bytes, from, noise(random));
            case 2 -> Crafted.join(Arrays.copyOf(bytes, from), Arrays.copyOfRange(bytes, to, bytes.length));
            case 3 -> insert(bytes, random.nextInt(bytes.length), Arrays.copyOfRange(bytes, from, to));
            case 4 -> spliced(bytes, from, other, random);
            case 5 -> number(bytes, from, random);
            case 6 -> repeated(bytes, from, to, random);
            default -> flipped(bytes, random);
        };
    }

    static long number(SplittableRandom random) {
        return NUMBERS[random.nextInt(NUMBERS.length)];
    }

    static <T> T one(List<T> choices, SplittableRandom random) {
        return choices.get(random.nextInt(choices.size()));
    }

    private static byte[] noise(SplittableRandom random) {
        byte[] noise = new byte[1 + random.nextInt(MOST_INSERTED)];
        random.nextBytes(noise);
        return noise;
    }

    private static byte[] insert(byte[] bytes, int at, byte[] inserted) {
        return Crafted.join(Arrays.copyOf(bytes, at), inserted, Arrays.copyOfRange(bytes, at, bytes.length));
    }

    private static byte[] spliced(byte[] bytes, int from, byte[] other, SplittableRandom random) {
        return Crafted.join(Arrays.copyOf(bytes, from),
                Arrays.copyOfRange(other, random.nextInt(other.length), other.length));
    }

    private static byte[] repeated(byte[] bytes, int from, int to, SplittableRandom random) {
        byte[] part = Arrays.copyOfRange(bytes, from, Math.min(to, from + MOST_INSERTED));
        byte[] copies = new byte[part.length * (1 + random.nextInt(MOST_REPEATS))];
        for (int i = 0; i < copies.length; i++) {
            copies[i] = part[i % part.length];
        }
        return insert(bytes, from, copies);
    }

    private static byte[] flipped(byte[] bytes, SplittableRandom random) {
        byte[] flipped = bytes.clone();
        for (int flips = 1 + random.nextInt(4); flips > 0; flips--) {
            flipped[random.nextInt(flipped.length)] ^= (byte) (1 << random.nextInt(8));
        }
        return flipped;
    }

    private static byte[] number(byte[] bytes, int at, SplittableRandom random) {
        return with(bytes, at, 1 << random.nextInt(4), number(random));
    }

    /** A copy with a little-endian number of so many bytes in it, as far as it goes. */
    static byte[] with(byte[] bytes, int at, int width, long value) {
        byte[] changed = bytes.clone();
        byte[] number = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array();
        System.arraycopy(number, 0, changed, at, Math.max(0, Math.min(width, changed.length - at)));
        return changed;
    }
}
