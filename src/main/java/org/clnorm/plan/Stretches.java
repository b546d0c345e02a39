package org.clnorm.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The pattern of padded groups: a group is {@code runs} stretches of {@code span} elements, of each of which the first
 * are valid. Stretch m of group g is stretch {@code g · groupStep + m · runStep} of the tensor.
 *
 * @param groups      the number of groups
 * @param groupStep   stretches between groups
 * @param runs        stretches of a group
 * @param runStep     stretches between those of a group
 * @param span        elements of a stretch
 * @param channels    after how many stretches the parameters repeat
 * @param elementwise whether every element of a stretch has a parameter of its own, and all groups share them
 */
record Stretches(long groups, long groupStep, long runs, long runStep, long span, long channels, boolean elementwise) {
    /** Recognizes the pattern of a padded task. */
    static Optional<Stretches> of(Task task) {
        return shared(task).or(() -> rows(task));
    }

    /** Whether all stretches of a group share parameters that no other group has. */
    boolean owned() {
        return groups == channels && (groups == 1 || groupStep == 1) && (runs == 1 || runStep % channels == 0);
    }

    /** Rows with a parameter an element, or none, each within one run. */
    private static Optional<Stretches> rows(Task task) {
        return Rows.of(task.view()).filter(rows -> (rows.dense() || !task.hasParameters())
                && task.padding().run() % rows.length() == 0)
                .map(rows -> new Stretches(rows.rows(), 1, 1, 1, rows.length(), 1, true));
    }

    /** Stretches that are whole runs and have one parameter each. */
    private static Optional<Stretches> shared(Task task) {
        long run = task.padding().run();
        List<Axis> outer = new ArrayList<>();
        for (Axis axis : task.view().axes()) {
            if (axis.stride() >= run) {
                outer.add(scaled(axis.size(), axis.stride(), axis, axis.paramStride(), run));
                continue;
            }
            if (!axis.reduced() || axis.paramStride() != 0) {
                return Optional.empty();
            }
            long within = run / axis.stride();
            if (axis.size() > within) {
                outer.add(scaled(axis.size() / within, run, axis, 0, run));
            }
        }
        long channels = task.hasParameters() ? task.view().parameters() : 1;
        return outer.stream().allMatch(axis -> repeats(axis, channels, task.hasParameters()))
                ? grouped(outer, run, channels) : Optional.empty();
    }

    private static Axis scaled(long size, long stride, Axis axis, long paramStride, long run) {
        return new Axis(size, stride / run, axis.reduced(), paramStride);
    }

    /** Whether along an axis the parameter of a stretch is its number modulo the channels. */
    private static boolean repeats(Axis axis, long channels, boolean parameters) {
        return !parameters || (axis.paramStride() == 0 ? axis.stride() % channels == 0
                : axis.paramStride() == axis.stride() && channels % (axis.stride() * axis.size()) == 0);
    }

    private static Optional<Stretches> grouped(List<Axis> axes, long span, long channels) {
        NormView outer = new NormView(axes.stream().map(Axis::withoutParameters).toList());
        int kept = outer.kept().size();
        int reduced = outer.reduced().size();
        if (kept > 1 || reduced > 1) {
            return Optional.empty();
        }
        long groupStep = kept == 0 ? 1 : outer.kept().get(0).stride();
        long runStep = reduced == 0 ? 1 : outer.reduced().get(0).stride();
        return Optional.of(new Stretches(outer.groups(), groupStep, outer.groupSize(), runStep, span, channels, false));
    }
}
