package org.clnorm.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Launches of {@code gpu/plane_slices.cl}: groups of planes cut into chunks, a work-group each.
 *
 * @param shape  the groups
 * @param chunks how they are cut
 */
record GpuSlices(GpuPlanes shape, GpuPlanes.Chunks chunks) {
    private static final String PROGRAM = "gpu/plane_slices";
    /** Floats that a slice's moments take. */
    private static final long MOMENTS = 4;

    static GpuSlices forward(GpuPlanes shape, Traits traits) {
        return new GpuSlices(shape, shape.chunks(false, traits));
    }

    static GpuSlices backward(GpuPlanes shape, Traits traits) {
        return new GpuSlices(shape, shape.chunks(shape.segmented(), traits));
    }

    /** Scratch for the moments of the slices. */
    Map<String, Long> scratch() {
        return Map.of("partials", MOMENTS * shape.groups() * chunks.count());
    }

    /** Moments of the slices, then y; y at once where the statistics were given. */
    NormPlan forward(String variant, Task task, Traits traits) {
        if (task.given()) {
            return Gpu.plan(variant, said(), List.of(step("apply", task, scalars(), traits)), Map.of(), task);
        }
        List<Step> steps = List.of(step("chunk_moments", task, scalars(), traits),
                step("apply_merged", task, scalars(), traits));
        return Gpu.plan(variant, said(), steps, scratch(), task);
    }

    /** Sums of the slices, then dx; at once where the statistics were given. */
    NormPlan backward(String variant, Task task, Traits traits) {
        boolean merged = task.dx() && !task.given();
        boolean totalled = merged && !shape.segmented();
        long repeats = shape.groups() / shape.repeat();
        long sliced = repeats * (shape.segmented() ? chunks.spanChunks() : chunks.count());
        long blocks = totalled ? repeats : sliced;
        long totals = Gpu.raw(blocks, shape.parameters());
        long raw = totals + (totalled ? Gpu.roundUp(2 * shape.groups(), shape.pack()) : 0);
        Map<String, Long> scalars = scalars();
        scalars.put("totals", totals);
        scalars.put("raw", raw);
        List<Step> steps = new ArrayList<>();
        steps.add(step("chunk_sums", task, scalars, traits));
        if (merged) {
            steps.add(step("gradient", task, scalars, traits));
        }
        if (task.parameters()) {
            Gpu.sum(steps, blocks, shape.parameters(), traits);
        }
        long floats = task.parameters() || merged ? raw + 2 * sliced * shape.parameters() : 1;
        return Gpu.plan(variant, said(), steps, Map.of("partials", floats), task);
    }

    private Step step(String kernel, Task task, Map<String, Long> scalars, Traits traits) {
        GpuWalk walk = walk(task, traits);
        Map<String, Integer> options = shape.options(walk, chunks.planes(), task);
        StatisticsSteps.fold(options, task);
        return new Step(PROGRAM, kernel, options,
                walk.workGroups(shape.groups()) * chunks.count(), walk.workGroup(), scalars);
    }

    /** The work-groups of the slices. */
    GpuWalk walk(Task task, Traits traits) {
        return GpuWalk.part(chunks.planes() * shape.packs(chunks.span()), shape.groups() * chunks.count(),
                shape.pack(), task, traits);
    }

    Map<String, Long> scalars() {
        Map<String, Long> scalars = shape.scalars();
        scalars.put("chunk_planes", chunks.planes());
        scalars.put("chunk_span", chunks.span());
        scalars.put("span_chunks", chunks.spanChunks());
        scalars.put("chunks", chunks.count());
        return scalars;
    }

    String said() {
        return shape.said() + ", in " + chunks.count() + " chunks each";
    }
}
