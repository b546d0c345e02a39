package org.clnorm.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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
    public Optional<NormPlan> plan(Task task, Traits traits) {
        return Planes.of(task).map(planes -> GpuPlanes.of(planes, task))
                .map(planes -> task.pass() == Task.Pass.FORWARD ? forward(task, planes, traits)
                        : backward(task, planes, traits));
    }

    private NormPlan forward(Task task, GpuPlanes planes, Traits traits) {
        boolean given = task.statistics() == Task.Statistics.GIVEN;
        if (!given && !planes.split(traits)) {
            return Gpu.plan(name(), planes.said(traits), List.of(planes.forward(task, traits)), Map.of(), task);
        }
        GpuPlanes.Chunks chunks = planes.chunks(false, traits);
        if (given) {
            return Gpu.plan(name(), planes.said(chunks), List.of(planes.apply(task, chunks, traits)), Map.of(), task);
        }
        List<Step> steps = new ArrayList<>(planes.statistics(task, chunks, traits));
        steps.add(planes.apply(task, chunks, traits));
        return Gpu.plan(name(), planes.said(chunks), steps, Map.of("partials", 3 * planes.groups() * chunks.count()),
                task);
    }

    private NormPlan backward(Task task, GpuPlanes planes, Traits traits) {
        boolean given = task.statistics() == Task.Statistics.GIVEN;
        return given || planes.splitBackward(traits) ? planes.backwardInChunks(name(), task, traits)
                : planes.backward(name(), task, traits);
    }
}
