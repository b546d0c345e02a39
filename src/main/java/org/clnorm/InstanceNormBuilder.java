package org.clnorm;

import java.util.function.Function;

/**
 * Builds instance normalization layers.
 *
 * @param <L> the layer
 */
public final class InstanceNormBuilder<L extends InstanceNorm> extends TrackingBuilder<L, InstanceNormBuilder<L>> {
    private final Function<InstanceNormBuilder<L>, L> constructor;

    InstanceNormBuilder(long numFeatures, Function<InstanceNormBuilder<L>, L> constructor) {
        super(numFeatures, false, false);
        this.constructor = constructor;
    }

    @Override
    public L build() {
        return constructor.apply(this);
    }
}
