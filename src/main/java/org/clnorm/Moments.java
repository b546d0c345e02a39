package org.clnorm;

import org.clnorm.tensor.Tensor;

/**
 * Mean and variance of groups of a tensor. Closing it closes both.
 *
 * @param mean     the mean of every group
 * @param variance the biased variance of every group, ⟨(x − mean)²⟩
 */
public record Moments(Tensor mean, Tensor variance) implements AutoCloseable {
    @Override
    public void close() {
        mean.close();
        variance.close();
    }
}
