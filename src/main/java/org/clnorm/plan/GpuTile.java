package org.clnorm.plan;

import java.util.HashMap;
import java.util.Map;

/**
 * How {@code gpu/columns.cl} cuts [rows, columns]: tiles of lanes × width columns, chunks of rows.
 *
 * @param rows      rows
 * @param columns   columns
 * @param width     neighbouring columns to a work-item, 1 or 4
 * @param lanes     work-items side by side
 * @param depth     work-items down the rows
 * @param chunkRows rows of a chunk
 */
record GpuTile(long rows, long columns, long width, long lanes, long depth, long chunkRows) {
    private static final String PROGRAM = "gpu/columns";
    /** Work-items side by side: 128 contiguous bytes with one column each, 512 with four. */
    private static final long LANES = 32;
    /** Rows of a chunk, at least, so that its partial sums are small beside it. Reasoned, not measured. */
    private static final long CHUNK_ROWS = 64;
    /** Local memory of a work-item that sums one column: two sums in two floats, and a magnitude. */
    private static final long LOCAL_BYTES = 20;

    /** Tiles for columns that are groups. */
    static GpuTile ofColumns(long rows, long columns, Traits traits) {
        return of(rows, columns, columns % 4 == 0 ? 4 : 1, traits);
    }

    /** Tiles for rows whose elements have a parameter each. */
    static GpuTile ofRows(Rows rows, Traits traits) {
        return of(rows.rows(), rows.length(), rows.length() % 4 == 0 ? 4 : 1, traits);
    }

    private static GpuTile of(long rows, long columns, long width, Traits traits) {
        GpuTile whole = shaped(rows, columns, width, rows, traits);
        long wanted = Gpu.ceil(Gpu.SHARES * traits.computeUnits(), whole.tiles());
        long chunks = Math.max(1, Math.min(wanted, rows / CHUNK_ROWS));
        return shaped(rows, columns, width, Gpu.ceil(rows, chunks), traits);
    }

    private static GpuTile shaped(long rows, long columns, long width, long chunkRows, Traits traits) {
        long items = Math.min(GpuTeam.WORK_GROUP, GpuTeam.powerBelow(
                Math.min(traits.maxWorkGroup(), traits.localBytes() / (width * LOCAL_BYTES))));
        long lanes = Math.max(1, Math.min(items, GpuTeam.stepBelow(Math.min(LANES, Gpu.ceil(columns, width)))));
        return new GpuTile(rows, columns, width, lanes, items / lanes, chunkRows);
    }

    /** All rows in one chunk and one column to a work-item, for kernels that decide about single columns. */
    GpuTile narrow(Traits traits) {
        return shaped(rows, columns, 1, rows, traits);
    }

    long chunks() {
        return Gpu.ceil(rows, chunkRows);
    }

    long tiles() {
        return Gpu.ceil(columns, lanes * width);
    }

    Map<String, Long> scalars() {
        Map<String, Long> scalars = new HashMap<>();
        scalars.put("rows", rows);
        scalars.put("columns", columns);
        scalars.put("chunk_rows", chunkRows);
        scalars.put("chunks", chunks());
        return scalars;
    }

    Step step(String kernel, Task task) {
        return step(kernel, task, scalars());
    }

    Step step(String kernel, Task task, Map<String, Long> scalars) {
        Map<String, Integer> options = new HashMap<>();
        options.put("WIDTH", (int) width);
        options.put("LANES", (int) lanes);
        options.put("DEPTH", (int) depth);
        Gpu.options(options, task);
        return new Step(PROGRAM, kernel, options, tiles() * chunks(), lanes * depth, scalars);
    }
}
