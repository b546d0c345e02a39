package org.clnorm.engine.opencl;

import org.clnorm.plan.NormPlan;
import org.clnorm.plan.StridedSteps;
import org.clnorm.plan.Traits;

/** A copy between a layout, wherever it begins, and dense memory; what its plan is found by. */
final class StridedCopy {
    private final Layout layout;
    private final boolean scatter;
    private final NormPlan plan;
    private final int hash;

    StridedCopy(Layout layout, boolean scatter, Traits traits) {
        this.layout = layout;
        this.scatter = scatter;
        this.plan = plan(layout, scatter, traits);
        this.hash = 31 * layout.hashOfSteps() + Boolean.hashCode(scatter);
    }

    private static NormPlan plan(Layout layout, boolean scatter, Traits traits) {
        int dimensions = Math.max(1, layout.dimensions());
        long[] sizes = new long[dimensions];
        long[] strides = new long[dimensions];
        sizes[0] = 1;
        strides[0] = 1;
        for (int i = 0; i < layout.dimensions(); i++) {
            sizes[i] = layout.size(i);
            strides[i] = layout.stride(i);
        }
        return StridedSteps.copy(layout.elementBytes(), sizes, strides, scatter, traits);
    }

    NormPlan plan() {
        return plan;
    }

    @Override
    public boolean equals(Object other) {
        return other == this
                || other instanceof StridedCopy copy && scatter == copy.scatter && layout.sameSteps(copy.layout);
    }

    @Override
    public int hashCode() {
        return hash;
    }
}
