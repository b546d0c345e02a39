package org.clnorm.plan;

import static org.clnorm.plan.Threshold.CPU_LONG_DENSE_ROW;
import static org.clnorm.plan.Threshold.CPU_LONG_ROW;
import static org.clnorm.plan.Threshold.CPU_PART;
import static org.clnorm.plan.Threshold.CPU_SHARES;
import static org.clnorm.plan.Threshold.CPU_SHORT_DENSE_ROW;
import static org.clnorm.plan.Threshold.CPU_STAGED_HALVES;
import static org.clnorm.plan.Threshold.CPU_STAGED_ROW;
import static org.clnorm.plan.Threshold.CPU_STREAM_BYTES;
import static org.clnorm.plan.Threshold.CPU_WORK;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Contiguous rows on a CPU device: a work-item does whole rows, or a part of a row where rows are few. */
final class CpuRowsVariant implements Variant {
    /** Rows that a work-item of rows_apply does in its columns. */
    private static final long MOST_ROWS = 64;
    /** Additions that a plain sum stands, SERIAL_SUMS of cpu/vectors.cl. */
    private static final long SERIAL_SUMS = 16;
    /**
     * Elements of all row groups of a work-item at least, so that memory is read in long stretches. On PoCL, 2 cores of
     * Sapphire Rapids: 1.1 to 1.3 times as fast as 2,048 at rows of 31 to 64, 16,384 no faster.
     */
    private static final long CHUNK = 8_192;
    /** Elements a parameter up to which its gradient is summed element by element first. */
    private static final long SHORT_SPAN = 64;
    private static final long FOUR = 4;
    /** Bytes by which the memory of work-items lies apart. */
    private static final long PAGE = 4_096;
    /**
     * Rows up to this length are normalized four at a time. Measured with PoCL on Sapphire Rapids: 1.4–1.6 times as
     * fast at 31 and 64, slower from 128 on.
     */
    private static final long SHORT_ROW = 96;
    /** The same for rows that are no whole vectors: 1.3 times as fast at 100 and 127, slower by a twelfth at 257. */
    private static final long SHORT_RAGGED_ROW = 255;
    /**
     * Rows up to this length are compiled for: 1.05–1.2 times as fast up to 33, 1.02–1.07 at 63 and 64, forward slower
     * at 65.
     */
    private static final long FIXED_ROW = 64;
    /** Columns of a work-item of dense_columns; its sums take four floats each and should stay in the L1 cache. */
    private static final long COLUMNS = 1_024;
    private static final String STAGED = "STAGED";

    @Override
    public String name() {
        return "cpu/rows";
    }

    @Override
    public KernelSet kernels() {
        return KernelSet.CPU;
    }

    @Override
    public boolean does(Task task) {
        return !CpuWork.gates(task) || task.dx();
    }

    @Override
    public boolean measures() {
        return true;
    }

    @Override
    public Optional<NormPlan> plan(Task task, Traits traits) {
        if (task.given()) {
            return Optional.empty();
        }
        return Rows.of(task.view()).flatMap(rows -> task.forward() ? Optional.of(forward(task, rows, traits))
                : backward(task, rows, traits));
    }

    /** Rows without parameters may be read as rows with a parameter an element: nothing is read of them. */
    private static Rows elementwise(Task task, Rows rows) {
        boolean none = !task.weight() && !task.bias() && !task.parameters();
        return none ? new Rows(rows.rows(), rows.length(), 1, 1) : rows;
    }

    private NormPlan forward(Task task, Rows given, Traits traits) {
        Rows rows = elementwise(task, given);
        Map<String, Integer> options = CpuWork.options(task, traits, rows.span() == 1 ? rows.length() : rows.span());
        options.put("ELEMENTWISE", rows.span() == 1 ? 1 : 0);
        StatisticsSteps.fold(options, task);
        boolean shared = CpuWork.tooFew(rows.rows(), task.view().elements(), traits)
                || (task.weight() || task.bias()) && rows.span() == 1
                        && rows.length() >= traits.threshold(CPU_LONG_ROW);
        return shared ? forwardInParts(task, rows, options, traits) : forwardWhole(task, rows, options, traits);
    }

