package org.clnorm.engine;

import org.clnorm.tensor.Tensor;

/**
 * Running statistics, one pair a channel.
 *
 * @param mean     running mean [channels], of x's type
 * @param variance running variance [channels], of x's type
 */
public record RunningStatistics(Tensor mean, Tensor variance) {
}
