package org.clnorm;

import org.clnorm.engine.RunningStatistics;
import org.clnorm.engine.RunningUpdate;
import org.clnorm.plan.NormView;
import org.clnorm.plan.Task;

/**
 * What one call of a layer comes to, once its input has been checked.
 *
 * @param view     the axes
 * @param given    statistics to use instead of the batch's own, or null
 * @param update   running statistics to move, or null
 * @param eps      added to the variance
 * @param zeroRstd whether a group without variance gives the bias where eps is 0
 */
record Work(NormView view, RunningStatistics given, RunningUpdate update, double eps, boolean zeroRstd) {
    /** The task of a forward pass. */
    Task forwardTask(boolean weight, boolean bias) {
        return Task.forward(view, statistics(), weight, bias);
    }

    /** The task of a backward pass with dx. */
    Task backwardTask(boolean weight, boolean parameters) {
        return Task.backward(view, statistics(), weight, true, parameters);
    }

    private Task.Statistics statistics() {
        return given == null ? Task.Statistics.BATCH : Task.Statistics.GIVEN;
    }
}
