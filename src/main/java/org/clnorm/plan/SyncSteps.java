package org.clnorm.plan;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The launches that gradients of batch normalization over several devices are made by, once sums over all of them are
 * there: {@code common/sync.cl} for dx, one launch, and then the parameters' gradients.
 */
public final class SyncSteps {
    private static final String PROGRAM = "common/sync";
    private static final long GPU_WORK_GROUP = 256;
    /** Elements a work-group walks: long enough to be worth a launch, short enough to share out evenly. */
    private static final long GPU_STRETCH = 16 * GPU_WORK_GROUP;
    private static final long CPU_STRETCH = 1 << 14;

    private final Task task;
    private final Traits traits;
    private final boolean gpu;
    private final long channels;
    private final long stretch;

    private SyncSteps(Task task, Traits traits) {
        this.task = task;
        this.traits = traits;
        gpu = traits.kernels() == KernelSet.GPU;
        channels = task.view().groups();
        stretch = gpu ? GPU_STRETCH : CPU_STRETCH;
    }

    /**
     * Makes the gradients that a task asks for.
     *
     * @param task   a backward pass in plain form whose groups are channels
     * @param traits the device
     * @return the launches
     */
    public static NormPlan gradients(Task task, Traits traits) {
        return new SyncSteps(task, traits).plan();
    }

    private NormPlan plan() {
        List<Step> steps = new ArrayList<>();
        if (task.dx() && task.view().elements() > 0) {
            steps.add(innermost() == 1 && channels > 1 ? columns() : planes());
        }
        if (task.parameters()) {
            steps.add(StatisticsSteps.sumPartials(1, channels, traits)
                    .with(StorageOptions.of(task.storage().statistics(), task.parameterStorage())));
        }
        return new NormPlan("sync", "sums over all devices are there", steps, Map.of(), task.bytes(3));
    }

    /** How many elements of a channel follow each other. */
    private long innermost() {
        List<Axis> kept = task.view().kept();
        return kept.isEmpty() ? task.view().elements() : kept.get(0).stride();
    }

    /** Many short planes are walked by one work-group, and a long one by several. */
    private Step planes() {
        long plane = innermost();
        long planes = task.view().elements() / plane;
        long parts = CpuWork.ceil(plane, stretch);
        long together = Math.max(1, stretch / plane);
        return step("gradient_planes", CpuWork.ceil(planes, together) * parts, plane,
                Map.of("planes", planes, "plane", plane, "channels", channels, "parts", parts, "together", together));
    }

    /** A work-group of a GPU walks a few columns, one of a CPU whole rows. */
    private Step columns() {
        long rows = task.view().elements() / channels;
        long tile = gpu ? Math.min(workGroup(), channels) : channels;
        long together = Math.max(1, stretch / tile);
        long tiles = CpuWork.ceil(channels, tile);
        return step("gradient_columns", CpuWork.ceil(rows, together) * tiles, tile,
                Map.of("rows", rows, "channels", channels, "tile", tile, "tiles", tiles, "together", together));
    }

    private long workGroup() {
        return gpu ? Math.min(GPU_WORK_GROUP, traits.maxWorkGroup()) : 1;
    }

    /** Work-items that find no place beside one another in a plane or tile walk the next ones. */
    private Step step(String kernel, long groups, long wide, Map<String, Long> sizes) {
        Map<String, Integer> options = new HashMap<>(StorageOptions.of(task.storage(), task.parameterStorage()));
        options.put("WORK_GROUP", (int) workGroup());
        options.put("HAS_WEIGHT", task.weight() ? 1 : 0);
        if (task.form().weightPlus1()) {
            options.put("WEIGHT_PLUS_1", 1);
        }
        if (task.inPlace()) {
            options.put("IN_PLACE", 1);
        }
        Map<String, Long> scalars = new HashMap<>(sizes);
        scalars.put("width", Math.min(workGroup(), wide));
        return new Step(PROGRAM, kernel, options, groups, workGroup(), scalars);
    }
}
