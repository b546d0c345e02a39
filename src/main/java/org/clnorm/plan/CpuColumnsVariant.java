package org.clnorm.plan;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Interleaved channels, or channels of short planes, on a CPU device: a work-item does a tile of neighbouring columns.
 * One launch where a tile of all samples stays in the cache, two sweeps elsewhere.
 */
final class CpuColumnsVariant implements Variant {
    /**
     * Elements of a plane up to which planes are done as columns. On PoCL, 2 cores of Sapphire Rapids: 49 are faster by
     * 2.5, 196 by 1.05, 784 slower by 1.2.
     */
    private static final long SPAN = 256;

    @Override
    public String name() {
        return "cpu/columns";
    }

    @Override
    public KernelSet kernels() {
        return KernelSet.CPU;
    }

    @Override
    public Optional<NormPlan> plan(Task task, Traits traits) {
        return Planes.of(task).filter(planes -> planes.span() <= SPAN).map(planes -> plan(task, planes, traits));
    }

    private NormPlan plan(Task task, Planes planes, Traits traits) {
        ColumnTiles tiles = ColumnTiles.of(task, planes, traits);
        Map<String, Integer> options = CpuWork.options(task, traits, tiles.narrowest());
        if (task.pass() == Task.Pass.BACKWARD) {
            options.put("GIVEN", given(task) ? 1 : 0);
            return given(task) ? givenBackward(task, tiles, options, traits) : backward(task, tiles, options, traits);
        }
        StatisticsSteps.fold(options, task);
        return forward(task, tiles, options, traits);
    }

    private static boolean given(Task task) {
        return task.statistics() == Task.Statistics.GIVEN;
    }

    private NormPlan forward(Task task, ColumnTiles tiles, Map<String, Integer> options, Traits traits) {
        if (given(task)) {
            return plan(task, tiles, List.of(sweep("columns", "columns_apply", tiles, options)), Map.of());
        }
        if (tiles.blocks() == 1) {
            return plan(task, tiles, List.of(sweep("columns", "columns_forward", tiles, options)), Map.of());
        }
        return plan(task, tiles, List.of(
                sweep("columns", "columns_moments", tiles, options),
                between("columns_merge", tiles, traits),
                sweep("columns", "columns_apply", tiles, options)),
                Map.of("partials", 3 * tiles.blocks() * channels(tiles)));
    }

    private NormPlan backward(Task task, ColumnTiles tiles, Map<String, Integer> options, Traits traits) {
        if (tiles.blocks() == 1) {
            return plan(task, tiles, List.of(sweep("columns_backward", "columns_backward", tiles, options)), Map.of());
        }
        Step sums = sweep("columns_backward", "columns_sums", tiles, options);
        Map<String, Long> scratch = Map.of("partials", 2 * tiles.blocks() * channels(tiles), "sums",
                2 * channels(tiles));
        return plan(task, tiles, task.dx()
                ? List.of(sums, between("columns_fold", tiles, traits),
                        sweep("columns_backward", "columns_dx", tiles, options))
                : List.of(sums, CpuWork.sumPartials(tiles.blocks(), channels(tiles), traits)), scratch);
    }

    private NormPlan givenBackward(Task task, ColumnTiles tiles, Map<String, Integer> options, Traits traits) {
        if (tiles.blocks() == 1 && task.parameters()) {
            return plan(task, tiles, List.of(sweep("columns_backward", "columns_backward", tiles, options)), Map.of());
        }
        Step sums = sweep("columns_backward", "columns_sums", tiles, options);
        return plan(task, tiles, task.parameters()
                ? List.of(sums, CpuWork.sumPartials(tiles.blocks(), channels(tiles), traits)) : List.of(sums),
                Map.of("partials", task.parameters() ? 2 * tiles.blocks() * channels(tiles) : 1));
    }

    private static long channels(ColumnTiles tiles) {
        return tiles.planes().channels();
    }

    private static Step sweep(String program, String kernel, ColumnTiles tiles, Map<String, Integer> options) {
        return CpuWork.step("cpu/" + program, kernel, options, tiles.count(), tiles.scalars());
    }

    /** What is done a channel, a vector of them at a time. */
    private static Step between(String kernel, ColumnTiles tiles, Traits traits) {
        int width = CpuWork.width(traits, channels(tiles));
        return CpuWork.step("cpu/columns_merge", kernel, Map.of("WIDTH", width),
                CpuWork.ceil(channels(tiles), width), tiles.scalars());
    }

    private NormPlan plan(Task task, ColumnTiles tiles, List<Step> steps, Map<String, Long> scratch) {
        return CpuWork.plan(name(), tiles.said(), steps, scratch, task);
    }
}
