package org.clnorm.plan;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Interleaved channels, or channels of short planes, on a CPU device, in one sheet or in many, as where channels lie
 * last: a work-item does a tile of neighbouring columns. One launch where a tile of all samples stays in the cache, two
 * sweeps elsewhere.
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
    public boolean does(Task task) {
        return task.form().join() != (task.forward() ? Join.BEFORE : Join.AFTER);
    }

    @Override
    public boolean measures() {
        return true;
    }

    @Override
    public Optional<NormPlan> plan(Task task, Traits traits) {
        return Sheets.of(task).filter(CpuColumnsVariant::isShort).map(sheets -> plan(task, sheets, traits));
    }

    /** Whether planes are; longer ones, as long as tiles have room for them, where no other kernels do them. */
    private static boolean isShort(Sheets sheets) {
        boolean others = sheets.sheets() == 1 && sheets.parameters() == Sheets.Parameters.CHANNEL;
        return sheets.planes().span() <= (others ? SPAN : ColumnTiles.COLUMNS);
    }

    private NormPlan plan(Task task, Sheets sheets, Traits traits) {
        ColumnTiles tiles = ColumnTiles.of(task, sheets, traits);
        Map<String, Integer> options = CpuWork.options(task, traits, tiles.narrowest());
        if (sheets.parameters() != Sheets.Parameters.CHANNEL) {
            options.put("PARAMETER_OF", sheets.parameters().ordinal());
        }
        if (task.pass() == Task.Pass.BACKWARD) {
            options.put("GIVEN", task.given() ? 1 : 0);
            return task.given() ? givenBackward(task, tiles, options, traits) : backward(task, tiles, options, traits);
        }
        StatisticsSteps.fold(options, task);
        CpuWork.keepSigns(options, task);
        return forward(task, tiles, options, traits);
    }

    private NormPlan forward(Task task, ColumnTiles tiles, Map<String, Integer> options, Traits traits) {
        if (task.given()) {
            return plan(task, tiles, List.of(sweep("columns", "columns_apply", tiles, options)), Map.of());
        }
        if (tiles.blocks() == 1) {
            return plan(task, tiles, List.of(sweep("columns", "columns_forward", tiles, options)), Map.of());
        }
        List<Step> steps = new ArrayList<>();
        steps.add(sweep("columns", "columns_moments", tiles, options));
        steps.add(between("columns_merge", tiles, tiles.sheets().planes().channels(), traits));
        if (task.pass() == Task.Pass.FORWARD) {
            steps.add(sweep("columns", "columns_apply", tiles, options));
        }
        return plan(task, tiles, steps, Map.of("partials", 3 * tiles.blocks() * task.view().groups()));
    }

    private NormPlan backward(Task task, ColumnTiles tiles, Map<String, Integer> options, Traits traits) {
        if (tiles.blocks() == 1) {
            return inOneSweep(task, tiles, options, traits);
        }
        List<Step> steps = new ArrayList<>();
        Map<String, Long> scratch = new HashMap<>();
        steps.add(sweep("columns_backward", "columns_sums", tiles, options));
        scratch.put("partials", 2 * tiles.sums());
        if (task.dx()) {
            steps.add(between("columns_fold", tiles, tiles.parameters(), traits));
            steps.add(sweep("columns_backward", "columns_dx", tiles, options));
            scratch.put("sums", 2 * tiles.sheets().sheets() * tiles.parameters());
        }
        if (task.parameters() && !(task.dx() && tiles.sheets().sheets() == 1)) {
            steps.add(sumPartials(tiles, traits));
        }
        return plan(task, tiles, steps, scratch);
    }

    private NormPlan givenBackward(Task task, ColumnTiles tiles, Map<String, Integer> options, Traits traits) {
        if (task.parameters() && tiles.blocks() == 1) {
            return inOneSweep(task, tiles, options, traits);
        }
        Step sums = sweep("columns_backward", "columns_sums", tiles, options);
        return task.parameters()
                ? plan(task, tiles, List.of(sums, sumPartials(tiles, traits)), Map.of("partials", 2 * tiles.sums()))
                : plan(task, tiles, List.of(sums), Map.of("partials", 1L));
    }

    /** With the parameters' gradients in a launch of their own where they are not of one tile each. */
    private NormPlan inOneSweep(Task task, ColumnTiles tiles, Map<String, Integer> options, Traits traits) {
        if (!tiles.sharesParameters()) {
            return plan(task, tiles, List.of(sweep("columns_backward", "columns_backward", tiles, options)), Map.of());
        }
        Step sweep = sweep("columns_backward", "columns_shared", tiles, options);
        return task.parameters()
                ? plan(task, tiles, List.of(sweep, sumPartials(tiles, traits)), Map.of("partials", 2 * tiles.sums()))
                : plan(task, tiles, List.of(sweep), Map.of("partials", 1L));
    }

    private static Step sumPartials(ColumnTiles tiles, Traits traits) {
        return CpuWork.sumPartials(tiles.sums() / tiles.parameters(), tiles.parameters(), traits);
    }

    private static Step sweep(String program, String kernel, ColumnTiles tiles, Map<String, Integer> options) {
        return CpuWork.step("cpu/" + program, kernel, options, tiles.count(), tiles.scalars());
    }

    /** What is done a channel, or a parameter, of each sheet, a vector of them at a time. */
    private static Step between(String kernel, ColumnTiles tiles, long each, Traits traits) {
        int width = CpuWork.width(traits, each);
        return CpuWork.step("cpu/columns_merge", kernel, Map.of("WIDTH", width),
                tiles.sheets().sheets() * CpuWork.ceil(each, width), tiles.scalars());
    }

    private NormPlan plan(Task task, ColumnTiles tiles, List<Step> steps, Map<String, Long> scratch) {
        return CpuWork.plan(name(), tiles.said(), steps, scratch, task);
    }
}
