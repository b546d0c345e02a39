package org.clnorm.state;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;

/** New values for the elements of a tensor, computed in double and rounded once to its type. */
final class Scaled {
    private Scaled() {
    }

    static HostTensor each(String name, HostTensor tensor, DoubleUnaryOperator value) {
        try {
            return HostTensor.of(tensor.type(), Arrays.stream(tensor.toDoubles()).map(value).toArray(), tensor.shape());
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(Text.quote(name) + ": " + e.getMessage(), e);
        }
    }
}
