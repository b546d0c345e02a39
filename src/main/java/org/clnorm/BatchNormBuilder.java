package org.clnorm;

import java.util.OptionalDouble;
import java.util.function.Function;

/**
 * Builds batch normalization layers.
 *
 * @param <L> the layer
 */
public final class BatchNormBuilder<L extends BatchNorm> extends TrackingBuilder<L, BatchNormBuilder<L>> {
    private final Function<BatchNormBuilder<L>, L> constructor;

    BatchNormBuilder(long numFeatures, Function<BatchNormBuilder<L>, L> constructor) {
        super(numFeatures, true, true);
        this.constructor = constructor;
    }

    /**
     * Makes the running statistics the plain average of all batches: momentum = 1/numBatchesTracked, PyTorch's
     * {@code momentum=None}.
     *
     * @return this builder
     */
    public BatchNormBuilder<L> cumulativeMomentum() {
        momentum = OptionalDouble.empty();
        return this;
    }

    @Override
    public L build() {
        return constructor.apply(this);
    }
}
