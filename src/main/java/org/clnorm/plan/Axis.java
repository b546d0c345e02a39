package org.clnorm.plan;

/**
 * One axis of a tensor as a normalization sees it.
 *
 * @param size        how many indices it has
 * @param stride      how many elements lie between neighbouring indices
 * @param reduced     true: the statistics run over it; false: every index is another group
 * @param paramStride how far the parameter index moves along it; 0 = the same parameter all along
 */
public record Axis(long size, long stride, boolean reduced, long paramStride) {
    /**
     * Checks the numbers.
     *
     * @param size        0 or more
     * @param stride      0 or more
     * @param reduced     whether the statistics run over it
     * @param paramStride 0 or more
     * @throws IllegalArgumentException if a number is negative
     */
    public Axis {
        if (size < 0 || stride < 0 || paramStride < 0) {
            throw new IllegalArgumentException("expected an axis with numbers of 0 or more, got size " + size
                    + ", stride " + stride + ", paramStride " + paramStride);
        }
    }

    /**
     * An axis the statistics run over.
     *
     * @param size        how many indices
     * @param stride      elements between neighbours
     * @param paramStride parameters between neighbours
     * @return the axis
     */
    public static Axis reduced(long size, long stride, long paramStride) {
        return new Axis(size, stride, true, paramStride);
    }

    /**
     * An axis whose indices are groups of their own.
     *
     * @param size        how many indices
     * @param stride      elements between neighbours
     * @param paramStride parameters between neighbours
     * @return the axis
     */
    public static Axis kept(long size, long stride, long paramStride) {
        return new Axis(size, stride, false, paramStride);
    }

    /** Whether this axis and the next one further in are one axis in disguise. */
    boolean continues(Axis inner) {
        return reduced == inner.reduced && stride == inner.size * inner.stride
                && paramStride == inner.size * inner.paramStride;
    }

    Axis join(Axis inner) {
        return new Axis(size * inner.size, inner.stride, reduced, inner.paramStride);
    }

    Axis withoutParameters() {
        return new Axis(size, stride, reduced, 0);
    }
}
