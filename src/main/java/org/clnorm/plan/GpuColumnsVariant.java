package org.clnorm.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Batch normalization of [N, C] and channels last on a GPU: tiles of columns, in chunks where rows are many. */
final class GpuColumnsVariant implements Variant {
    /** Floats that the moments of a channel's rows take. */
    private static final long MOMENTS = 4;

    @Override
    public String name() {
        return "gpu/columns";
    }

    @Override
    public KernelSet kernels() {
        return KernelSet.GPU;
    }

    @Override
    public boolean does(Task task) {
        return task.form().centered() && Gpu.does(task, false);
    }

    @Override
    public boolean measures() {
        return true;
    }

    @Override
    public Optional<NormPlan> plan(Task task, Traits traits) {
        return Planes.of(task).filter(planes -> planes.span() == 1).map(planes -> {
            GpuTile tile = GpuTile.ofColumns(planes.outer(), planes.channels(), task, traits);
            return task.forward() ? forward(task, tile) : backward(task, tile, traits);
        });
    }

    private NormPlan forward(Task task, GpuTile tile) {
        if (task.given()) {
            return Gpu.plan(name(), tile.said(), List.of(tile.step("apply", task)), Map.of(), task);
        }
        if (tile.alone()) {
            return Gpu.plan(name(), tile.said(), List.of(tile.step("forward", task)), Map.of(), task);
        }
        List<Step> steps = new ArrayList<>();
        steps.add(tile.step("chunk_moments", task));
        if (task.pass() == Task.Pass.STATISTICS) {
            steps.add(tile.merging("merge_moments", task, tile.scalars()));
        } else if (tile.fewEntries()) {
            steps.add(tile.step("apply_merged", task));
        } else {
            steps.add(tile.merging("merge_moments", task, tile.scalars()));
            steps.add(tile.step("apply", task));
        }
        return Gpu.plan(name(), tile.said(), steps, Map.of("partials", MOMENTS * tile.entries() * tile.channels()),
                task);
    }

    private NormPlan backward(Task task, GpuTile tile, Traits traits) {
        boolean given = task.given();
        boolean alone = tile.alone() && !given;
        boolean merged = task.dx() && !given && !alone;
        long blocks = merged || alone ? 1 : tile.entries();
        long totals = Gpu.raw(blocks, tile.channels());
        long raw = totals + (merged ? Gpu.roundUp(2 * tile.channels(), tile.pack()) : 0);
        Map<String, Long> scalars = tile.scalars();
        scalars.put("raw", raw);
        scalars.put("totals", totals);
        List<Step> steps = new ArrayList<>();
        steps.add(tile.step(alone ? "backward" : "chunk_sums", task, scalars));
        if (merged) {
            if (!tile.fewEntries()) {
                steps.add(tile.merging("merge_sums", task, scalars));
            }
            steps.add(tile.step("gradient", task, scalars));
        }
        if (task.parameters()) {
            Gpu.sum(steps, blocks, tile.channels(), traits);
        }
        long floats = task.parameters() || !given ? raw + 2 * tile.entries() * tile.channels() : 1;
        return Gpu.plan(name(), tile.said(), steps, Map.of("partials", floats), task);
    }
}
