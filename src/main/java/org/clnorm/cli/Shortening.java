package org.clnorm.cli;

import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.LongStream;

/** Which indices of the dimensions along one side of a picture are drawn, so that it stays legible. */
final class Shortening {
    private static final int MOST_CELLS = 24;
    private static final int MOST_OF_ONE = 10;
    private static final int MOST_OF_SEVERAL = 4;

    private Shortening() {
    }

    /** Indices of each dimension, ascending: all of them where there is room. */
    static List<long[]> of(Grouping grouping, List<Integer> dims) {
        List<long[]> fewest = List.of();
        if (LongStream.of(dims.stream().mapToLong(grouping::size).toArray()).allMatch(size -> size <= MOST_CELLS)) {
            fewest = dims.stream().map(dim -> LongStream.range(0, grouping.size(dim)).toArray()).toList();
            if (cells(fewest) <= MOST_CELLS) {
                return fewest;
            }
        }
        boolean telling = dims.stream().anyMatch(dim -> tells(grouping, dim));
        for (int most = MOST_OF_ONE; most >= 2; most--) {
            for (int least = telling ? 3 : most; least >= 2; least--) {
                int other = least;
                int one = most;
                int plain = dims.size() == 1 ? MOST_OF_ONE : MOST_OF_SEVERAL;
                fewest = dims.stream().map(dim -> indices(grouping, dim, tells(grouping, dim) ? one : other, plain))
                        .toList();
                if (cells(fewest) <= MOST_CELLS) {
                    return fewest;
                }
            }
        }
        return fewest;
    }

    private static long cells(List<long[]> indices) {
        return indices.stream().mapToLong(some -> some.length).reduce(1, Math::multiplyExact);
    }

    /** Whether groups change along the dimension. */
    private static boolean tells(Grouping grouping, int dim) {
        return grouping.run(dim) < grouping.size(dim);
    }

    /** The first and the last; of groups that are blocks, the ends of the first two. */
    private static long[] indices(Grouping grouping, int dim, int most, int plain) {
        long size = grouping.size(dim);
        if (size <= most + 1) {
            return LongStream.range(0, size).toArray();
        }
        long run = grouping.run(dim);
        LongStream wanted = run > 1 && run < size && most >= 4
                ? most >= 7 ? LongStream.of(0, 1, run - 1, run, run + 1, 2 * run - 1, size - 1)
                        : LongStream.of(0, run - 1, run, size - 1)
                : LongStream.concat(LongStream.range(0, Math.min(most, plain) - 1),
                        LongStream.of(size - 1));
        TreeSet<Long> indices = new TreeSet<>(Comparator.naturalOrder());
        wanted.filter(index -> index < size).forEach(indices::add);
        return indices.stream().mapToLong(Long::longValue).toArray();
    }
}
