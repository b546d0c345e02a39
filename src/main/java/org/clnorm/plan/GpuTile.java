package org.clnorm.plan;

import static org.clnorm.plan.Threshold.GPU_SHARES;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * How {@code gpu/columns.cl} cuts [all, channels]: tiles of lanes × pack columns, chunks of rows.
 *
 * @param all       real rows
 * @param channels  elements of a real row
 * @param repeat    real rows that make a row, see {@code gpu/strips.cl}
 * @param pack      elements in 16 bytes, neighbouring columns to a work-item
 * @param lanes     work-items side by side
 * @param depth     work-items down the rows
 * @param block     rows a work-item takes at a time
 * @param chunkRows rows of a chunk
 */
record GpuTile(long all, long channels, long repeat, int pack, long lanes, long depth, long block, long chunkRows) {
    private static final String PROGRAM = "gpu/columns";
    /** Kernels that do all of a tile in one launch. */
    private static final Set<String> WHOLE = Set.of("forward", "backward");
    /** Work-items side by side read 512 contiguous bytes, which a GPU does at full speed. */
    private static final long LANES = 32;
    /** Those of a tile that is to be walked by one work-group from registers: 128 bytes, 8 % slower elsewhere. */
    private static final long NARROW = 8;
    /** Real rows of a chunk, at least, so that its partial sums are small beside it. Reasoned, not measured. */
    private static final long CHUNK_ROWS = 64;
    /** Elements a work-item holds in registers: forward of x, backward of x and of dy; more would spill. */
    private static final long HELD_FORWARD = 32;
    private static final long HELD_BACKWARD = 16;
    /** Elements under way at a time in a long walk; reasoned, not measured. */
    private static final long STREAMED = 16;
    /** Partial results a channel that every work-group may merge itself; more are merged in a launch of their own. */
    private static final long FEW_ENTRIES = 16;

    /** Tiles for columns that are groups. */
    static GpuTile ofColumns(long rows, long channels, Task task, Traits traits) {
        int pack = Gpu.pack(task);
        long held = (task.forward() ? HELD_FORWARD : HELD_BACKWARD) / pack;
        long items = items(pack, traits);
        long repeat = repeat(channels, pack);
        repeat *= Math.max(1, Math.min(LANES * pack / (repeat * channels), rows / (repeat * CHUNK_ROWS)));
        long wide = lanes(Gpu.ceil(repeat * channels, pack), items);
        long narrow = Math.min(wide, NARROW);
        GpuTile tile = new GpuTile(rows, channels, repeat, pack, wide, items / wide, 1, Gpu.ceil(rows, repeat));
        if (tile.alone() && tile.rows() <= held * tile.depth()) {
            return tile.holding();
        }
        GpuTile tall = new GpuTile(rows, channels, repeat, pack, narrow, items / narrow, 1, tile.rows());
        return tall.alone() && tall.rows() <= held * tall.depth() ? tall.holding() : tile.inChunks(traits);
    }

    /** Tiles for rows whose elements have a parameter each. */
    static GpuTile ofRows(Rows rows, Task task, Traits traits) {
        int pack = Gpu.pack(task);
        long items = items(pack, traits);
        long repeat = repeat(rows.length(), pack);
        long lanes = lanes(Gpu.ceil(repeat * rows.length(), pack), items);
        return new GpuTile(rows.rows(), rows.length(), repeat, pack, lanes, items / lanes, 1,
                Gpu.ceil(rows.rows(), repeat)).inChunks(traits);
    }

    /** A pack of floats in local memory each, and four a lane for what waits while columns are walked once more. */
    private static long items(int pack, Traits traits) {
        long packs = traits.localBytes() / ((long) pack * Float.BYTES) - 4 * LANES - 1;
        return Math.min(GpuTeam.WORK_GROUP, GpuTeam.powerBelow(Math.min(traits.maxWorkGroup(), packs)));
    }

    private static long lanes(long packs, long items) {
        return Math.min(items, Math.min(LANES, GpuTeam.powerAbove(packs)));
    }

    /** The fewest real rows that are made of whole packs. */
    private static long repeat(long channels, long pack) {
        long repeat = 1;
        while (repeat * channels % pack != 0) {
            repeat *= 2;
        }
        return repeat;
    }

    private GpuTile inChunks(Traits traits) {
        long wanted = Gpu.ceil(traits.threshold(GPU_SHARES) * traits.computeUnits(), tiles());
        long streamed = Math.max(1, STREAMED / pack);
        long least = Math.max(Gpu.ceil(CHUNK_ROWS, repeat), depth * streamed);
        long most = Math.max(1, Math.min(wanted, rows() / least));
        return new GpuTile(all, channels, repeat, pack, lanes, depth, streamed, Gpu.ceil(rows(), most));
    }

    private GpuTile holding() {
        return new GpuTile(all, channels, repeat, pack, lanes, depth, GpuTeam.powerAbove(Gpu.ceil(rows(), depth)),
                rows());
    }

    /** Rows, of which the last may end early. */
    long rows() {
        return Gpu.ceil(all, repeat);
    }

    long chunks() {
        return Gpu.ceil(rows(), chunkRows);
    }

    long tiles() {
        return Gpu.ceil(repeat * channels, lanes * pack);
    }

    private boolean folded() {
        return repeat > 1 && tiles() == 1;
    }

    /** Whether a work-group finds out all about the channels of its tile. */
    boolean alone() {
        return chunks() == 1 && (repeat == 1 || folded());
    }

    private boolean holds() {
        return alone() && rows() <= block * depth;
    }

    /** Partial results that a channel has. */
    long entries() {
        return folded() ? chunks() : chunks() * repeat;
    }

    boolean fewEntries() {
        return entries() <= FEW_ENTRIES;
    }

    Map<String, Long> scalars() {
        Map<String, Long> scalars = new HashMap<>();
        scalars.put("all", all);
        scalars.put("repeat", repeat);
        scalars.put("channels", channels);
        scalars.put("chunk_rows", chunkRows);
        scalars.put("chunks", chunks());
        scalars.put("entries", entries());
        return scalars;
    }

    Step step(String kernel, Task task) {
        return step(kernel, task, scalars());
    }

    Step step(String kernel, Task task, Map<String, Long> scalars) {
        return new Step(PROGRAM, kernel, options(lanes, depth, holds() && WHOLE.contains(kernel), task),
                tiles() * chunks(), lanes * depth, scalars);
    }

    /** A launch over the entries of the channels: few columns side by side, for many work-groups. */
    Step merging(String kernel, Task task, Map<String, Long> scalars) {
        long side = Math.min(lanes, NARROW);
        return new Step(PROGRAM, kernel, options(side, lanes * depth / side, false, task),
                Gpu.ceil(channels, side * pack), lanes * depth, scalars);
    }

    private Map<String, Integer> options(long side, long down, boolean holds, Task task) {
        Map<String, Integer> options = new HashMap<>();
        options.put("LANES", (int) side);
        options.put("DEPTH", (int) down);
        options.put("BLOCK", (int) block);
        options.put("HOLDS", Gpu.flag(holds));
        options.put("FOLDED", Gpu.flag(folded()));
        options.put("ALIGNED", Gpu.flag(repeat == 1));
        options.put("MERGES", Gpu.flag(fewEntries()));
        Gpu.options(options, task);
        StatisticsSteps.fold(options, task);
        return options;
    }

    String said() {
        return channels + " interleaved columns of " + all + ", " + (alone() ? "" : chunks() + " chunks of ") + tiles()
                + " tiles of " + lanes * pack + (holds() ? ", in registers" : "");
    }
}
