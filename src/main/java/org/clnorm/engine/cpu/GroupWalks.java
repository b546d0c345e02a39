package org.clnorm.engine.cpu;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.clnorm.plan.Axis;
import org.clnorm.plan.NormView;

/**
 * The two ways through a view: by group, then the elements of the group; and by parameter, then the elements that
 * share it.
 */
final class GroupWalks {
    private final List<Walk.Grouped> axes;

    GroupWalks(NormView view) {
        axes = grouped(view);
    }

    /** The group index counts the kept axes in row-major order. */
    private static List<Walk.Grouped> grouped(NormView view) {
        List<Walk.Grouped> grouped = new ArrayList<>();
        long groupStride = view.groups();
        for (Axis axis : view.axes()) {
            groupStride = axis.reduced() ? groupStride : groupStride / axis.size();
            grouped.add(new Walk.Grouped(axis, axis.reduced() ? 0 : groupStride));
        }
        return grouped;
    }

    Walk groups() {
        return select(axis -> !axis.reduced());
    }

    Walk groupElements() {
        return select(Axis::reduced);
    }

    Walk parameters() {
        return select(axis -> axis.paramStride() != 0);
    }

    Walk parameterElements() {
        return select(axis -> axis.paramStride() == 0);
    }

    private Walk select(Predicate<Axis> wanted) {
        return new Walk(axes.stream().filter(grouped -> wanted.test(grouped.axis())).toList());
    }
}
