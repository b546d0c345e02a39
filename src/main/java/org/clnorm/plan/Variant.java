package org.clnorm.plan;

import java.util.Optional;

/** One way to do some tasks; part of the ordered list in {@link Planner}. */
interface Variant {
    /** The name by which it can be forced and is reported: {@code cpu/rows}, {@code plain}. */
    String name();

    /** The kernel set it belongs to, or null where it serves both. */
    KernelSet kernels();

    /**
     * Whether the kernels do a task in its form. What they do not do about residuals {@link ResidualSteps} adds: sums
     * before a forward pass, the bits that it keeps, and the gradient through them, as a rule.
     *
     * @param task what is to be done
     * @return true for plain forms, unless a variant knows more
     */
    default boolean does(Task task) {
        return task.form().isPlain();
    }

    /**
     * Whether the kernels make statistics alone; what does not is launched whole, with a y that nobody reads, see
     * {@link StatisticsSteps#plan}.
     *
     * @return false unless a variant does
     */
    default boolean measures() {
        return false;
    }

    /**
     * Whether residuals may be added around the kernels.
     *
     * @return false where that would break what the variant promises
     */
    default boolean joins() {
        return true;
    }

    /**
     * Whether the kernels know of padding.
     *
     * @return false unless a variant does
     */
    default boolean pads() {
        return false;
    }

    /**
     * Whether the kernels compute in double where tensors are F64.
     *
     * @return false unless a variant does
     */
    default boolean inDouble() {
        return false;
    }

    /**
     * Plans a task, or declines it.
     *
     * @param task   what is to be done
     * @param traits the device
     * @return the plan, or empty if the variant does not do such tasks
     */
    Optional<NormPlan> plan(Task task, Traits traits);
}
