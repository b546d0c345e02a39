package org.clnorm.plan;

import java.util.List;
import java.util.Map;

/**
 * How a task is done: which kernels in which order, with what scratch memory.
 *
 * @param variant      the name of the variant, {@code cpu/rows} say
 * @param reason       why it was taken
 * @param steps        the launches, in order
 * @param scratch      scratch buffers by the name of the kernel argument, in floats
 * @param minimumBytes the least memory traffic the pass needs: every tensor once (2T forward, 3T backward)
 */
public record NormPlan(String variant, String reason, List<Step> steps, Map<String, Long> scratch, long minimumBytes) {
    /**
     * Copies the collections.
     *
     * @param variant      the name of the variant
     * @param reason       why it was taken
     * @param steps        the launches
     * @param scratch      scratch buffers in floats
     * @param minimumBytes the least memory traffic
     */
    public NormPlan {
        steps = List.copyOf(steps);
        scratch = Map.copyOf(scratch);
    }

    NormPlan because(String otherReason) {
        return new NormPlan(variant, otherReason, steps, scratch, minimumBytes);
    }

    /**
     * Whether it comes to the same launches, whatever the reason.
     *
     * @param other another plan
     * @return true if steps and scratch memory are the same
     */
    public boolean sameLaunches(NormPlan other) {
        return steps.equals(other.steps) && scratch.equals(other.scratch);
    }
}
