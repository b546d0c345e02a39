package org.clnorm.conformance;

import org.clnorm.state.HostTensor;

/**
 * What a tensor should be.
 *
 * @param values the values, F64 as a rule
 * @param scale  what errors are divided by: the magnitude before cancellation
 */
record Expected(HostTensor values, double scale) {
}
