package org.clnorm;

import org.clnorm.state.HostTensor;

/**
 * Weight and bias of a linear or convolution layer that has taken over a normalization.
 *
 * @param weight of the shape and type of the layer's weight
 * @param bias   one value an output
 */
public record Folded(HostTensor weight, HostTensor bias) {
}
