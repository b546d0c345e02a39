package org.clnorm.plan;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Contiguous rows on a GPU. Rows with a parameter an element are done by {@code gpu/rows.cl}; rows of segments that
 * share a parameter are groups of planes and are done by {@code gpu/planes.cl}.
 */
final class GpuRowsVariant implements Variant {
    private static final String PROGRAM = "gpu/rows";
    /** Work-items of a team that owns a whole row; more would halve the registers of each. From the literature. */
    private static final long TEAM = 512;
    /** Quads a work-item keeps parameters' sums of, in two floats each: 64 registers. */
    private static final long MOST_QUADS = 4;
    private static final long FEWEST_ROWS = 8;
    /** Rows this long are done by columns where rows alone would leave compute units idle. Reasoned. */
    private static final long LONG_ROW = 4_096;

    @Override
    public String name() {
        return "gpu/rows";
    }

    @Override
    public KernelSet kernels() {
        return KernelSet.GPU;
    }

    @Override
    public Optional<NormPlan> plan(Task task, Traits traits) {
        if (task.statistics() == Task.Statistics.GIVEN) {
            return Optional.empty();
        }
        return Rows.of(task.view()).map(rows -> task.pass() == Task.Pass.FORWARD ? forward(task, rows, traits)
                : backward(task, rows, traits));
    }

    private NormPlan forward(Task task, Rows rows, Traits traits) {
        boolean elementwise = rows.span() == 1;
        GpuPlanes planes = elementwise ? new GpuPlanes(rows.rows(), 1, rows.length(), 1, Gpu.pack(task))
                : GpuPlanes.of(rows, task);
        if (!planes.split(traits)) {
            return elementwise ? Gpu.plan(name(), said(rows), List.of(rowForward(task, rows, traits)), Map.of(), task)
                    : planes.forward(name(), task, traits);
        }
        GpuSlices slices = GpuSlices.forward(planes, traits);
        if (!elementwise) {
            return slices.forward(name(), task, traits);
        }
        List<Step> steps = new ArrayList<>(slices.statistics(task, traits));
        steps.add(rowApply(task, rows, slices.chunks(), traits));
        return Gpu.plan(name(), slices.said(), steps, slices.scratch(), task);
    }

    private static Step rowForward(Task task, Rows rows, Traits traits) {
        GpuTeam team = GpuTeam.of(1, rows.length(), rows.rows(), TEAM, Gpu.pack(task), traits);
        return step("forward", task, rows, team, 1, team.workGroups(rows.rows()), scalars(rows));
    }

    private static Step rowApply(Task task, Rows rows, GpuPlanes.Chunks chunks, Traits traits) {
        Map<String, Long> scalars = scalars(rows);
        scalars.put("chunk_span", chunks.span());
        scalars.put("chunks", chunks.count());
        return step("apply", task, rows, chunkTeam(chunks, task, traits), 1, rows.rows() * chunks.count(), scalars);
    }

    private NormPlan backward(Task task, Rows rows, Traits traits) {
        if (!rows.dense()) {
            GpuPlanes planes = GpuPlanes.of(rows, task);
            return planes.splitBackward(traits)
                    ? GpuSlices.backward(planes, traits).backward(name(), task, traits)
                    : planes.backward(name(), task, traits);
        }
        long held = MOST_QUADS * 4 / Gpu.pack(task) * GpuTeam.stepBelow(Math.min(TEAM, GpuTeam.mostItems(traits)));
        boolean few = rows.length() >= LONG_ROW && rows.rows() < FEWEST_ROWS * traits.computeUnits();
        return few || GpuTeam.packs(rows.length(), Gpu.pack(task)) > held ? byColumns(task, rows, traits)
                : byRows(task, rows, traits);
    }

    /** Work-groups that take rows in turn and keep their share of the parameters' sums in registers. */
    private NormPlan byRows(Task task, Rows rows, Traits traits) {
        GpuTeam team = GpuTeam.of(1, rows.length(), rows.rows() / FEWEST_ROWS, TEAM, Gpu.pack(task), traits);
        long quads = GpuTeam.powerAbove(Gpu.ceil(GpuTeam.packs(rows.length(), Gpu.pack(task)), team.lanes()));
        long busy = traits.computeUnits() * Math.max(1, 2 * TEAM / team.workGroup());
        long most = rows.rows() / (FEWEST_ROWS * team.teams());
        long blocks = Gpu.roundUp(Math.max(1, Math.min(busy, most)), Gpu.pack(task));
        Map<String, Long> scalars = scalars(rows);
        scalars.put("blocks", blocks);
        scalars.put("raw", Gpu.raw(blocks, rows.length()));
        List<Step> steps = new ArrayList<>();
        steps.add(step("backward", task, rows, team, quads, blocks, scalars));
        if (task.parameters()) {
            Gpu.sum(steps, blocks, rows.length(), traits);
        }
        return Gpu.plan(name(), said(rows) + ", " + blocks + " work-groups of " + team.teams() + " × " + team.items(),
                steps, Gpu.partials(task.parameters(), blocks, rows.length()), task);
    }

    /** The means of the rows first, then work-groups that own columns: no partial sums larger than the tensor. */
    private NormPlan byColumns(Task task, Rows rows, Traits traits) {
        List<Step> steps = new ArrayList<>();
        GpuPlanes.Chunks chunks = new GpuPlanes(rows.rows(), 1, rows.length(), 1, Gpu.pack(task)).chunks(false, traits);
        if (task.dx()) {
            Map<String, Long> scalars = scalars(rows);
            scalars.put("chunk_span", chunks.span());
            scalars.put("chunks", chunks.count());
            GpuTeam team = chunkTeam(chunks, task, traits);
            steps.add(step("chunk_sums", task, rows, team, 1, rows.rows() * chunks.count(), scalars));
            steps.add(step("merge_sums", task, rows, team, 1, rows.rows(), scalars));
        }
        GpuTile tile = GpuTile.ofRows(rows, task, traits);
        Map<String, Long> scalars = tile.scalars();
        scalars.put("raw", Gpu.raw(tile.entries(), rows.length()));
        steps.add(tile.step("row_gradients", task, scalars));
        if (task.parameters()) {
            Gpu.sum(steps, tile.entries(), rows.length(), traits);
        }
        Map<String, Long> scratch = Gpu.partials(task.parameters(), tile.entries(), rows.length());
        scratch.put("sums", 2 * rows.rows() * chunks.count());
        scratch.put("means", 2 * rows.rows());
        return Gpu.plan(name(), said(rows) + ", by columns", steps, scratch, task);
    }

    private static GpuTeam chunkTeam(GpuPlanes.Chunks chunks, Task task, Traits traits) {
        return GpuTeam.of(1, chunks.span(), 1, GpuTeam.WORK_GROUP, Gpu.pack(task), traits);
    }

    private static Step step(String kernel, Task task, Rows rows, GpuTeam team, long quads, long workGroups,
            Map<String, Long> scalars) {
        Map<String, Integer> options = team.options(rows.length() % Gpu.pack(task) == 0);
        options.put("QUADS", (int) quads);
        Gpu.options(options, task);
        return new Step(PROGRAM, kernel, options, workGroups, team.workGroup(), scalars);
    }

    private static Map<String, Long> scalars(Rows rows) {
        Map<String, Long> scalars = new HashMap<>();
        scalars.put("rows", rows.rows());
        scalars.put("length", rows.length());
        scalars.put("row_groups", rows.rowGroups());
        return scalars;
    }

    private static String said(Rows rows) {
        return rows.rows() + " rows of " + rows.length() + " elements";
    }
}
