package org.clnorm.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * Workloads of one kind and one size that differ in one length, so that a length which is slow beside its neighbours is
 * seen. Powers of two, and what lies next to them and between them.
 */
public enum Sweep {
    /** The length of a row, 31 to 1,048,576. */
    ROWS("row length", List.of(new Series("layer_norm", "layer_norm {rest}x{n} normalized_shape={n}", 1)),
            31, 32, 33, 64, 65, 100, 127, 128, 129, 255, 256, 257, 511, 512, 513, 1000, 1023, 1024, 1025, 2048, 2049,
            4095, 4096, 4097, 8192, 8193, 16_384, 16_385, 32_768, 32_769, 65_536, 65_537, 100_000, 131_072, 262_143,
            262_144, 262_145, 524_288, 1_000_000, 1_048_576),
    /** The space of a channel, 16 to 65,536; the fewer, the more channels. */
    PLANES("space of a channel", List.of(new Series("batch_norm", "batch_norm 16x{rest}x{n}", 16),
            new Series("instance_norm", "instance_norm 16x{rest}x{n} affine=true", 16)),
            16, 31, 32, 33, 49, 64, 100, 128, 196, 255, 256, 257, 512, 784, 1000, 1023, 1024, 1025, 2048, 3136, 4096,
            4097, 8192, 12_544, 16_384, 16_385, 32_768, 65_536),
    /** The channels of [N, C], where the values of a channel lie C apart, 16 to 65,536. */
    COLUMNS("channels", List.of(new Series("batch_norm", "batch_norm {rest}x{n}", 1)),
            16, 31, 32, 33, 64, 100, 128, 255, 256, 257, 512, 1000, 1023, 1024, 1025, 2048, 4096, 4097, 8192, 16_384,
            32_768, 65_535, 65_536),
    /** The number of groups in all, 1 to 64: few long ones have to be shared by all cores. */
    GROUPS("groups in all", List.of(new Series("layer_norm, rows", "layer_norm {n}x{rest} normalized_shape={rest}", 1),
            new Series("group_norm, rows", "group_norm {n}x16x{rest} groups=1", 16),
            new Series("batch_norm, planes", "batch_norm 16x{n}x{rest}", 16),
            new Series("batch_norm, columns", "batch_norm {rest}x{n}", 1)),
            1, 2, 3, 4, 5, 6, 7, 8, 16, 32, 64);

    /** Elements that a CPU device moves in about a millisecond, and that leave no cache of a core untouched. */
    public static final long CPU_ELEMENTS = 1L << 22;
    /** x and y of 64 MiB each are more than the caches of an H200 hold; the check of many more takes its time. */
    public static final long GPU_ELEMENTS = 1L << 24;
    /** The other dimension has to leave something to divide the work by, and batch normalization needs two values. */
    private static final long LEAST_REST = 2;

    private final String axis;
    private final List<Series> series;
    private final long[] lengths;

    Sweep(String axis, List<Series> series, long... lengths) {
        this.axis = axis;
        this.series = series;
        this.lengths = lengths;
    }

    /**
     * Lines that differ in {n}, the length, and in {rest}, what is left of the elements.
     *
     * @param name     what tells it from the other series of the sweep
     * @param template the line
     * @param fixed    the product of the other dimensions
     */
    private record Series(String name, String template, long fixed) {
        String line(long length, long rest) {
            return template.replace("{n}", Long.toString(length)).replace("{rest}", Long.toString(rest));
        }
    }

    /**
     * The sweeps of some names.
     *
     * @param names {@code rows}, {@code planes}, {@code columns}, {@code groups} or {@code all}
     * @return each once, in the order of this list
     * @throws IllegalArgumentException if there is no such sweep
     */
    public static List<Sweep> named(List<String> names) {
        List<String> known = Arrays.stream(values()).map(Sweep::label).toList();
        for (String name : names) {
            if (!name.equals("all") && !known.contains(name)) {
                throw new IllegalArgumentException("expected a sweep of all, " + String.join(", ", known) + ", got '"
                        + name + "'");
            }
        }
        return Arrays.stream(values()).filter(sweep -> names.contains("all") || names.contains(sweep.label()))
                .collect(Collectors.toList());
    }

    /**
     * The workloads.
     *
     * @param elements how many elements x has at most, in each of them; the last dimension that fits is taken
     * @param settings what is added to each line, such as {@code mode=eval}; may be empty
     * @return one for each series and length that leaves room for two of something else
     * @throws IllegalArgumentException if that leaves none, or a layer does not know the settings
     */
    public List<SweepPoint> points(long elements, String settings) {
        List<SweepPoint> points = new ArrayList<>();
        for (Series one : series) {
            for (long length : lengths) {
                long rest = elements / (one.fixed() * length);
                if (rest >= LEAST_REST) {
                    BenchLine line = BenchLine.of(one.line(length, rest) + " " + settings);
                    points.add(new SweepPoint(this, one.name(), length, line));
                }
            }
        }
        if (points.isEmpty()) {
            throw new IllegalArgumentException("expected more elements for the sweep " + label() + ", got " + elements);
        }
        return points;
    }

    /**
     * The power of two that a length should not be much slower than: the nearest by ratio; in {@link #GROUPS} the next
     * larger, as it is few groups that are hard.
     *
     * @param length a length, at least 1
     * @return a power of two; the length itself if it is one, but in GROUPS twice that
     */
    public long neighbour(long length) {
        long below = Long.highestOneBit(length);
        if (this == GROUPS) {
            return 2 * below;
        }
        // nearer to twice as much when it is beyond below times the root of two
        return (double) length * length > 2.0 * below * below ? 2 * below : below;
    }

    /**
     * The name on the command line.
     *
     * @return {@code rows} and so on
     */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * What the length is.
     *
     * @return words for an axis
     */
    public String axis() {
        return axis;
    }
}
