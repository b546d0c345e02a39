package org.clnorm.plan;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.clnorm.tensor.DataType;

/**
 * Does everything that up to four axes can say, with either kernel set: a work-group a group, then one a parameter,
 * each element's place worked out by division. Slow; what the fast variants are compared with on a device.
 */
final class PlainVariant implements Variant {
    private static final String PROGRAM = "common/plain";
    private static final long GPU_WORK_GROUP = 64;

    @Override
    public String name() {
        return "plain";
    }

    @Override
    public KernelSet kernels() {
        return null;
    }

    @Override
    public boolean does(Task task) {
        if (task.padding().exists() && task.form().join() != Join.NONE) {
            return false;
        }
        return task.form().join() != (task.forward() ? Join.BEFORE : Join.AFTER);
    }

    @Override
    public boolean pads() {
        return true;
    }

    @Override
    public boolean inDouble() {
        return true;
    }

    @Override
    public boolean measures() {
        return true;
    }

    @Override
    public Optional<NormPlan> plan(Task task, Traits traits) {
        if (!FourAxes.say(task)) {
            return Optional.empty();
        }
        List<Step> steps = new ArrayList<>();
        Map<String, Long> scratch = new HashMap<>();
        if (task.forward()) {
            steps.add(overGroups("forward", task, traits));
        }
        if (task.parameters()) {
            steps.add(overParameters(task, traits));
            scratch.put("partials", 2 * task.view().parameters() * (task.storage() == DataType.F64 ? 2 : 1));
        }
        if (task.dx()) {
            // after the last one that reads x and dy, whose place dx may take
            steps.add(overGroups("backward", task, traits));
        }
        if (task.parameters()) {
            steps.add(StatisticsSteps.sumPartials(1, task.view().parameters(), traits));
        }
        return Optional.of(new NormPlan(name(), "accepts any view of up to " + FourAxes.MOST + " axes", steps, scratch,
                bytes(task)));
    }

    private static long bytes(Task task) {
        return task.bytes(switch (task.pass()) {
            case FORWARD -> 2;
            case BACKWARD -> task.dx() ? 3 : 2;
            case STATISTICS -> 1;
        });
    }

    private static Step overGroups(String kernel, Task task, Traits traits) {
        NormView view = task.view();
        List<Axis> order = FourAxes.groupsFirst(view);
        Map<String, Long> scalars = FourAxes.places(order);
        FourAxes.number(scalars, "param", order.stream().map(Axis::paramStride).toList());
        scalars.put("groups", view.groups());
        scalars.put("group_size", view.groupSize());
        return step(kernel, task, traits, view.groups(), scalars);
    }

    private static Step overParameters(Task task, Traits traits) {
        NormView view = task.view();
        List<Axis> order = FourAxes.parametersFirst(view);
        Map<String, Long> scalars = FourAxes.places(order);
        FourAxes.number(scalars, "param", order.stream().map(Axis::paramStride).toList());
        FourAxes.number(scalars, "group", order.stream().map(axis -> FourAxes.groupStride(view, axis)).toList());
        scalars.put("groups", view.groups());
        scalars.put("parameters", view.parameters());
        scalars.put("shared_by", view.elements() / view.parameters());
        return step("parameter_gradients", task, traits, view.parameters(), scalars);
    }

    private static Step step(String kernel, Task task, Traits traits, long groups, Map<String, Long> scalars) {
        task.padding().addTo(scalars);
        Map<String, Integer> options = new HashMap<>(task.form().options());
        options.putAll(task.padding().options());
        options.putAll(Map.of("WORK_GROUP", (int) workGroup(traits), "HAS_WEIGHT", task.weight() ? 1 : 0, "HAS_BIAS",
                task.bias() ? 1 : 0, "GIVEN", task.given() ? 1 : 0));
        if (task.pass() == Task.Pass.STATISTICS) {
            options.put("WANT_Y", 0);
        }
        return new Step(PROGRAM, kernel, options, groups, workGroup(traits), scalars);
    }

    /** A power of two, as the tree of sums needs. */
    private static long workGroup(Traits traits) {
        return traits.kernels() == KernelSet.CPU ? 1
                : Math.min(GPU_WORK_GROUP, Long.highestOneBit(traits.maxWorkGroup()));
    }
}
