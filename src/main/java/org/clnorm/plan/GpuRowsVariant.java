package org.clnorm.plan;

import java.util.Optional;

/**
 * Contiguous rows on a GPU. Rows with a parameter an element are held in registers; rows of segments that share a
 * parameter are groups of planes and are done by {@code gpu/planes.cl}.
 */
final class GpuRowsVariant implements Variant {
    @Override
    public String name() {
        return "gpu/rows";
    }

    @Override
    public KernelSet kernels() {
        return KernelSet.GPU;
    }

    @Override
    public boolean does(Task task) {
        return Gpu.does(task, Rows.of(task.view()).filter(rows -> rows.span() == 1).isPresent());
    }

    @Override
    public Optional<NormPlan> plan(Task task, Traits traits) {
        if (task.given()) {
            return Optional.empty();
        }
        return Rows.of(task.view()).flatMap(
                rows -> task.pass() == Task.Pass.FORWARD ? forward(task, rows, traits) : backward(task, rows, traits));
    }

    private Optional<NormPlan> forward(Task task, Rows rows, Traits traits) {
        if (rows.span() == 1) {
            return possible(task, traits) ? Optional.of(GpuRowsForward.plan(name(), task, rows, traits))
                    : Optional.empty();
        }
        GpuPlanes planes = GpuPlanes.of(rows, task);
        return Optional.of(planes.split(traits) ? GpuSlices.forward(planes, traits).forward(name(), task, traits)
                : planes.forward(name(), task, traits));
    }

    private Optional<NormPlan> backward(Task task, Rows rows, Traits traits) {
        if (rows.dense()) {
            return possible(task, traits) ? Optional.of(GpuRowsBackward.plan(name(), task, rows, traits))
                    : Optional.empty();
        }
        GpuPlanes planes = GpuPlanes.of(rows, task);
        return Optional.of(planes.splitBackward(traits)
                ? GpuSlices.backward(planes, traits).backward(name(), task, traits)
                : planes.backward(name(), task, traits));
    }

    private static boolean possible(Task task, Traits traits) {
        return GpuRowTeam.possible(Gpu.pack(task), traits);
    }
}
