package org.clnorm.bench;

import org.clnorm.plan.Choice;
import org.clnorm.plan.Task;

/**
 * What tuning found for one pass of a workload.
 *
 * @param workload the workload line
 * @param task     what was done
 * @param beforeUs what a caller waits with the device's own plan, median in microseconds
 * @param afterUs  the same with the choice
 * @param choice   the fastest found
 * @param changed  whether that is another plan than the device's own
 * @param tried    plans that were checked and timed
 */
public record Tuned(String workload, Task task, double beforeUs, double afterUs, Choice choice, boolean changed,
        int tried) {
}
