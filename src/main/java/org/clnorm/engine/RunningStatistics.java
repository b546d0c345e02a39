package org.clnorm.engine;

import org.clnorm.tensor.Tensor;

/**
 * Running statistics, one pair a channel.
 *
 * @param mean     running mean [channels]; F32, or F64 where x is
 * @param variance running variance [channels]; F32, or F64 where x is
 */
public record RunningStatistics(Tensor mean, Tensor variance) {
}
