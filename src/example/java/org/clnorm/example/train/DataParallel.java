package org.clnorm.example.train;

import java.util.Objects;
import org.clnorm.sync.Collective;
import org.clnorm.sync.LocalCollective;

/**
 * How ranks train one network together: each computes its part of every batch, and all make the same update.
 *
 * @param ranks       all of them, seen by this one
 * @param bucketBytes gradients begin to be summed over ranks when so many bytes of them are there
 */
public record DataParallel(Collective ranks, int bucketBytes) {
    /**
     * 16 KiB, which take a network of 1 GB/s about as long as a message without content takes to arrive: smaller
     * buckets would wait for messages, larger ones begin later.
     */
    public static final int BUCKET_BYTES = 16 << 10;

    /**
     * Ranks, checked.
     *
     * @throws IllegalArgumentException if a bucket is of less than a byte
     */
    public DataParallel {
        Objects.requireNonNull(ranks, "ranks");
        if (bucketBytes < 1) {
            throw new IllegalArgumentException("expected buckets of 1 byte or more, got " + bucketBytes);
        }
    }

    /**
     * Nobody else takes part.
     *
     * @return a single rank, which sends nothing
     */
    public static DataParallel alone() {
        return new DataParallel(LocalCollective.of(1).get(0), BUCKET_BYTES);
    }

    Shard shard(int batch) {
        return Shard.of(batch, ranks.size(), ranks.rank());
    }
}
