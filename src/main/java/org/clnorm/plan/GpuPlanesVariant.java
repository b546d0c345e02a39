package org.clnorm.plan;

import java.util.Optional;

/** Batch normalization's planes on a GPU: a team of work-items a channel, or chunks of channels where these are few. */
final class GpuPlanesVariant implements Variant {
    @Override
    public String name() {
        return "gpu/planes";
    }

    @Override
    public KernelSet kernels() {
        return KernelSet.GPU;
    }

    @Override
    public boolean does(Task task) {
        return Gpu.does(task, false);
    }

    @Override
    public boolean measures() {
        return true;
    }

    @Override
    public Optional<NormPlan> plan(Task task, Traits traits) {
        return Planes.of(task).map(planes -> GpuPlanes.of(planes, task))
                .map(planes -> task.forward() ? forward(task, planes, traits)
                        : backward(task, planes, traits));
    }

    private NormPlan forward(Task task, GpuPlanes planes, Traits traits) {
        boolean whole = !task.given() && !planes.split(traits);
        return whole ? planes.forward(name(), task, traits)
                : GpuSlices.forward(planes, traits).forward(name(), task, traits);
    }

    private NormPlan backward(Task task, GpuPlanes planes, Traits traits) {
        boolean whole = !task.given() && !planes.splitBackward(traits);
        return whole ? planes.backward(name(), task, traits)
                : GpuSlices.backward(planes, traits).backward(name(), task, traits);
    }
}
