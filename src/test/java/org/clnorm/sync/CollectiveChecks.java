package org.clnorm.sync;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** What every collective does, seen by one of its ranks; all ranks call this. */
final class CollectiveChecks {
    private CollectiveChecks() {
    }

    static void all(Collective ranks) {
        for (int length : new int[] {0, 1, 7, 1000, 40_000}) {
            gathers(ranks, length);
            reduces(ranks, length);
        }
        severalAtOnce(ranks);
    }

    private static void gathers(Collective ranks, int length) {
        double[] all = ranks.allGather(values(ranks.rank(), length));
        for (int r = 0; r < ranks.size(); r++) {
            assertArrayEquals(values(r, length), Arrays.copyOfRange(all, r * length, (r + 1) * length));
        }
        assertEquals(ranks.size() * length, all.length);
    }

    /** In the order of ranks, so that the sums of all of them have the same bits. */
    private static void reduces(Collective ranks, int length) {
        double[] sums = values(ranks.rank(), length);
        ranks.allReduce(sums);
        double[] expected = new double[length];
        for (int r = 0; r < ranks.size(); r++) {
            double[] theirs = values(r, length);
            for (int i = 0; i < length; i++) {
                expected[i] += theirs[i];
            }
        }
        assertArrayEquals(expected, sums);
    }

    private static void severalAtOnce(Collective ranks) {
        float[][] buckets = new float[5][];
        Collective.Pending[] pending = new Collective.Pending[buckets.length];
        for (int b = 0; b < buckets.length; b++) {
            buckets[b] = floats(ranks.rank(), b, 10_000 * b);
            pending[b] = ranks.beginAllReduce(buckets[b]);
        }
        double[] between = {1};
        ranks.allReduce(between);
        assertEquals(ranks.size(), between[0]);
        for (int b = buckets.length - 1; b >= 0; b--) {
            pending[b].await();
            agree(ranks, buckets[b], b);
        }
    }

    private static void agree(Collective ranks, float[] sums, int b) {
        double[] bits = IntStream.range(0, sums.length).mapToDouble(i -> Float.floatToIntBits(sums[i])).toArray();
        double[] all = ranks.allGather(bits);
        for (int r = 0; r < ranks.size(); r++) {
            assertArrayEquals(bits, Arrays.copyOfRange(all, r * bits.length, (r + 1) * bits.length), "bits");
        }
        for (int i = 0; i < sums.length; i++) {
            double expected = 0;
            for (int r = 0; r < ranks.size(); r++) {
                expected += floats(r, b, sums.length)[i];
            }
            assertEquals(expected, sums[i], 1e-6 * ranks.size());
            if (i > 50) {
                break;
            }
        }
    }

    private static double[] values(int rank, int length) {
        return new SplittableRandom(rank).doubles(length, -1, 1).toArray();
    }

    private static float[] floats(int rank, int bucket, int length) {
        double[] values = new SplittableRandom(1000L * bucket + rank).doubles(length, -1, 1).toArray();
        float[] floats = new float[length];
        for (int i = 0; i < length; i++) {
            floats[i] = (float) values[i];
        }
        return floats;
    }
}
