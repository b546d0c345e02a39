package org.clnorm.conformance;

import java.util.Map;
import org.clnorm.state.HostTensor;

/**
 * One forward pass of a case, and the backward pass to it.
 *
 * @param training whether the layer is in training mode
 * @param x        the input
 * @param dy       the gradient of the output, or null for the forward pass alone
 * @param residual what is added, or null
 * @param dsum     what reaches the sum besides dy where the residual is added before; null without a residual or dy
 * @param expected what should come out, by the name of the tensor; empty if nobody knows yet
 * @param batches  the count of batches after the step, or -1 if the case does not say
 */
record CaseStep(boolean training, HostTensor x, HostTensor dy, HostTensor residual, HostTensor dsum,
        Map<String, Expected> expected, long batches) {
    /** Without a residual, and with nothing known of what should come out. */
    CaseStep(boolean training, HostTensor x, HostTensor dy) {
        this(training, x, dy, null, null, Map.of(), -1);
    }

    CaseStep expecting(Map<String, Expected> values, long count) {
        return new CaseStep(training, x, dy, residual, dsum, values, count);
    }

    CaseStep gradient(HostTensor other) {
        return new CaseStep(training, x, other, residual, dsum, expected, batches);
    }
}
