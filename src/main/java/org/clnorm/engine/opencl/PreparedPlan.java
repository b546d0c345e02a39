package org.clnorm.engine.opencl;

import java.util.List;
import org.clnorm.plan.NormPlan;

/**
 * A plan whose kernels are compiled and whose arguments are looked up.
 *
 * @param plan    the plan
 * @param steps   its launches, with those of given and running statistics around them
 * @param scratch the sizes of the scratch buffers in floats
 */
record PreparedPlan(NormPlan plan, List<Launch> steps, long[] scratch) {
    /**
     * One launch.
     *
     * @param kernel the kernel
     * @param slots  where in the call's {@link Arguments} a buffer or word is, one an argument
     * @param longs  the values of long arguments, one an argument
     * @param global work-items
     * @param local  work-items a group
     */
    record Launch(BoundKernel kernel, int[] slots, long[] longs, long[] global, long[] local) {
    }
}
