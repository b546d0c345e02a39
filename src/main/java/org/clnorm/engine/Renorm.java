package org.clnorm.engine;

/**
 * How batch renormalization corrects a batch: with the deviations σ = √(variance + eps) and means μ of a channel,
 * r = σ / σ_running cut off to [1/rMax, rMax] and d = (μ − μ_running) / σ_running cut off to [−dMax, dMax], and
 * y = (x̂ · r + d) · weight + bias.
 *
 * @param running what is corrected towards, as it is before the pass
 * @param rMax    1 or more, may be infinite
 * @param dMax    0 or more, may be infinite
 */
public record Renorm(RunningStatistics running, double rMax, double dMax) {
}
