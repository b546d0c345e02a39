package org.clnorm.plan;

import java.util.stream.LongStream;

/**
 * The numbers that decide how work is cut up and which way it is done, in one table: name, value, what values make
 * sense, and where the value comes from. {@link Thresholds} says what a class of devices has instead.
 */
public enum Threshold {
    /** Bytes of output from which on stores pass by the caches. */
    CPU_STREAM_BYTES(4L << 20, Kind.BORDER, 1,
            "PoCL, 2 cores: wins 1.3–1.5× from 4 MB on (Sapphire Rapids), 1.2–1.4× from 8 MB on (Zen 3), loses below");

    /** What values a threshold may take. */
    private enum Kind {
        /** Where one way ends and another begins: 0 is always, the largest number never. */
        BORDER,
        /** A size that work is cut to. */
        SIZE,
        /** 0 or 1. */
        SWITCH
    }

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
            case SWITCH -> LongStream.of(0, 1);
            case SIZE -> near;
            case BORDER -> LongStream.concat(near, LongStream.of(0, Long.MAX_VALUE));
        };
        return all.filter(other -> other != current && sensible(other)).distinct().toArray();
    }

    private boolean sensible(long other) {
        return switch (kind) {
            case SWITCH -> other == 0 || other == 1;
            case SIZE -> other > 0 && other % multiple == 0;
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
                case SWITCH -> "0 or 1";
                case SIZE -> multiple == 1 ? "1 or more" : "a multiple of " + multiple;
                case BORDER -> "0 or more";
            } + ", got " + other);
        }
        return other;
    }
}
