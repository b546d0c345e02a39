package org.clnorm.state;

import static org.clnorm.state.Crafted.entry;
import static org.clnorm.state.Crafted.file;
import static org.clnorm.state.Crafted.join;
import static org.clnorm.state.Crafted.length;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Files that lie or that are made to be slow cost little; {@link FuzzTest} has damage of any kind. */
class DamagedFilesTest {
    private static final String HEADER = "{\"__metadata__\":{\"format\":\"pt\"},"
            + entry("num_batches_tracked", "I64", "[]", "[0,8]") + "," + entry("bias", "F32", "[3]", "[8,20]") + ","
            + entry("weight", "F16", "[1,3]", "[20,26]") + "}";
    private static final String JSON = "0123456789-.e\"{}[],: \\";
    private static final long MEGABYTE = 1 << 20;

    /** So many damaged files, the same every time. */
    static Stream<byte[]> damaged(int count) {
        byte[] good = file(HEADER, 26);
        Random random = new Random(20261123);
        return Stream.generate(() -> damage(good, random)).limit(count);
    }

    private static byte[] damage(byte[] good, Random random) {
        byte[] bytes = good.clone();
        int from = random.nextInt(good.length);
        int to = random.nextInt(good.length);
        switch (random.nextInt(8)) {
            case 0 -> bytes = Arrays.copyOf(bytes, from);
            case 1 -> bytes = join(Arrays.copyOf(bytes, from), new byte[] {(byte) random.nextInt()},
                    Arrays.copyOfRange(good, from, good.length));
            case 2 -> bytes = join(Arrays.copyOf(bytes, from), Arrays.copyOfRange(good, from + 1, good.length));
            case 3 -> System.arraycopy(good, from, bytes, to, Math.min(random.nextInt(30),
                    good.length - Math.max(from, to)));
            case 4 -> bytes[8 + random.nextInt(HEADER.length())] = (byte) JSON.charAt(random.nextInt(JSON.length()));
            default -> {
                for (int flips = 1 + random.nextInt(3); flips > 0; flips--) {
                    bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
                }
            }
        }
        return bytes;
    }

    @Test
    void aLyingFileAllocatesNothing() {
        String large = "4611686018427387904";
        List<byte[]> liars = List.of(
                join(length(1L << 62), HEADER.getBytes()),
                join(length(100_000_000), HEADER.getBytes()),
                file("{" + entry("a", "U8", "[" + large + "]", "[0," + large + "]") + "}", 10),
                file("{" + entry("a", "F32", "[500000000]", "[0,2000000000]") + "}", 10),
                file("{" + entry("a", "F32", "[2]", "[0,8]") + ","
                        + entry("b", "U8", "[2000000000]", "[8,2000000008]") + "}", 10),
                file("{" + entry("a", "F32", "[500000000]", "[0,8]") + "}", 8),
                file("{" + entry("a", "F32", "[500000000,0]", "[0,2000000000]") + "}", 8));
        ThreadMXBean thread = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        for (byte[] liar : liars) {
            assertThrows(CheckpointException.class, () -> Safetensors.read(liar, "liar")); // loads classes
            long before = thread.getCurrentThreadAllocatedBytes();
            assertThrows(CheckpointException.class, () -> Safetensors.read(liar, "liar"));
            long allocated = thread.getCurrentThreadAllocatedBytes() - before;
            assertTrue(allocated < MEGABYTE, "allocated " + allocated + " bytes");
        }
    }

    /** Names whose String.hashCode is the same are what a hash table without defence takes quadratic time for. */
    @Test
    void manyAndCollidingNamesAreReadSoon() {
        StringBuilder header = new StringBuilder("{");
        int count = 1 << 15;
        for (int i = 0; i < count; i++) {
            StringBuilder name = new StringBuilder();
            for (int bit = 0; bit < 15; bit++) {
                name.append((i >> bit & 1) == 0 ? "Aa" : "BB");
            }
            header.append(i == 0 ? "" : ",").append(entry(name.toString(), "U8", "[0]", "[0,0]"));
        }
        byte[] bytes = file(header.append('}').toString(), 0);
        assertTimeout(Duration.ofSeconds(20),
                () -> assertEquals(count, Safetensors.read(bytes, "file").tensors().size()));
    }
}
