package org.clnorm.plan;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Interleaved channels, [rows, channels], on a CPU device: a work-item does a tile of rows and channels. */
final class CpuColumnsVariant implements Variant {
    /** Rows of a tile: 16 additions of four to a sum, good to 2.7e-7 at worst; they cost 3 rows of memory traffic. */
    private static final long ROWS = 64;
    /** Channels of a tile, so that its second reading finds it in the L2 cache: 256 KiB. */
    private static final long CHANNELS = 512;

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
        return Planes.of(task).filter(planes -> planes.span() == 1).map(planes -> plan(task, planes, traits));
    }

    private NormPlan plan(Task task, Planes planes, Traits traits) {
        Map<String, Integer> options = CpuWork.options(task, traits, planes.channels());
        Tiles tiles = Tiles.of(planes, traits);
        return task.pass() == Task.Pass.FORWARD ? forward(task, tiles, options)
                : backward(task, tiles, options, traits);
    }

    private static boolean given(Task task) {
        return task.statistics() == Task.Statistics.GIVEN;
    }

    private static long vectors(Tiles tiles, Map<String, Integer> options) {
        return CpuWork.ceil(tiles.channels(), options.get("WIDTH"));
    }

    private NormPlan forward(Task task, Tiles tiles, Map<String, Integer> options) {
        List<Step> steps = new ArrayList<>();
        Map<String, Long> scratch = new HashMap<>();
        if (!given(task)) {
            steps.add(CpuWork.step("cpu/columns", "columns_moments", options, tiles.count(), tiles.scalars()));
            steps.add(CpuWork.step("cpu/columns", "columns_merge", options, vectors(tiles, options), tiles.scalars()));
            scratch.put("partials", 3 * tiles.blocks() * tiles.channels());
        }
        steps.add(CpuWork.step("cpu/columns", "columns_apply", options, tiles.count(), tiles.scalars()));
        return CpuWork.plan(name(), tiles.said(), steps, scratch, task);
    }

    private NormPlan backward(Task task, Tiles tiles, Map<String, Integer> options, Traits traits) {
        options.put("GIVEN", given(task) ? 1 : 0);
        List<Step> steps = new ArrayList<>();
        Map<String, Long> scratch = new HashMap<>();
        scratch.put("partials", !given(task) || task.parameters() ? 2 * tiles.blocks() * tiles.channels() : 1);
        steps.add(CpuWork.step("cpu/columns_backward", "columns_sums", options, tiles.count(), tiles.scalars()));
        if (!given(task) && task.dx()) {
            steps.add(CpuWork.step("cpu/columns_backward", "columns_fold", options, vectors(tiles, options),
                    tiles.scalars()));
            steps.add(CpuWork.step("cpu/columns_backward", "columns_dx", options, tiles.count(), tiles.scalars()));
            scratch.put("means", 2 * tiles.channels());
        }
        if (task.parameters()) {
            steps.add(CpuWork.sumPartials(tiles.blocks(), tiles.channels(), traits));
        }
        return CpuWork.plan(name(), tiles.said(), steps, scratch, task);
    }

    /** Blocks of rows times parts of a row; the last part is never shorter than the others. */
    private record Tiles(long rows, long channels, long block, long parts, long part) {
        static Tiles of(Planes planes, Traits traits) {
            long parts = Math.max(1, planes.channels() / CHANNELS);
            long part = planes.channels() / parts / CpuWork.LINE * CpuWork.LINE;
            long fair = CpuWork.ceil(planes.outer(), CpuWork.SHARES * traits.computeUnits());
            long block = Math.min(ROWS, Math.max(CpuWork.LINE, fair));
            return new Tiles(planes.outer(), planes.channels(), block, parts, parts == 1 ? planes.channels() : part);
        }

        long blocks() {
            return CpuWork.ceil(rows, block);
        }

        long count() {
            return blocks() * parts;
        }

        Map<String, Long> scalars() {
            return Map.of("rows", rows, "channels", channels, "block", block, "parts", parts, "part", part);
        }

        String said() {
            return channels + " interleaved channels of " + rows + ", tiles of " + block + " by " + part;
        }
    }
}
