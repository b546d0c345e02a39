package org.clnorm.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.BiConsumer;
import java.util.function.Function;

/**
 * Loads files that a seed makes, and holds each load to what is promised of any file: a result or one
 * {@link CheckpointException}, soon, and no more heap than the file's size and 16 MiB. What a load allocates is
 * counted, garbage included: that is an upper bound on the heap that it needs, file by file, whatever the collector
 * does.
 *
 * @param format its name
 * @param next   makes a file
 * @param load   reads one
 * @param check  says of what was loaded whether it can be what the file holds
 */
record Fuzz<T>(String format, Function<SplittableRandom, byte[]> next, Function<byte[], T> load,
        BiConsumer<byte[], T> check) {
    private static final long HEAP = 16L << 20;
    private static final double SLOW_SECONDS = 10;
    private static final int LONGEST_MESSAGE = 1_000;
    private static final Path FAILED = Path.of("target", "fuzz");
    private static final ThreadMXBean THREAD = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    /** What became of many files. */
    static final class Outcome {
        private int loaded;
        private int refused;
        private long mostHeap;
        private double slowest;
        private double seconds;

        int loaded() {
            return loaded;
        }

        int refused() {
            return refused;
        }
    }

    /** Files of the seeds from {@code first} on. */
    Outcome run(long first, int files) {
        Outcome outcome = new Outcome();
        long start = System.nanoTime();
        for (long seed = first; seed < first + files; seed++) {
            byte[] file = next.apply(new SplittableRandom(seed));
            try {
                one(file, outcome);
            } catch (RuntimeException | Error fault) {
                throw failure(seed, file, fault);
            }
        }
        outcome.seconds = (System.nanoTime() - start) * 1e-9;
        System.out.printf("fuzz: %s, seeds %d on: %,d loaded, %,d refused, slowest %.0f ms, most heap beyond the file's"
                + " size %,d bytes, %.0f s in all%n", format, first, outcome.loaded, outcome.refused,
                1e3 * outcome.slowest, outcome.mostHeap, outcome.seconds);
        return outcome;
    }

    private void one(byte[] file, Outcome outcome) {
        long before = THREAD.getCurrentThreadAllocatedBytes();
        long start = System.nanoTime();
        T loaded = null;
        CheckpointException refused = null;
        try {
            loaded = load.apply(file);
        } catch (CheckpointException e) {
            refused = e;
        }
        double seconds = (System.nanoTime() - start) * 1e-9;
        long heap = THREAD.getCurrentThreadAllocatedBytes() - before - file.length;
        assertTrue(heap <= HEAP, "allocated " + heap + " bytes beyond the file's " + file.length);
        assertTrue(seconds <= SLOW_SECONDS, "took " + seconds + " s");
        outcome.mostHeap = Math.max(outcome.mostHeap, heap);
        outcome.slowest = Math.max(outcome.slowest, seconds);
        if (refused == null) {
            check.accept(file, loaded);
            outcome.loaded++;
        } else {
            checkRefusal(refused);
            outcome.refused++;
        }
    }

    private static void checkRefusal(CheckpointException refused) {
        String message = refused.getMessage();
        assertEquals(1, message.lines().count(), message);
        assertTrue(message.length() <= LONGEST_MESSAGE, message);
        assertFalse(refused.getCause() instanceof Error, "heap was taken for a claim: " + refused.getCause());
    }

    private AssertionError failure(long seed, byte[] file, Throwable fault) {
        byte[] least = shrunk(file, fault);
        Path kept = FAILED.resolve(format + "-" + seed);
        try {
            Files.createDirectories(FAILED);
            Files.write(kept, least);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new AssertionError(format + " file of seed " + seed + ", shrunk to " + least.length + " bytes in " + kept
                + "; again: -Dtest=FuzzTest#" + format + " -Dclnorm.fuzz=1 -Dclnorm.fuzz.seed=" + seed + ": " + fault,
                fault);
    }

    /** The file without whatever can be left out so that it fails alike. */
    private byte[] shrunk(byte[] file, Throwable fault) {
        byte[] least = file;
        for (int length = file.length / 2; length > 0; length /= 2) {
            for (int from = 0; from + length <= least.length;) {
                byte[] less = Crafted.join(Arrays.copyOf(least, from),
                        Arrays.copyOfRange(least, from + length, least.length));
                if (failsAlike(less, fault)) {
                    least = less;
                } else {
                    from += length;
                }
            }
        }
        return least;
    }

    private boolean failsAlike(byte[] file, Throwable fault) {
        try {
            one(file, new Outcome());
            return false;
        } catch (RuntimeException | Error other) {
            return other.getClass() == fault.getClass();
        }
    }
}
