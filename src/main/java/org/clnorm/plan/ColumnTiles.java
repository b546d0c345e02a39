package org.clnorm.plan;

import static org.clnorm.plan.Threshold.CPU_CACHED_BYTES;
import static org.clnorm.plan.Threshold.CPU_SHARES;

import java.util.Map;

/**
 * How [samples, channels, span] with a short span is cut: {@code parts} of {@code part} channels times {@code blocks}
 * of {@code block} samples. A sample's channels and their spans are the columns of a row, {@code fused} samples of it
 * where they are few; the last part and the last block hold what remains.
 */
record ColumnTiles(Planes planes, long fused, long parts, long part, long blocks, long block) {
    /** The most columns of a tile, as the kernels have it: their arrays take 36 KiB forward, 52 KiB backward. */
    static final long COLUMNS = 1024;
    /**
     * Columns of a tile where rows are whole cache lines and longer than {@link #COLUMNS}, or are fused. On PoCL, 2
     * cores of Sapphire Rapids, 1,024 won 10 to 15 % where tiles do not begin with a cache line, nothing elsewhere; 256
     * and 2,048 lost.
     */
    private static final long EVEN_COLUMNS = 512;
    /** Bytes after which addresses meet the same sets of a cache; the bits above are the physical page's. */
    private static final long PAGE = 4096;
    /** Columns that are worth a visit to a row: with 98 the same tiles lost against two sweeps (as above). */
    private static final long NARROW = 128;
    /** The same where rows are not whole cache lines: 125 took 1.3 to 1.9 times as long as two sweeps (as above). */
    private static final long NARROW_RAGGED = 256;
    /** Elements that one work-item does as fast as two kernels start. */
    private static final long SMALL = 16_384;
    /** Rows of a block, so that what is done once a tile does not count. */
    private static final long ROWS = 64;
    /** Tiles a compute unit. */
    private static final long TILES = 8;
    private static final long LINE_BYTES = 64;

    /** Tiles of all samples where these stay in the cache, of a block of samples elsewhere. */
    static ColumnTiles of(Task task, Planes planes, Traits traits) {
        long row = planes.channels() * planes.span();
        long line = LINE_BYTES / task.storage().bytes();
        boolean even = row % line == 0;
        if (row <= COLUMNS && row * planes.outer() <= SMALL) {
            return blocks(planes, fused(planes, line), 1, planes.channels(), 1);
        }
        if (task.statistics() == Task.Statistics.BATCH) {
            long shares = traits.threshold(CPU_SHARES) * traits.computeUnits();
            long columns = Math.min(cached(task, planes, traits), row / shares);
            if (columns >= Math.max(even ? NARROW : NARROW_RAGGED, planes.span())) {
                // 1,024 columns of 16 samples took 1.45 times as long as 512
                long most = even || planes.outer() < ROWS ? EVEN_COLUMNS : COLUMNS;
                return parts(planes, Math.min(columns, most), line, 1);
            }
        }
        long wanted = TILES * traits.computeUnits();
        if (row <= COLUMNS) {
            return blocks(planes, fused(planes, line), 1, planes.channels(), wanted);
        }
        return parts(planes, planes.span() == 1 && even ? EVEN_COLUMNS : COLUMNS, line, wanted);
    }

    /** Columns of all samples that stay in the cache together; 0 if the distance of rows has them meet in its sets. */
    private static long cached(Task task, Planes planes, Traits traits) {
        long room = traits.threshold(CPU_CACHED_BYTES);
        long bytes = task.storage().bytes();
        long apart = gcd(planes.channels() * planes.span() * bytes, PAGE);
        return planes.outer() * apart > room ? 0 : room / bytes / planes.outer();
    }

    /** Samples in a row, if possible so many that every row begins with a cache line; fewer where samples are few. */
    private static long fused(Planes planes, long line) {
        long row = planes.channels() * planes.span();
        long columns = Math.min(EVEN_COLUMNS, Math.max(NARROW, planes.outer() * row / ROWS));
        long fused = Math.max(1, Math.min(columns / row, planes.outer()));
        long even = line / gcd(row, line);
        return fused < even ? fused : fused / even * even;
    }

    /** Parts of about the same size, if possible beginning with a cache line. */
    private static ColumnTiles parts(Planes planes, long columns, long line, long tiles) {
        long parts = CpuWork.ceil(planes.channels(), columns / planes.span());
        long part = CpuWork.ceil(planes.channels(), parts);
        long even = line / gcd(planes.span(), line);
        long rounded = CpuWork.ceil(part, even) * even;
        long last = planes.channels() % rounded;
        if (rounded * planes.span() <= COLUMNS && (last == 0 || last * planes.span() >= line)) {
            part = rounded;
        }
        parts = CpuWork.ceil(planes.channels(), part);
        return blocks(planes, 1, parts, part, 2 * parts >= tiles ? 1 : tiles / parts);
    }

    private static ColumnTiles blocks(Planes planes, long fused, long parts, long part, long wanted) {
        long rows = planes.outer() / fused;
        long blocks = Math.max(1, Math.min(wanted, rows / ROWS));
        long block = blocks == 1 ? planes.outer() : rows / blocks * fused;
        return new ColumnTiles(planes, fused, parts, part, blocks, block);
    }

    private static long gcd(long a, long b) {
        return b == 0 ? a : gcd(b, a % b);
    }

    long count() {
        return parts * blocks;
    }

    /** Columns of the narrowest tile. */
    long narrowest() {
        long last = planes.channels() - (parts - 1) * part;
        return fused * Math.min(part, last) * planes.span();
    }

    Map<String, Long> scalars() {
        return Map.of("samples", planes.outer(), "channels", planes.channels(), "span", planes.span(), "fused", fused,
                "block", block, "blocks", blocks, "parts", parts, "part", part);
    }

    String said() {
        return planes.channels() + " channels of " + planes.outer() + " runs of " + planes.span() + ", tiles of " + part
                + " channels and " + block + " samples";
    }
}
