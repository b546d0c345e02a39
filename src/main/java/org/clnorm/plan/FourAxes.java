package org.clnorm.plan;

import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * How kernels are told of any view of up to four axes: in an order in which what belongs together has neighbouring
 * indices, padded to four with axes of one index.
 */
final class FourAxes {
    static final int MOST = NormView.MOST_AXES;

    private FourAxes() {
    }

    /** Whether four axes are enough, and parameters follow each other as such kernels expect. */
    static boolean say(Task task) {
        return task.view().axes().size() <= MOST && (!task.parameters() || denseParameters(task.view()));
    }

    /** The elements of a group follow each other when the kept axes come first. */
    static List<Axis> groupsFirst(NormView view) {
        return Stream.concat(view.kept().stream(), view.reduced().stream()).toList();
    }

    /**
     * The elements of a parameter follow each other when the axes along which it moves come first, the widest stride
     * ahead.
     */
    static List<Axis> parametersFirst(NormView view) {
        return Stream.concat(moving(view).stream(),
                view.axes().stream().filter(axis -> axis.paramStride() == 0)).toList();
    }

    /** Sizes and strides, for kernels that call them so. */
    static Map<String, Long> places(List<Axis> order) {
        Map<String, Long> scalars = new HashMap<>();
        number(scalars, "size", order.stream().map(Axis::size).toList());
        number(scalars, "stride", order.stream().map(Axis::stride).toList());
        return scalars;
    }

    /** Names the numbers of the axes by position, counted from the innermost, 3; what is missing has one index. */
    static void number(Map<String, Long> scalars, String name, List<Long> values) {
        int missing = MOST - values.size();
        for (int i = 0; i < MOST; i++) {
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
    static long groupStride(NormView view, Axis axis) {
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
