package org.clnorm.plan;

import java.util.List;
import java.util.Optional;

/**
 * Planes, several times over: x is [sheets, outer, channels, span] without gaps, a group is a channel of a sheet, and
 * sheets share parameters. With one sheet this is batch normalization. With channels last, a sheet is a sample of the
 * batch and its pixels are the planes' samples: in instance normalization each channel is one of theirs, in group
 * normalization a group of channels lies together as their span does. Layer normalization over the channels of
 * [N, C, S] has C for the planes' samples and S for their channels.
 *
 * @param sheets     how many
 * @param planes     what each is
 * @param parameters what has a parameter of its own
 */
record Sheets(long sheets, Planes planes, Parameters parameters) {
    /** What has a parameter of its own. */
    enum Parameters {
        /** Every channel. */
        CHANNEL,
        /** Every element of every channel's span. */
        COLUMN,
        /** Every one of the planes' samples. */
        SAMPLE
    }

    /**
     * Recognizes the pattern.
     *
     * @param task a task
     * @return its sheets, or empty
     */
    static Optional<Sheets> of(Task task) {
        NormView view = task.view();
        if (!task.hasParameters()) {
            Sheets sheets = parse(view, Parameters.CHANNEL);
            return sheets.view().withoutParameters().equals(view.withoutParameters()) ? Optional.of(sheets)
                    : Optional.empty();
        }
        for (Parameters parameters : Parameters.values()) {
            Sheets sheets = parse(view, parameters);
            if (sheets.view().equals(view)) {
                return Optional.of(sheets);
            }
        }
        return Optional.empty();
    }

    /** What the sizes of the axes would be. */
    private static Sheets parse(NormView view, Parameters parameters) {
        List<Axis> axes = view.axes();
        int i = axes.size();
        long span = i > 0 && axes.get(i - 1).reduced() ? axes.get(--i).size() : 1;
        long channels = i > 0 && !axes.get(i - 1).reduced() ? axes.get(--i).size() : 1;
        long outer = i > 0 && axes.get(i - 1).reduced() ? axes.get(--i).size() : 1;
        long sheets = i > 0 && !axes.get(i - 1).reduced() ? axes.get(i - 1).size() : 1;
        return new Sheets(sheets, new Planes(outer, channels, span), parameters);
    }

    private NormView view() {
        long span = planes.span();
        long row = planes.channels() * span;
        boolean column = parameters == Parameters.COLUMN;
        return NormView.of(Axis.kept(sheets, planes.outer() * row, 0),
                Axis.reduced(planes.outer(), row, parameters == Parameters.SAMPLE ? 1 : 0),
                Axis.kept(planes.channels(), span, parameters == Parameters.CHANNEL ? 1 : column ? span : 0),
                Axis.reduced(span, 1, column ? 1 : 0));
    }

    /** How many parameters a channel has, or would have if channels had them. */
    long each() {
        return parameters == Parameters.COLUMN ? planes.span() : 1;
    }
}
