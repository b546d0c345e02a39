package org.clnorm.state;

import java.util.List;

/** PyTorch's names for what a normalization layer keeps. */
final class Names {
    static final String WEIGHT = "weight";
    static final String BIAS = "bias";
    static final String MEAN = "running_mean";
    static final String VAR = "running_var";
    static final String BATCHES = "num_batches_tracked";

    /** What the frameworks have names for. */
    static final List<String> ALL = List.of(WEIGHT, BIAS, MEAN, VAR);

    private Names() {
    }
}
