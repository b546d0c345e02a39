package org.clnorm.engine;

import org.clnorm.plan.Task;

/**
 * How an engine does a task.
 *
 * @param task    the task
 * @param kernels the family of kernels: {@code cpu}, {@code gpu}, or {@code java} on the Java engine
 * @param variant the name of the variant, {@code cpu/rows} say
 * @param reason  why it was taken
 */
public record Explanation(Task task, String kernels, String variant, String reason) {
    @Override
    public String toString() {
        return variant + ", " + kernels + " kernels: " + reason;
    }
}
