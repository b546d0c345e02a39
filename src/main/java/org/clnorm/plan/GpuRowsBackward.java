package org.clnorm.plan;

import static org.clnorm.plan.Threshold.GPU_CHUNK_ELEMENTS;
import static org.clnorm.plan.Threshold.GPU_FEWEST_ROWS;
import static org.clnorm.plan.Threshold.GPU_LONG_ROW;
import static org.clnorm.plan.Threshold.GPU_SHARES;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Backward plans for rows with a parameter an element that all rows share: {@code gpu/rows_backward.cl}, or by columns
 * where rows are few or very long. The thresholds are reasoned from registers as compilers use them, not measured.
 */
final class GpuRowsBackward {
    /** Elements of which a work-item holds x, dy and the parameters' sums in two floats each. */
    private static final long HELD_ELEMENTS = 8;
    /** Elements of which it holds the sums only. */
    private static final long SUMMED_ELEMENTS = 16;
    /** Registers of a work-item: that holds x and dy, with the weights besides, that holds sums only. */
    private static final int HELD_REGISTERS = 96;
    private static final int KEPT_REGISTERS = 112;
    private static final int SUMMED_REGISTERS = 128;
    /** What an activation takes besides, of a work-item that holds x and dy. */
    private static final int ACTIVATION_REGISTERS = 16;

    /** Elements of a chunk to a work-item, at least, that only adds them up. */
    private static final long STREAMED_ELEMENTS = 16;

    private final Task task;
    private final Rows rows;
    private final Traits traits;
    private final int pack;

    private GpuRowsBackward(Task task, Rows rows, Traits traits) {
        this.task = task;
        this.rows = rows;
        this.traits = traits;
        this.pack = Gpu.pack(task);
    }

    static NormPlan plan(String variant, Task task, Rows rows, Traits traits) {
        GpuRowsBackward backward = new GpuRowsBackward(task, rows, traits);
        GpuRowTeam holding = GpuRowTeam.of(rows.length(), backward.pack, HELD_ELEMENTS, traits);
        GpuRowTeam summing = GpuRowTeam.of(rows.length(), backward.pack, SUMMED_ELEMENTS, traits);
        boolean few = rows.length() >= traits.threshold(GPU_LONG_ROW)
                && rows.rows() < traits.threshold(GPU_FEWEST_ROWS) * traits.computeUnits();
        boolean held = holding.elementsEach() <= HELD_ELEMENTS;
        // odd rows of 16 bits would take 144 registers, of which such work-groups have 128, and activations take more
        boolean activates = task.form().activates();
        boolean fits = summing.aligned() ? !activates || task.form().activation().hasCorner()
                : backward.pack == 4 && !activates;
        boolean summed = summing.elementsEach() <= SUMMED_ELEMENTS && fits;
        if (few || !held && !summed) {
            return backward.byColumns(variant);
        }
        return held ? backward.byRows(variant, holding, true) : backward.byRows(variant, summing, false);
    }

    /** Work-groups that take rows in turn and keep their share of the parameters' sums in registers. */
    private NormPlan byRows(String variant, GpuRowTeam one, boolean hold) {
        GpuRowTeam team = one.shared(rows.rows() / traits.threshold(GPU_FEWEST_ROWS), traits);
        boolean keep = hold && !team.aligned() && task.weight();
        int registers = !hold ? SUMMED_REGISTERS : (keep ? KEPT_REGISTERS : HELD_REGISTERS)
                + (task.form().activates() ? ACTIVATION_REGISTERS : 0);
        long busy = traits.computeUnits() * team.resident(registers);
        long most = rows.rows() / (traits.threshold(GPU_FEWEST_ROWS) * team.teams());
        long blocks = Gpu.roundUp(Math.max(1, Math.min(busy, most)), team.phases());
        Map<String, Integer> options = team.options(true);
        options.put("HOLD", Gpu.flag(hold));
        options.put("KEEP", Gpu.flag(keep));
        options.put("REGISTERS", registers);
        Gpu.options(options, task);
        Map<String, Long> scalars = scalars();
        scalars.put("phases", team.phases());
        scalars.put("blocks", blocks);
        scalars.put("raw", Gpu.raw(blocks, rows.length()));
        List<Step> steps = new ArrayList<>();
        steps.add(new Step("gpu/rows_backward", "backward", options, blocks, team.workGroup(), scalars));
        if (task.parameters()) {
            Gpu.sum(steps, blocks, rows.length(), traits);
        }
        return Gpu.plan(variant, said() + (hold ? " in registers, " : ", ") + blocks + " work-groups of "
                + team.teams() + " × " + team.items(), steps, Gpu.partials(task.parameters(), blocks, rows.length()),
                task);
    }

    /** The means of the rows first, then work-groups that own columns: no partial sums larger than the tensor. */
    private NormPlan byColumns(String variant) {
        List<Step> steps = new ArrayList<>();
        long wanted = Gpu.ceil(traits.threshold(GPU_SHARES) * traits.computeUnits(), rows.rows());
        long span = Gpu.roundUp(Math.max(traits.threshold(GPU_CHUNK_ELEMENTS), Gpu.ceil(rows.length(), wanted)), pack);
        long chunks = Gpu.ceil(rows.length(), span);
        if (task.dx()) {
            Map<String, Long> scalars = scalars();
            scalars.put("chunk_span", span);
            scalars.put("chunks", chunks);
            GpuRowTeam team = GpuRowTeam.of(span, pack, STREAMED_ELEMENTS, traits).holding(1);
            Map<String, Integer> options = team.options(false);
            options.put("ALIGNED", Gpu.flag(rows.length() % pack == 0));
            Gpu.options(options, task);
            steps.add(new Step("gpu/rows_sums", "chunk_sums", options, rows.rows() * chunks, team.workGroup(),
                    scalars));
            steps.add(new Step("gpu/rows_sums", "merge_sums", options, rows.rows(), team.workGroup(), scalars));
        }
        GpuTile tile = GpuTile.ofRows(rows, task, traits);
        Map<String, Long> scalars = tile.scalars();
        scalars.put("raw", Gpu.raw(tile.entries(), rows.length()));
        steps.add(tile.step("row_gradients", task, scalars));
        if (task.parameters()) {
            Gpu.sum(steps, tile.entries(), rows.length(), traits);
        }
        Map<String, Long> scratch = Gpu.partials(task.parameters(), tile.entries(), rows.length());
        scratch.put("sums", 2 * rows.rows() * chunks);
        scratch.put("means", 2 * rows.rows());
        return Gpu.plan(variant, said() + ", by columns", steps, scratch, task);
    }

    private Map<String, Long> scalars() {
        Map<String, Long> scalars = new HashMap<>();
        scalars.put("rows", rows.rows());
        scalars.put("length", rows.length());
        return scalars;
    }

    private String said() {
        return rows.rows() + " rows of " + rows.length() + " elements";
    }
}
