package org.clnorm.plan;

import java.util.Optional;

/** One way to do some tasks; part of the ordered list in {@link Planner}. */
interface Variant {
    /** The name by which it can be forced and is reported: {@code cpu/rows}, {@code plain}. */
    String name();

    /** The kernel set it belongs to, or null where it serves both. */
    KernelSet kernels();

    /**
     * Plans a task, or declines it.
     *
     * @param task   what is to be done
     * @param traits the device
     * @return the plan, or empty if the variant does not do such tasks
     */
    Optional<NormPlan> plan(Task task, Traits traits);
}