    /**
     * Whether x is a sum. Backward its rows go one at a time: with a third tensor read beside four rows of x and dy,
     * 256 to 1,024 elements took 1.06 to 1.25 times as long (as above).
     */
    private static boolean sums(Task task) {
        return task.form().join() == Join.BEFORE;
    }

    private NormPlan forwardWhole(Task task, Rows rows, Map<String, Integer> options, Traits traits) {
        Map<String, Long> scalars = scalars(rows);
        long block = CpuWork.block(rows.rows(), rows.length(), traits);
        scalars.put("block", block);
        if (sums(task)) {
            return forwardSums(task, rows, options, scalars);
        }
        if (rows.span() == 1) {
            stage(task, rows, traits, options);
        }
        long shortest = rows.length() % CpuWork.width(traits, rows.length()) == 0 ? SHORT_ROW : SHORT_RAGGED_ROW;
        boolean shortRows = rows.length() <= shortest && block >= FOUR;
        if (shortRows) {
            fix(rows, options);
        } else if (!options.containsKey(STAGED)) {
            CpuWork.keepSigns(options, task);
        }
        Step step = CpuWork.step(shortRows ? "cpu/rows_short" : "cpu/rows", shortRows ? "rows_short" : "rows_forward",
                options, CpuWork.ceil(rows.rows(), block), scalars);
        return CpuWork.plan(name(), said(rows) + ", " + block + " a work-item", List.of(step), Map.of(), task);
    }

    /** A row of the sum waits in scratch memory of its work-item, which stays in the cache. */
    private NormPlan forwardSums(Task task, Rows rows, Map<String, Integer> options, Map<String, Long> scalars) {
        long room = CpuWork.ceil(rows.length() * task.storage().bytes(), PAGE) * PAGE;
        long items = CpuWork.ceil(rows.rows(), scalars.get("block"));
        scalars.put("room", room / task.storage().bytes());
        Step step = CpuWork.step("cpu/rows_sum", "rows_sum", options, items, scalars);
        return CpuWork.plan(name(), said(rows) + " of sums, " + scalars.get("block") + " a work-item", List.of(step),
                Map.of("kept", options.get("STREAM") == 1 ? items * room / Float.BYTES : 1), task);
    }

    private NormPlan forwardInParts(Task task, Rows rows, Map<String, Integer> options, Traits traits) {
        long parts = CpuWork.ceil(rows.length(), traits.threshold(CPU_PART));
        Map<String, Long> moments = scalars(rows);
        moments.put("length", rows.length());
        moments.put("parts", parts);
        moments.put("part", traits.threshold(CPU_PART));
        Map<String, Long> apply = scalars(rows);
        CpuWork.keepSigns(options, task);
        long part = rows.span() == 1 ? COLUMNS : traits.threshold(CPU_PART);
        long block = rows.span() == 1 ? Math.min(MOST_ROWS, rows.rows()) : 1;
        long tiles = CpuWork.ceil(rows.length(), part);
        apply.put("parts", tiles);
        apply.put("part", part);
        apply.put("block", block);
        List<Step> steps = new ArrayList<>();
        steps.add(sums(task) ? CpuWork.step("cpu/rows_sum", "sum_moments", options, rows.rows() * parts, moments)
                : CpuWork.step("cpu/rows", "rows_moments", options, rows.rows() * parts, moments));
        steps.add(CpuWork.step("cpu/rows", "rows_merge", options, rows.rows(), moments));
        if (task.pass() == Task.Pass.FORWARD) {
            steps.add(CpuWork.step("cpu/rows", "rows_apply", options, tiles * CpuWork.ceil(rows.rows(), block), apply));
        }
        return CpuWork.plan(name(), said(rows) + ", in " + parts + " parts each", steps,
                Map.of("partials", 3 * rows.rows() * parts), task);
    }

