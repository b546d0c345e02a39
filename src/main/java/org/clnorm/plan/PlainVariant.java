package org.clnorm.plan;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Does everything that up to four axes can say, with either kernel set: a work-group a group, then one a parameter,
 * each element's place worked out by division. Slow; what the fast variants are compared with on a device.
 */
final class PlainVariant implements Variant {
    private static final String PROGRAM = "common/plain";
    private static final int MAX_AXES = 4;
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
    public Optional<NormPlan> plan(Task task, Traits traits) {
        if (task.view().axes().size() > MAX_AXES || task.parameters() && !denseParameters(task.view())) {
            return Optional.empty();
        }
        List<Step> steps = new ArrayList<>();
        Map<String, Long> scratch = new HashMap<>();
        if (task.pass() == Task.Pass.FORWARD) {
            steps.add(overGroups("forward", task, traits));
        }
        if (task.parameters()) {
            steps.add(overParameters(task, traits));
            scratch.put("partials", 2 * task.view().parameters());
        }
        if (task.dx()) {
            // after the last one that reads x and dy, whose place dx may take
            steps.add(overGroups("backward", task, traits));
        }
        if (task.parameters()) {
            steps.add(StatisticsSteps.sumPartials(1, task.view().parameters(), traits));
        }
        return Optional.of(new NormPlan(name(), "accepts any view of up to " + MAX_AXES + " axes", steps, scratch,
                bytes(task)));
    }

    private static long bytes(Task task) {
        return task.bytes(task.pass() == Task.Pass.FORWARD || !task.dx() ? 2 : 3);
    }

    /** The elements of a group follow each other when the kept axes come first. */
    private static Step overGroups(String kernel, Task task, Traits traits) {
        NormView view = task.view();
        List<Axis> order = Stream.concat(view.kept().stream(), view.reduced().stream()).toList();
        Map<String, Long> scalars = places(order);
        number(scalars, "param", order.stream().map(Axis::paramStride).toList());
        scalars.put("groups", view.groups());
        scalars.put("group_size", view.groupSize());
        return step(kernel, task, traits, view.groups(), scalars);
    }

    /**
     * The elements of a parameter follow each other when the axes along which it moves come first, the widest stride
     * ahead.
     */
    private static Step overParameters(Task task, Traits traits) {
        NormView view = task.view();
        List<Axis> order = Stream.concat(moving(view).stream(),
                view.axes().stream().filter(axis -> axis.paramStride() == 0)).toList();
        Map<String, Long> scalars = places(order);
        number(scalars, "group", order.stream().map(axis -> groupStride(view, axis)).toList());
        scalars.put("groups", view.groups());
        scalars.put("parameters", view.parameters());
        scalars.put("shared_by", view.elements() / view.parameters());
        return step("parameter_gradients", task, traits, view.parameters(), scalars);
    }

    private static Step step(String kernel, Task task, Traits traits, long groups, Map<String, Long> scalars) {
        Map<String, Integer> options = Map.of("WORK_GROUP", (int) workGroup(traits), "HAS_WEIGHT",
                task.weight() ? 1 : 0, "HAS_BIAS", task.bias() ? 1 : 0, "GIVEN",
                task.statistics() == Task.Statistics.GIVEN ? 1 : 0);
        return new Step(PROGRAM, kernel, options, groups, workGroup(traits), scalars);
    }

    /** A power of two, as the tree of sums needs. */
    private static long workGroup(Traits traits) {
        return traits.kernels() == KernelSet.CPU ? 1
                : Math.min(GPU_WORK_GROUP, Long.highestOneBit(traits.maxWorkGroup()));
    }

    private static Map<String, Long> places(List<Axis> order) {
        Map<String, Long> scalars = new HashMap<>();
        number(scalars, "size", order.stream().map(Axis::size).toList());
        number(scalars, "stride", order.stream().map(Axis::stride).toList());
        return scalars;
    }

    /** Names the numbers of the axes by position, counted from the innermost, 3; what is missing has one index. */
    private static void number(Map<String, Long> scalars, String name, List<Long> values) {
        int missing = MAX_AXES - values.size();
        for (int i = 0; i < MAX_AXES; i++) {
            scalars.put(name + i, i >= missing ? values.get(i - missing) : name.equals("size") ? 1L : 0L);
        }
    }

    private static List<Axis> moving(NormView view) {
        return view.axes().stream().filter(axis -> axis.paramStride() != 0)
                .sorted(Comparator.comparingLong(Axis::paramStride).reversed()).toList();
    }

    private static boolean denseParameters(NormView view) {
        List<Axis> moving = moving(view);
        long expected = 1;
        for (int i = moving.size() - 1; i >= 0; i--) {
            if (moving.get(i).paramStride() != expected) {
                return false;
            }
            expected *= moving.get(i).size();
        }
        return true;
    }

    /** How far the group index moves along an axis. */
    private static long groupStride(NormView view, Axis axis) {
        if (axis.reduced()) {
            return 0;
        }
        List<Axis> kept = view.kept();
        long stride = 1;
        for (int i = kept.size() - 1; kept.get(i) != axis; i--) {
            stride *= kept.get(i).size();
        }
        return stride;
    }
}
