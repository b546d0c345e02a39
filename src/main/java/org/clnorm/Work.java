package org.clnorm;

import org.clnorm.engine.RunningStatistics;
import org.clnorm.engine.RunningUpdate;
import org.clnorm.plan.NormView;

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
}