    private Optional<NormPlan> backward(Task task, Rows given, Traits traits) {
        Rows rows = elementwise(task, given);
        boolean spread = rows.span() <= SHORT_SPAN && rows.length() <= traits.threshold(CPU_LONG_DENSE_ROW);
        if (!spread && !rows.dense()) {
            return Optional.of(segments(task, rows, traits));
        }
        return CpuWork.gates(task) ? Optional.empty() : Optional.of(dense(task, rows, traits));
    }

    private NormPlan dense(Task task, Rows rows, Traits traits) {
        Map<String, Integer> options = CpuWork.options(task, traits, rows.length());
        long samples = rows.rows() / rows.rowGroups();
        long chunk = Math.min(rows.rowGroups(), CpuWork.ceil(CHUNK, rows.length()));
        long chunks = CpuWork.ceil(rows.rowGroups(), chunk);
        long worth = CpuWork.ceil(task.view().elements(), traits.threshold(CPU_WORK));
        long items = Math.min(worth, traits.threshold(CPU_SHARES) * traits.computeUnits());
        boolean byFour = rows.length() <= traits.threshold(CPU_SHORT_DENSE_ROW) && samples >= FOUR && !sums(task);
        long block = CpuWork.ceil(samples, Math.max(1, items / chunks));
        block = byFour ? CpuWork.ceil(block, FOUR) * FOUR : block;
        long blocks = CpuWork.ceil(samples, block);
        boolean columns = rows.dense() && (rows.length() >= traits.threshold(CPU_LONG_DENSE_ROW)
                || CpuWork.tooFew(blocks, task.view().elements(), traits)
                        && rows.length() >= COLUMNS * traits.computeUnits());
        if (columns) {
            return denseColumns(task, rows, options, traits);
        }
        boolean pairs = task.parameters() && block > (byFour ? FOUR * SERIAL_SUMS : SERIAL_SUMS);
        boolean spread = rows.span() > 1;
        options.put("SPREAD", spread ? 1 : 0);
        if (rows.dense()) {
            stage(task, rows, traits, options);
        }
        fix(rows, options);
        Map<String, Long> scalars = scalars(rows);
        scalars.put("chunk", chunk);
        scalars.put("block", block);
        scalars.put("by_four", byFour ? 1L : 0L);
        scalars.put("pairs", pairs ? 1L : 0L);
        List<Step> steps = new ArrayList<>();
        steps.add(CpuWork.step("cpu/rows_dense", "dense_backward", options, blocks * chunks, scalars));
        long parameters = rows.rowGroups() * rows.segments();
        int width = CpuWork.width(traits, rows.length());
        long size = chunk * CpuWork.ceil(rows.length(), width) * width;
        Map<String, Long> scratch = Map.of("partials", task.parameters() ? 2 * blocks * parameters : 1, "sums",
                blocks * chunks * size * ((pairs ? 6 : 2) + (spread ? task.bias() ? 2 : 1 : 0)));
        if (task.parameters()) {
            steps.add(CpuWork.sumPartials(blocks, parameters, traits));
        }
        return CpuWork.plan(name(), said(rows) + ", " + block + " of " + chunk + " a work-item", steps, scratch, task);
    }

    private NormPlan denseColumns(Task task, Rows rows, Map<String, Integer> options, Traits traits) {
        options.put("COLUMNS", (int) COLUMNS);
        long parts = CpuWork.ceil(rows.length(), traits.threshold(CPU_PART));
        Map<String, Long> scalars = Map.of("rows", rows.rows(), "length", rows.length(), "parts", parts,
                "part", traits.threshold(CPU_PART));
        List<Step> steps = List.of(
                CpuWork.step("cpu/rows_dense", "dense_sums", options, rows.rows() * parts, scalars),
                CpuWork.step("cpu/rows_dense", "dense_fold", options, rows.rows(), scalars),
                CpuWork.step("cpu/rows_dense", "dense_columns", options, CpuWork.ceil(rows.length(), COLUMNS),
                        scalars));
        return CpuWork.plan(name(), said(rows) + ", " + COLUMNS + " columns a work-item", steps,
                Map.of("sums", 2 * rows.rows() * parts, "means", 2 * rows.rows()), task);
    }

