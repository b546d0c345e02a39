package org.clnorm.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Batch normalization of [N, C] and channels last on a GPU: tiles of columns, in chunks where rows are many. */
final class GpuColumnsVariant implements Variant {
    @Override
    public String name() {
        return "gpu/columns";
    }

    @Override
    public KernelSet kernels() {
        return KernelSet.GPU;
    }

    @Override
    public Optional<NormPlan> plan(Task task, Traits traits) {
        return Planes.of(task).filter(planes -> planes.span() == 1).map(planes -> {
            GpuTile tile = GpuTile.ofColumns(planes.outer(), planes.channels(), traits);
            return task.pass() == Task.Pass.FORWARD ? forward(task, tile, traits) : backward(task, tile, traits);
        });
    }

    private NormPlan forward(Task task, GpuTile tile, Traits traits) {
        if (task.statistics() == Task.Statistics.GIVEN) {
            return Gpu.plan(name(), said(tile), List.of(tile.step("apply", task)), Map.of(), task);
        }
        GpuTile narrow = tile.narrow(traits);
        if (tile.chunks() == 1) {
            return Gpu.plan(name(), said(narrow), List.of(narrow.step("forward", task)), Map.of(), task);
        }
        List<Step> steps = List.of(tile.step("chunk_moments", task), narrow.step("merge_moments", task, tile.scalars()),
                tile.step("apply", task));
        return Gpu.plan(name(), said(tile), steps, Map.of("partials", 3 * tile.chunks() * tile.columns()), task);
    }

    private NormPlan backward(Task task, GpuTile tile, Traits traits) {
        boolean given = task.statistics() == Task.Statistics.GIVEN;
        Map<String, Long> scalars = tile.scalars();
        scalars.put("raw", Gpu.raw(tile.chunks(), tile.columns()));
        List<Step> steps = new ArrayList<>();
        steps.add(tile.step("chunk_sums", task, scalars));
        if (task.dx() && !given && tile.chunks() > 1) {
            steps.add(tile.step("gradient", task, scalars));
        }
        if (task.parameters()) {
            Gpu.sum(steps, tile.chunks(), tile.columns(), traits);
        }
        Map<String, Long> scratch = Gpu.partials(task.parameters() || !given, tile.chunks(), tile.columns());
        return Gpu.plan(name(), said(tile), steps, scratch, task);
    }

    private static String said(GpuTile tile) {
        return tile.columns() + " interleaved columns of " + tile.rows() + ", tiles of " + tile.lanes() * tile.width()
                + " in " + tile.chunks() + " chunks";
    }
}
