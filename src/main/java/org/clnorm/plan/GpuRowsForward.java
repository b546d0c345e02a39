package org.clnorm.plan;

import static org.clnorm.plan.Threshold.GPU_CHUNK_ELEMENTS;
import static org.clnorm.plan.Threshold.GPU_MIDDLE_ROW;
import static org.clnorm.plan.Threshold.GPU_SHARES;
import static org.clnorm.plan.Threshold.GPU_SHORT_ROW;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Forward plans for rows with a parameter an element, {@code gpu/rows.cl} and {@code gpu/rows_split.cl}. The thresholds
 * are reasoned from registers as compilers use them, not measured on a device.
 */
final class GpuRowsForward {
    /** Elements that a work-item of a short row holds: so few that several rows share a warp. */
    private static final long SHORT_ELEMENTS = 16;
    /** Elements that a work-item holds: 56 to 80 registers. */
    private static final long ELEMENTS = 32;
    /** Elements that a work-item of a longer row holds: 88 to 120 registers. */
    private static final long MOST_ELEMENTS = 64;
    /** Packs of a chunk that a work-item holds of a longer row: 80 to 128 registers. */
    private static final long CHUNK_PACKS = 8;
    /** Elements of them where rows are not aligned, and their parameters take more registers. */
    private static final long ODD_CHUNK_ELEMENTS = 32;
    /** Packs a work-item keeps in local memory besides: 40 of 48 KiB. */
    private static final long LOCAL_PACKS = 5;
    /** Elements a work-item holds where it holds their weights and biases too. */
    private static final long KEPT_ELEMENTS = 16;
    private static final int KEPT_REGISTERS = 104;
    /** The same with an activation, or a sum of two tensors. */
    private static final int KEPT_FORM_REGISTERS = 120;
    /** Rows to a work-group, at least, that are worth reading parameters ahead. */
    private static final long KEPT_ROWS = 4;
    /** Elements of a split row that a work-group holds at a time. */
    private static final long SPLIT_ELEMENTS = 8_192;

    private final Task task;
    private final Rows rows;
    private final Traits traits;
    private final int pack;

    private GpuRowsForward(Task task, Rows rows, Traits traits) {
        this.task = task;
        this.rows = rows;
        this.traits = traits;
        this.pack = Gpu.pack(task);
    }

    static NormPlan plan(String variant, Task task, Rows rows, Traits traits) {
        GpuRowsForward forward = new GpuRowsForward(task, rows, traits);
        return Gpu.tooFew(rows.rows(), rows.length(), traits) ? forward.split(variant) : forward.whole(variant);
    }

    private NormPlan whole(String variant) {
        long each = rows.length() <= traits.threshold(GPU_SHORT_ROW) ? SHORT_ELEMENTS
                : rows.length() <= traits.threshold(GPU_MIDDLE_ROW) ? ELEMENTS : MOST_ELEMENTS;
        GpuRowTeam team = GpuRowTeam.of(rows.length(), pack, each, traits);
        GpuRowTeam keeping = GpuRowTeam.of(rows.length(), pack, KEPT_ELEMENTS, traits).shared(rows.rows(), traits);
        if (keeps(keeping)) {
            int registers = task.form().isPlain() ? KEPT_REGISTERS : KEPT_FORM_REGISTERS;
            long most = traits.computeUnits() * keeping.resident(registers);
            long strands = Math.max(1, Math.min(most, sets(keeping, keeping.phases()) * keeping.phases() / KEPT_ROWS)
                    / keeping.phases());
            return plan(variant, keeping, keeping.phases(), strands, Map.of("KEEP", 1, "REGISTERS", registers),
                    "with parameters in registers");
        }
        if (team.elementsEach() > MOST_ELEMENTS) {
            GpuRowTeam chunk = team.holding(team.aligned() ? CHUNK_PACKS : ODD_CHUNK_ELEMENTS / pack);
            int local = (int) chunk.localPacks(Math.min(LOCAL_PACKS, chunk.packs()), traits);
            return plan(variant, chunk, 1, rows.rows(), Map.of("CHUNKED", 1, "FULL", 0, "LOCAL_PACKS", local),
                    "in chunks of " + chunk.items() * chunk.elementsEach());
        }
        GpuRowTeam shared = team.shared(rows.rows(), traits);
        return plan(variant, shared, 1, sets(shared, 1), Map.of(), "in registers");
    }

    /** Whether parameters are read ahead: where rows are not aligned, there are many of them, and registers suffice. */
    private boolean keeps(GpuRowTeam team) {
        return !team.aligned() && rows.rowGroups() == 1 && task.hasParameters()
                && team.elementsEach() <= KEPT_ELEMENTS
                && rows.rows() >= KEPT_ROWS * team.teams() * team.phases() * traits.computeUnits();
    }

    /** Sets of rows, one row to each team of a work-group, in a phase. */
    private long sets(GpuRowTeam team, long phases) {
        return Gpu.ceil(rows.rows(), team.teams() * phases);
    }

    private NormPlan plan(String variant, GpuRowTeam team, long phases, long strands, Map<String, Integer> more,
            String how) {
        Map<String, Integer> options = team.options(true);
        options.putAll(more);
        options(options);
        Map<String, Long> scalars = scalars();
        scalars.put("phases", phases);
        scalars.put("strands", strands);
        Step step = new Step("gpu/rows", "forward", options, phases * strands, team.workGroup(), scalars);
        return Gpu.plan(variant, rows.rows() + " rows of " + rows.length() + " elements " + how + ", " + team.items()
                + " work-items each", List.of(step), Map.of(), task);
    }

    private NormPlan split(String variant) {
        long wanted = Gpu.ceil(traits.threshold(GPU_SHARES) * traits.computeUnits(), rows.rows());
        long span = Gpu.roundUp(Math.max(traits.threshold(GPU_CHUNK_ELEMENTS), Gpu.ceil(rows.length(), wanted)), pack);
        long chunks = Gpu.ceil(rows.length(), span);
        // rows of which each chunk begins like the row, since a chunk is a multiple of a pack
        GpuRowTeam team = GpuRowTeam.of(Math.min(span, SPLIT_ELEMENTS), pack, ELEMENTS, traits);
        Map<String, Integer> options = team.options(false);
        options.put("ALIGNED", Gpu.flag(rows.length() % pack == 0));
        options(options);
        Map<String, Long> scalars = scalars();
        scalars.put("chunk_span", span);
        scalars.put("chunks", chunks);
        long workGroups = rows.rows() * chunks;
        List<Step> steps = List.of(
                new Step("gpu/rows_split", "chunk_moments", options, workGroups, team.workGroup(), scalars),
                new Step("gpu/rows_split", "apply", options, workGroups, team.workGroup(), scalars));
        return Gpu.plan(variant, rows.rows() + " rows of " + rows.length() + " elements, in " + chunks
                + " chunks each", steps, Map.of("partials", 3 * workGroups), task);
    }

    /** The sum that is normalized may lie where one of its terms does. */
    private void options(Map<String, Integer> options) {
        Gpu.options(options, task);
        if (task.form().join() == Join.BEFORE) {
            options.put("IN_PLACE", 1);
        }
    }

    private Map<String, Long> scalars() {
        Map<String, Long> scalars = new HashMap<>();
        scalars.put("rows", rows.rows());
        scalars.put("length", rows.length());
        scalars.put("row_groups", rows.rowGroups());
        return scalars;
    }
}