    private NormPlan segments(Task task, Rows rows, Traits traits) {
        Map<String, Integer> options = CpuWork.options(task, traits, rows.span());
        Map<String, Long> scalars = scalars(rows);
        long sums = rows.rows() * rows.segments();
        Map<String, Long> scratch = new HashMap<>();
        scratch.put("partials", task.parameters() ? 2 * sums : 1);
        List<Step> steps = new ArrayList<>();
        String how;
        if (!CpuWork.tooFew(rows.rows(), task.view().elements(), traits)) {
            long block = CpuWork.block(rows.rows(), rows.length(), traits);
            scalars.put("block", block);
            steps.add(CpuWork.step("cpu/rows_segments", "segments_backward", options, CpuWork.ceil(rows.rows(), block),
                    scalars));
            how = ", " + block + " a work-item";
        } else {
            long parts = CpuWork.ceil(rows.span(), traits.threshold(CPU_PART));
            scalars.put("parts", parts);
            scalars.put("part", traits.threshold(CPU_PART));
            scratch.put("sums", 2 * sums * parts);
            scratch.put("means", 2 * rows.rows());
            steps.add(CpuWork.step("cpu/rows_segments", "segments_sums", options, sums * parts, scalars));
            steps.add(CpuWork.step("cpu/rows_segments", "segments_fold", options, rows.rows(), scalars));
            if (task.dx()) {
                steps.add(CpuWork.step("cpu/rows_segments", "segments_dx", options, sums * parts, scalars));
            }
            how = ", in " + rows.segments() * parts + " parts each";
        }
        if (task.parameters()) {
            steps.add(CpuWork.sumPartials(rows.rows() / rows.rowGroups(), rows.rowGroups() * rows.segments(),
                    traits));
        }
        return CpuWork.plan(name(), said(rows) + how, steps, scratch, task);
    }

    /** Short ragged rows that follow each other in a large output are collected to whole cache lines, if that pays. */
    private static void stage(Task task, Rows rows, Traits traits, Map<String, Integer> options) {
        long bytes = rows.length() * task.storage().bytes();
        boolean staged = task.pass() != Task.Pass.STATISTICS && task.bytes(1) >= traits.threshold(CPU_STREAM_BYTES)
                && rows.length() <= longestStaged(task, traits)
                && bytes % (CpuWork.LINE * Float.BYTES) != 0;
        if (staged) {
            options.put(STAGED, 1);
            options.put("STREAM", 0);
        }
    }

    /** Forward, floats take 1.05 to 1.25 times as long when they are collected (PoCL, Sapphire Rapids, 31 to 2,000). */
    private static long longestStaged(Task task, Traits traits) {
        if (task.pass() == Task.Pass.BACKWARD) {
            return traits.threshold(CPU_STAGED_ROW);
        }
        return task.storage().bytes() < Float.BYTES ? traits.threshold(CPU_STAGED_HALVES) : 0;
    }

    /** Tells the compiler the length of short rows. */
    private static void fix(Rows rows, Map<String, Integer> options) {
        if (rows.length() <= FIXED_ROW) {
            options.put("FIXED_LENGTH", (int) rows.length());
        }
    }

    private static Map<String, Long> scalars(Rows rows) {
        Map<String, Long> scalars = new HashMap<>();
        scalars.put("rows", rows.rows());
        scalars.put("segments", rows.segments());
        scalars.put("span", rows.span());
        scalars.put("row_groups", rows.rowGroups());
        return scalars;
    }

    private static String said(Rows rows) {
        return rows.rows() + " contiguous rows of " + rows.length();
    }
}
