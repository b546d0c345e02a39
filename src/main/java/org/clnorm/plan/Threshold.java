package org.clnorm.plan;

import java.util.stream.LongStream;

/**
 * The numbers that decide how work is cut up and which way it is done, in one table: name, value, what values make
 * sense, and where the value comes from. {@link Thresholds} says what a class of devices has instead.
 */
public enum Threshold {
    /** Bytes of output from which on stores pass by the caches. */
    CPU_STREAM_BYTES(4L << 20, Kind.BORDER, 1,
            "PoCL, 2 cores: wins 1.3–1.5× from 4 MB on (Sapphire Rapids), 1.2–1.4× from 8 MB on (Zen 3), loses below"),
    /** Elements of a run from which on it is streamed though it is not whole cache lines. */
    CPU_STREAM_RUN(128, Kind.BORDER, 1, "PoCL, Sapphire Rapids: 31 and 49 lost 1.3–1.4×, 196 and 257 won"),
    /** Elements of a ragged row up to which backward collects rows to whole cache lines; kernels have room for 512. */
    CPU_STAGED_ROW(512, Kind.LIMIT, 1,
            "PoCL, Sapphire Rapids: 1.05–1.2 times as fast at 65 to 385, as fast at 511 to 900, slower from 1,000 on"),
    /** The same forward, where elements have 16 bits; floats are not collected. */
    CPU_STAGED_HALVES(384, Kind.LIMIT, 1,
            "PoCL, Sapphire Rapids: 1.03–1.3 times as fast at 65 to 330, slower by 1.1 at 511"),
    /** Elements that make a work-item worth its launch. */
    CPU_WORK(16_384, Kind.SIZE, 1, "PoCL, Zen 3: a work-item costs 6–13 ns"),
    /** Work-items a compute unit, so that the units finish about together. */
    CPU_SHARES(4, Kind.SIZE, 1, "reasoned, not measured"),
    /** Elements of the parts that a long group is cut into. */
    CPU_PART(65_536, Kind.SIZE, 16, "PoCL, Zen 3: with 4,096 the merging costs a fifth"),
    /** Elements of a row with a parameter each from which on it does not stay in a cache with its parameters. */
    CPU_LONG_ROW(131_072, Kind.BORDER, 1, "PoCL, Sapphire Rapids, 2 MiB of L2"),
    /** Elements of a row up to which backward takes four rows at a time. */
    CPU_SHORT_DENSE_ROW(16_384, Kind.BORDER, 1,
            "PoCL, Sapphire Rapids: 1.1–1.2 times as fast up to here, slower from 32,768 on"),
    /** Elements of a row from which on backward reads x and dy twice. */
    CPU_LONG_DENSE_ROW(49_152, Kind.BORDER, 1,
            "PoCL, Sapphire Rapids: 1.15 times as slow at 32,768, 1.2 times as fast at 65,536"),
    /** Bytes of a tile of columns over all samples, so that its second reading finds them in the L2 cache. */
    CPU_CACHED_BYTES(512L << 10, Kind.SIZE, 1024,
            "PoCL, 2 MiB of L2 a core: 256 KiB won 1.4×, 512 KiB 1.1×, 1 MiB lost backward by 1.25×"),
    /** Elements of a group from which on it is cut up where groups are too few for the compute units. */
    GPU_SPLIT_ELEMENTS(32_768, Kind.BORDER, 1,
            "reasoned, not measured: launches would cost more than idle compute units"),
    /** Elements of a chunk of a group, at least. */
    GPU_CHUNK_ELEMENTS(4_096, Kind.SIZE, 64,
            "reasoned, not measured: a full work-group reads four times 16 bytes an item"),
    /** Work-groups a compute unit, so that enough loads are under way and the units finish together. */
    GPU_SHARES(8, Kind.SIZE, 1, "from the literature, not measured"),
    /** Elements of a row up to which work-items hold the fewest of it in registers. */
    GPU_SHORT_ROW(512, Kind.BORDER, 1, "reasoned, not measured"),
    /** Elements of a row up to which work-items hold a middling number of it in registers. */
    GPU_MIDDLE_ROW(8_192, Kind.BORDER, 1, "reasoned, not measured"),
    /** Elements of a row from which on backward goes by columns where rows leave compute units idle. */
    GPU_LONG_ROW(4_096, Kind.BORDER, 1, "reasoned, not measured"),
    /** Rows a work-group, at least, so that its partial sums are small beside them. */
    GPU_FEWEST_ROWS(8, Kind.SIZE, 1, "reasoned, not measured"),
    /** Groups a compute unit from which on few work-items each fill it. */
    GPU_MANY_GROUPS(4, Kind.SIZE, 1, "reasoned, not measured");

    /** What values a threshold may take. */
    private enum Kind {
        /** Where one way ends and another begins: 0 is always, the largest number never. */
        BORDER,
        /** As a border, but kernels have no room for more than the value in the table. */
        LIMIT,
        /** A size that work is cut to, no larger than its products with numbers of a device stand. */
        SIZE
    }

    private static final long MOST_SIZE = 1L << 30;
    private static final long STEP = 2;
    private static final long LEAP = 4;

    private final long value;
    private final Kind kind;
    private final long multiple;
    private final String source;

    Threshold(long value, Kind kind, long multiple, String source) {
        this.value = value;
        this.kind = kind;
        this.multiple = multiple;
        this.source = source;
    }

    /**
     * The value where a class of devices has no other.
     *
     * @return the value
     */
    public long value() {
        return value;
    }

    /**
     * Where the value comes from.
     *
     * @return what was measured, or why it was reasoned so
     */
    public String source() {
        return source;
    }

    /** Other values worth trying. */
    long[] alternatives(long current) {
        LongStream near = LongStream.of(current / LEAP, current / STEP, STEP * current, LEAP * current);
        LongStream all = switch (kind) {
            case LIMIT -> LongStream.concat(near, LongStream.of(0));
            case SIZE -> near;
            case BORDER -> LongStream.concat(near, LongStream.of(0, Long.MAX_VALUE));
        };
        return all.filter(other -> other != current && sensible(other)).distinct().toArray();
    }

    private boolean sensible(long other) {
        return switch (kind) {
            case LIMIT -> other >= 0 && other <= value;
            case SIZE -> other > 0 && other <= MOST_SIZE && other % multiple == 0;
            case BORDER -> other >= 0;
        };
    }

    /**
     * Checks a value.
     *
     * @param other a value for this threshold
     * @return the value
     * @throws IllegalArgumentException if kernels could not work with it
     */
    public long checked(long other) {
        if (!sensible(other)) {
            throw new IllegalArgumentException("expected " + this + " to be " + switch (kind) {
                case LIMIT -> "0 to " + value;
                case SIZE -> (multiple == 1 ? "1 to " : "a multiple of " + multiple + " up to ") + MOST_SIZE;
                case BORDER -> "0 or more";
            } + ", got " + other);
        }
        return other;
    }
}
