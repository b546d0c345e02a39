package org.clnorm.plan;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Groups of stretches that end before their room does, on a CPU device: a work-item does whole groups. */
final class CpuPaddedVariant implements Variant {
    /** Additions that a plain sum stands, SERIAL_SUMS of cpu/vectors.cl. */
    private static final long SERIAL_SUMS = 16;

    @Override
    public String name() {
        return "cpu/padded";
    }

    @Override
    public KernelSet kernels() {
        return KernelSet.CPU;
    }

    @Override
    public boolean does(Task task) {
        return task.padding().exists() && task.form().join() == Join.NONE && task.pass() != Task.Pass.STATISTICS
                && task.statistics() != Task.Statistics.SAVED;
    }

    @Override
    public boolean pads() {
        return true;
    }

    @Override
    public Optional<NormPlan> plan(Task task, Traits traits) {
        return Stretches.of(task).map(stretches -> task.pass() == Task.Pass.FORWARD ? forward(task, stretches, traits)
                : stretches.elementwise() ? rows(task, stretches, traits) : backward(task, stretches, traits));
    }

    private NormPlan forward(Task task, Stretches stretches, Traits traits) {
        Map<String, Integer> options = options(task, stretches, traits);
        options.put("ELEMENTWISE", stretches.elementwise() ? 1 : 0);
        StatisticsSteps.fold(options, task);
        long block = CpuWork.block(stretches.groups(), stretches.runs() * stretches.span(), traits);
        Step step = CpuWork.step("cpu/padded", "padded_forward", options, CpuWork.ceil(stretches.groups(), block),
                scalars(task, stretches, block));
        return CpuWork.plan(name(), said(stretches) + ", " + block + " a work-item", List.of(step), Map.of(), task);
    }

    private NormPlan backward(Task task, Stretches stretches, Traits traits) {
        Map<String, Integer> options = options(task, stretches, traits);
        boolean owned = stretches.owned() || !task.hasParameters();
        options.put("OWNED", owned ? 1 : 0);
        long block = CpuWork.block(stretches.groups(), stretches.runs() * stretches.span(), traits);
        List<Step> steps = new ArrayList<>();
        steps.add(CpuWork.step("cpu/padded_backward", "padded_backward", options,
                CpuWork.ceil(stretches.groups(), block), scalars(task, stretches, block)));
        boolean partial = task.parameters() && !owned;
        long sums = stretches.groups() * stretches.runs();
        if (partial) {
            steps.add(CpuWork.sumPartials(sums / stretches.channels(), stretches.channels(), traits));
        }
        return CpuWork.plan(name(), said(stretches) + ", " + block + " a work-item", steps,
                Map.of("partials", partial ? 2 * sums : 1), task);
    }

    private NormPlan rows(Task task, Stretches rows, Traits traits) {
        Map<String, Integer> options = options(task, rows, traits);
        long worth = CpuWork.ceil(task.view().elements(), traits.threshold(Threshold.CPU_WORK));
        long items = Math.min(worth, traits.threshold(Threshold.CPU_SHARES) * traits.computeUnits());
        long block = CpuWork.ceil(rows.groups(), items);
        long blocks = CpuWork.ceil(rows.groups(), block);
        List<Step> steps = new ArrayList<>();
        steps.add(CpuWork.step("cpu/padded_backward", "padded_rows", options, blocks, scalars(task, rows, block)));
        if (task.parameters()) {
            steps.add(CpuWork.sumPartials(blocks, rows.span(), traits));
        }
        int width = CpuWork.width(traits, rows.span());
        long size = CpuWork.ceil(rows.span(), width) * width;
        return CpuWork.plan(name(), said(rows) + ", " + block + " a work-item", steps, Map.of(
                "sums", task.parameters() ? (block > SERIAL_SUMS ? 6 : 2) * blocks * size : 1,
                "partials", task.parameters() ? 2 * blocks * rows.span() : 1), task);
    }

    private static Map<String, Integer> options(Task task, Stretches stretches, Traits traits) {
        Map<String, Integer> options = CpuWork.options(task, traits, stretches.span());
        options.putAll(task.padding().options());
        options.put("GIVEN", task.statistics() == Task.Statistics.GIVEN ? 1 : 0);
        return options;
    }

    private static Map<String, Long> scalars(Task task, Stretches stretches, long block) {
        Map<String, Long> scalars = new HashMap<>();
        task.padding().addTo(scalars);
        scalars.put("groups", stretches.groups());
        scalars.put("group_step", stretches.groupStep());
        scalars.put("runs", stretches.runs());
        scalars.put("run_step", stretches.runStep());
        scalars.put("span", stretches.span());
        scalars.put("channels", stretches.channels());
        scalars.put("param_step", stretches.runStep() % stretches.channels());
        scalars.put("block", block);
        scalars.put("pairs", block > SERIAL_SUMS ? 1L : 0L);
        return scalars;
    }

    private static String said(Stretches stretches) {
        return stretches.groups() + " groups of " + stretches.runs() + " stretches of at most " + stretches.span();
    }
}
