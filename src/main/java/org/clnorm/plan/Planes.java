package org.clnorm.plan;

import java.util.List;
import java.util.Optional;

/**
 * The pattern of batch normalization: x is [outer, channels, span] without gaps, a group is a channel, that is one
 * plane of {@code span} elements in each of {@code outer} samples. One parameter a channel.
 *
 * @param outer    samples
 * @param channels groups
 * @param span     elements that lie together
 */
public record Planes(long outer, long channels, long span) {
    /**
     * Recognizes the pattern of a task. Where it has parameters, groups that share one are not planes: samples of one
     * channel, say.
     *
     * @param task a task
     * @return its planes, or empty
     */
    static Optional<Planes> of(Task task) {
        return of(task.view()).filter(planes -> !task.hasParameters() || planes.view(true).equals(task.view()));
    }

    /**
     * Recognizes the pattern; one sample, or one channel, is a plane pattern too.
     *
     * @param view a view
     * @return its planes, or empty
     */
    public static Optional<Planes> of(NormView view) {
        long outer = 1;
        long channels = 1;
        long span = 1;
        List<Axis> axes = view.axes();
        int i = axes.size() - 1;
        if (i >= 0 && axes.get(i).reduced()) {
            span = axes.get(i--).size();
        }
        if (i >= 0 && !axes.get(i).reduced()) {
            channels = axes.get(i--).size();
        }
        if (i >= 0 && axes.get(i).reduced()) {
            outer = axes.get(i).size();
        }
        Planes planes = new Planes(outer, channels, span);
        return planes.view(true).equals(view) || planes.view(false).equals(view) ? Optional.of(planes)
                : Optional.empty();
    }

    private NormView view(boolean parameters) {
        return NormView.of(Axis.reduced(outer, channels * span, 0), Axis.kept(channels, span, parameters ? 1 : 0),
                Axis.reduced(span, 1, 0));
    }
}
