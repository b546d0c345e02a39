package org.clnorm.plan;

import static org.clnorm.plan.Threshold.CPU_CACHED_BYTES;
import static org.clnorm.plan.Threshold.CPU_SHARES;

import java.util.HashMap;
import java.util.Map;

/**
 * How sheets of [samples, channels, span] with a short span are cut: {@code parts} of {@code part} channels times
 * {@code blocks} of {@code block} samples. A sample's channels and their spans are the columns of a row, {@code fused}
 * samples of it where they are few; the last part and the last block hold what remains.
 */
record ColumnTiles(Sheets sheets, long fused, long parts, long part, long blocks, long block) {
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
    static ColumnTiles of(Task task, Sheets sheets, Traits traits) {
        Planes planes = sheets.planes();
        long row = planes.channels() * planes.span();
        long line = LINE_BYTES / task.storage().bytes();
        boolean even = row % line == 0;
        if (row <= COLUMNS && (row * planes.outer() <= SMALL || stays(task, sheets, traits))) {
            return blocks(sheets, fused(sheets, line), 1, planes.channels(), 1);
        }
        boolean whole = sheets.parameters() == Sheets.Parameters.SAMPLE;
        if (whole || !task.given()) {
            long shares = CpuWork.ceil(traits.threshold(CPU_SHARES) * traits.computeUnits(), sheets.sheets());
            long fair = Math.min(COLUMNS, row / shares);
            long columns = Math.min(cached(task, planes, traits), fair);
            if (columns >= Math.max(even ? NARROW : NARROW_RAGGED, planes.span())) {
                // 1,024 columns of 16 samples took 1.45 times as long as 512
                long most = even || planes.outer() < ROWS ? EVEN_COLUMNS : COLUMNS;
                return parts(sheets, Math.max(planes.span(), Math.min(columns, most)), line, 1);
            }
            if (whole) {
                return parts(sheets, Math.max(planes.span(), Math.max(Math.min(NARROW_RAGGED, row), fair)), line, 1);
            }
        }
        long wanted = CpuWork.ceil(TILES * traits.computeUnits(), sheets.sheets());
        if (row <= COLUMNS) {
            return blocks(sheets, fused(sheets, line), 1, planes.channels(), wanted);
        }
        return parts(sheets, planes.span() == 1 && even ? EVEN_COLUMNS : COLUMNS, line, wanted);
    }

    /** Whether there are sheets for all compute units, and one stays in the cache. */
    private static boolean stays(Task task, Sheets sheets, Traits traits) {
        long bytes = task.bytes(1) / sheets.sheets();
        return sheets.sheets() >= traits.threshold(CPU_SHARES) * traits.computeUnits()
                && bytes <= traits.threshold(CPU_CACHED_BYTES);
    }

    /** Columns of all samples that stay in the cache together; 0 if the distance of rows has them meet in its sets. */
    private static long cached(Task task, Planes planes, Traits traits) {
        long room = traits.threshold(CPU_CACHED_BYTES);
        long bytes = task.storage().bytes();
        long apart = gcd(planes.channels() * planes.span() * bytes, PAGE);
        return planes.outer() * apart > room ? 0 : room / bytes / planes.outer();
    }

    /**
     * Samples in a row, if possible so many that every row begins with a cache line; fewer where samples are few, and
     * one where each has a parameter.
     */
    private static long fused(Sheets sheets, long line) {
        if (sheets.parameters() == Sheets.Parameters.SAMPLE) {
            return 1;
        }
        Planes planes = sheets.planes();
        long row = planes.channels() * planes.span();
        long columns = Math.min(EVEN_COLUMNS, Math.max(NARROW, planes.outer() * row / ROWS));
        long fused = Math.max(1, Math.min(columns / row, planes.outer()));
        long even = line / gcd(row, line);
        return fused < even ? fused : fused / even * even;
    }

    /** Parts of about the same size, if possible beginning with a cache line. */
    private static ColumnTiles parts(Sheets sheets, long columns, long line, long tiles) {
        Planes planes = sheets.planes();
        long parts = CpuWork.ceil(planes.channels(), columns / planes.span());
        long part = CpuWork.ceil(planes.channels(), parts);
        long even = line / gcd(planes.span(), line);
        long rounded = CpuWork.ceil(part, even) * even;
        long last = planes.channels() % rounded;
        if (rounded * planes.span() <= COLUMNS && (last == 0 || last * planes.span() >= line)) {
            part = rounded;
        }
        parts = CpuWork.ceil(planes.channels(), part);
        return blocks(sheets, 1, parts, part, 2 * parts >= tiles ? 1 : tiles / parts);
    }

    private static ColumnTiles blocks(Sheets sheets, long fused, long parts, long part, long wanted) {
        Planes planes = sheets.planes();
        long rows = planes.outer() / fused;
        long blocks = sheets.parameters() == Sheets.Parameters.SAMPLE ? 1 : Math.max(1, Math.min(wanted, rows / ROWS));
        long block = blocks == 1 ? planes.outer() : rows / blocks * fused;
        return new ColumnTiles(sheets, fused, parts, part, blocks, block);
    }

    private static long gcd(long a, long b) {
        return b == 0 ? a : gcd(b, a % b);
    }

    private Planes planes() {
        return sheets.planes();
    }

    long count() {
        return sheets.sheets() * parts * blocks;
    }

    /** Columns of the narrowest tile. */
    long narrowest() {
        long last = planes().channels() - (parts - 1) * part;
        return fused * Math.min(part, last) * planes().span();
    }

    Map<String, Long> scalars() {
        Map<String, Long> scalars = new HashMap<>();
        scalars.put("sheets", sheets.sheets());
        scalars.put("samples", planes().outer());
        scalars.put("channels", planes().channels());
        scalars.put("span", planes().span());
        scalars.put("fused", fused);
        scalars.put("block", block);
        scalars.put("blocks", blocks);
        scalars.put("parts", parts);
        scalars.put("part", part);
        scalars.put("parameters", parameters());
        return scalars;
    }

    /** Parameters of a sheet; where there are none, what it has sums of. */
    long parameters() {
        return sheets.parameters() == Sheets.Parameters.SAMPLE ? planes().outer()
                : planes().channels() * sheets.each();
    }

    /** Partial sums of all tiles together, of dy say. */
    long sums() {
        long each = sheets.parameters() == Sheets.Parameters.SAMPLE ? parts : blocks;
        return sheets.sheets() * each * parameters();
    }

    /** Whether a parameter is of several tiles that have all samples. */
    boolean sharesParameters() {
        return sheets.sheets() > 1 || sheets.parameters() == Sheets.Parameters.SAMPLE;
    }

    String said() {
        String several = sheets.sheets() == 1 ? "" : sheets.sheets() + " sheets of ";
        return several + planes().channels() + " channels of " + planes().outer() + " runs of " + planes().span()
                + ", tiles of " + part + " channels and " + block + " samples";
    }
}
