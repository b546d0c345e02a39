package org.clnorm.plan;

import java.util.List;
import java.util.Optional;

/**
 * The pattern of batches that are normalized by themselves (ghost batches): x is [count, outer, channels, span] without
 * gaps, a group is a channel of one of the batches, and they share the parameters of the channels.
 *
 * @param count how many batches
 * @param each  the pattern of one
 */
record Batches(long count, Planes each) {
    private static final int AXES = 4;

    /** Recognizes the pattern of a task with the batch's own statistics. */
    static Optional<Batches> of(Task task) {
        List<Axis> axes = task.view().axes();
        if (axes.size() != AXES || task.given()) {
            return Optional.empty();
        }
        Planes each = new Planes(axes.get(1).size(), axes.get(2).size(), axes.get(3).size());
        Batches batches = new Batches(axes.get(0).size(), each);
        return batches.view(task.hasParameters()).equals(task.view()) ? Optional.of(batches) : Optional.empty();
    }

    private NormView view(boolean parameters) {
        long sample = each.channels() * each.span();
        return NormView.of(Axis.kept(count, each.outer() * sample, 0), Axis.reduced(each.outer(), sample, 0),
                Axis.kept(each.channels(), each.span(), parameters ? 1 : 0), Axis.reduced(each.span(), 1, 0));
    }
}
