package org.clnorm.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Batch normalization's planes in one launch that reads x from memory once, {@code gpu/planes_ticketed.cl}. It promises
 * 2T instead of 3T, and 3T instead of 5T, but no GPU has shown it yet, so it runs only when named.
 */
final class GpuTicketedVariant implements Variant {
    private static final String PROGRAM = "gpu/planes_ticketed";
    /**
     * Bytes of a slice: a pack at a time for each of 256 work-items, four times over. Slices are small because all that
     * are under way have to stay in the cache; the slices of a channel plus twice those under way are read again from
     * it. Reasoned: 9 MB, and a channel, of the 25 to 30 MB that an H200 keeps.
     */
    private static final long SLICE_BYTES = 16_384;
    /** Slices under way for each compute unit. */
    private static final long UNDER_WAY = 4;
    private static final long MOST_TICKETS = 1L << 30;
    private static final long MOMENTS = 4;

    @Override
    public String name() {
        return "gpu/planes-ticketed";
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
    public Optional<NormPlan> plan(Task task, Traits traits) {
        boolean forward = task.pass() == Task.Pass.FORWARD;
        if (task.given() || !forward && !task.dx()) {
            return Optional.empty();
        }
        return Planes.of(task).map(planes -> GpuPlanes.of(planes, task))
                .map(shape -> new GpuSlices(shape, shape.chunks(false, SLICE_BYTES / task.storage().bytes())))
                .filter(slices -> slices.shape().groups() * slices.chunks().count() < MOST_TICKETS)
                .map(slices -> forward ? forward(slices, task, traits) : backward(slices, task, traits));
    }

    private NormPlan forward(GpuSlices slices, Task task, Traits traits) {
        Map<String, Long> scratch = Map.of("tickets", counters(slices), "partials",
                MOMENTS * slices.shape().groups() * slices.chunks().count());
        return Gpu.plan(name(), slices.said(), steps(slices, "forward", task, slices.scalars(), traits), scratch, task);
    }

    private NormPlan backward(GpuSlices slices, Task task, Traits traits) {
        long groups = slices.shape().groups();
        long totals = Gpu.raw(1, groups);
        long raw = totals + Gpu.roundUp(2 * groups, slices.shape().pack());
        Map<String, Long> scalars = slices.scalars();
        scalars.put("totals", totals);
        scalars.put("raw", raw);
        List<Step> steps = steps(slices, "backward", task, scalars, traits);
        if (task.parameters()) {
            Gpu.sum(steps, 1, groups, traits);
        }
        Map<String, Long> scratch = Map.of("tickets", counters(slices), "partials",
                raw + 2 * groups * slices.chunks().count());
        return Gpu.plan(name(), slices.said(), steps, scratch, task);
    }

    /** The next ticket, and two counters a channel. */
    private static long counters(GpuSlices slices) {
        return 1 + 2 * slices.shape().groups();
    }

    private static List<Step> steps(GpuSlices slices, String kernel, Task task, Map<String, Long> scalars,
            Traits traits) {
        GpuWalk walk = slices.walk(task, traits).alone();
        long lag = slices.chunks().count() + UNDER_WAY * traits.computeUnits();
        scalars.put("lag", lag);
        Map<String, Integer> options = slices.shape().options(walk, slices.chunks().planes(), task);
        List<Step> steps = new ArrayList<>();
        steps.add(new Step(PROGRAM, "clear_tickets", options, Gpu.ceil(counters(slices), walk.workGroup()),
                walk.workGroup(), Map.of("groups", slices.shape().groups())));
        steps.add(new Step(PROGRAM, kernel, options, slices.shape().groups() * slices.chunks().count() + lag,
                walk.workGroup(), scalars));
        return steps;
    }
}
