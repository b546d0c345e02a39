package org.clnorm.plan;

import java.util.List;
import java.util.Optional;

/**
 * The pattern of layer, instance and group normalization: a group is one contiguous row of {@code segments × span}
 * elements, each segment with one parameter. Row r begins at parameter {@code (r mod rowGroups) · segments}.
 *
 * @param rows      the number of groups
 * @param segments  parameters a row
 * @param span      elements a parameter
 * @param rowGroups after how many rows the parameters repeat
 */
public record Rows(long rows, long segments, long span, long rowGroups) {
    /**
     * Recognizes the pattern.
     *
     * @param view a view
     * @return its rows, or empty if its groups are not contiguous rows
     */
    public static Optional<Rows> of(NormView view) {
        List<Axis> axes = view.axes();
        int kept = 0;
        while (kept < axes.size() && !axes.get(kept).reduced()) {
            kept++;
        }
        List<Axis> outer = axes.subList(0, kept);
        return inner(axes.subList(kept, axes.size())).flatMap(row -> outer(row, outer));
    }

    /** The reduced axes: a parameter an element, one for all, or segments of elements that share one. */
    private static Optional<Rows> inner(List<Axis> axes) {
        if (axes.isEmpty()) {
            return Optional.of(new Rows(1, 1, 1, 1));
        }
        Axis last = axes.get(axes.size() - 1);
        if (axes.stream().anyMatch(axis -> !axis.reduced()) || last.stride() != 1) {
            return Optional.empty();
        }
        if (axes.size() == 1 && last.paramStride() <= 1) {
            boolean elementwise = last.paramStride() == 1;
            return Optional.of(elementwise ? new Rows(1, last.size(), 1, 1) : new Rows(1, 1, last.size(), 1));
        }
        Axis first = axes.get(0);
        boolean segmented = axes.size() == 2 && first.paramStride() == 1 && first.stride() == last.size()
                && last.paramStride() == 0;
        return segmented ? Optional.of(new Rows(1, first.size(), last.size(), 1)) : Optional.empty();
    }

    /** The kept axes: rows that follow each other, and parameters that repeat after some of them, or never move. */
    private static Optional<Rows> outer(Rows row, List<Axis> axes) {
        long rows = 1;
        long rowGroups = 1;
        for (int i = axes.size() - 1; i >= 0; i--) {
            Axis axis = axes.get(i);
            if (axis.stride() != rows * row.length()) {
                return Optional.empty();
            }
            if (axis.paramStride() != 0) {
                if (axis.paramStride() != row.segments || rows != 1) {
                    return Optional.empty();
                }
                rowGroups = axis.size();
            }
            rows *= axis.size();
        }
        return Optional.of(new Rows(rows, row.segments, row.span, rowGroups));
    }

    /**
     * The number of elements in a row.
     *
     * @return segments times span
     */
    public long length() {
        return segments * span;
    }

    /**
     * Whether every element of a row has a parameter of its own and all rows share them, as in layer normalization.
     *
     * @return true if so
     */
    public boolean dense() {
        return span == 1 && rowGroups == 1;
    }
}
