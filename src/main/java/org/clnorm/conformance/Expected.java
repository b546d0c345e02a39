package org.clnorm.conformance;

import java.util.BitSet;
import org.clnorm.state.HostTensor;

/**
 * What a tensor should be.
 *
 * @param values  the values, F64 as a rule
 * @param scale   what errors are divided by: the magnitude before cancellation
 * @param anyKind elements that may be NaN or either Inf, if they are expected to be one of these
 */
record Expected(HostTensor values, double scale, BitSet anyKind) {
    /** Where NaN must be NaN, and Inf the same Inf. */
    Expected(HostTensor values, double scale) {
        this(values, scale, new BitSet());
    }
}
