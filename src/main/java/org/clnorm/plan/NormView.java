package org.clnorm.plan;

import java.util.ArrayList;
import java.util.List;

/**
 * A normalization of a flat buffer, said by its axes, outermost first. Axes of one index are dropped and neighbours
 * that agree are merged, so that equal work has equal views.
 *
 * @param axes the fewest axes that say it; none for a single element
 */
public record NormView(List<Axis> axes) {
    /** With how many axes every engine does a view. */
    public static final int MOST_AXES = 4;

    /**
     * Drops and merges axes.
     *
     * @param axes the axes, outermost first
     */
    public NormView {
        axes = merged(axes);
    }

    /**
     * A view from its axes.
     *
     * @param axes outermost first
     * @return the view
     */
    public static NormView of(Axis... axes) {
        return new NormView(List.of(axes));
    }

    private static List<Axis> merged(List<Axis> axes) {
        List<Axis> fewest = new ArrayList<>();
        for (Axis axis : axes) {
            int last = fewest.size() - 1;
            if (axis.size() == 1) {
                continue;
            }
            if (last >= 0 && fewest.get(last).continues(axis)) {
                fewest.set(last, fewest.get(last).join(axis));
            } else {
                fewest.add(axis);
            }
        }
        return List.copyOf(fewest);
    }

    /**
     * The axes whose indices are groups.
     *
     * @return outermost first; the group index counts them in row-major order
     */
    public List<Axis> kept() {
        return axes.stream().filter(axis -> !axis.reduced()).toList();
    }

    /**
     * The axes the statistics run over.
     *
     * @return outermost first
     */
    public List<Axis> reduced() {
        return axes.stream().filter(Axis::reduced).toList();
    }

    /**
     * The number of groups.
     *
     * @return the product of the kept axes
     */
    public long groups() {
        return product(kept());
    }

    /**
     * The number of elements in a group.
     *
     * @return the product of the reduced axes
     */
    public long groupSize() {
        return product(reduced());
    }

    /**
     * The number of elements.
     *
     * @return groups times elements in a group
     */
    public long elements() {
        return product(axes);
    }

    /**
     * The number of parameters the axes reach.
     *
     * @return the product of the axes along which the parameter moves
     */
    public long parameters() {
        return product(axes.stream().filter(axis -> axis.paramStride() != 0).toList());
    }

    /**
     * The same groups with no parameters, which may merge further.
     *
     * @return the view without parameter strides
     */
    public NormView withoutParameters() {
        return new NormView(axes.stream().map(Axis::withoutParameters).toList());
    }

    /** By index, because plans are looked up by views in every pass, and an iterator is an object. */
    @Override
    public boolean equals(Object other) {
        if (!(other instanceof NormView that) || axes.size() != that.axes.size()) {
            return false;
        }
        for (int i = 0; i < axes.size(); i++) {
            if (!axes.get(i).equals(that.axes.get(i))) {
                return false;
            }
        }
        return true;
    }

    @Override
    public int hashCode() {
        return axes.hashCode();
    }

    private static long product(List<Axis> axes) {
        long product = 1;
        for (int i = 0; i < axes.size(); i++) { // no iterator: passes ask for it
            product *= axes.get(i).size();
        }
        return product;
    }
}
