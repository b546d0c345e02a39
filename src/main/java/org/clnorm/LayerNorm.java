package org.clnorm;

import org.clnorm.tensor.Device;

/**
 * Layer normalization over the last dimensions, or those it is told: mean and variance are taken over all elements of
 * {@code normalizedShape}, each of which has a weight and a bias of its own. eps 1e-5. Ba, Kiros and Hinton, 2016.
 */
public final class LayerNorm extends ElementwiseLayer {
    /**
     * A layer with PyTorch's defaults.
     *
     * @param normalizedShape the last dimensions of the input
     * @throws IllegalArgumentException if it is empty or has a dimension that is not positive
     */
    public LayerNorm(long... normalizedShape) {
        this(builder(normalizedShape));
    }

    private LayerNorm(Builder options) {
        super(options);
    }

    /**
     * Builds a layer with other settings.
     *
     * @param normalizedShape the last dimensions of the input
     * @return a builder with PyTorch's defaults
     * @throws IllegalArgumentException if it is empty or has a dimension that is not positive
     */
    public static Builder builder(long... normalizedShape) {
        return new Builder(normalizedShape);
    }

    /** Builds layer normalization layers. */
    public static final class Builder extends ElementwiseBuilder<LayerNorm, Builder> {
        private Builder(long... normalizedShape) {
            super(normalizedShape);
        }

        @Override
        public LayerNorm build() {
            return new LayerNorm(this);
        }
    }

    /**
     * Puts the layer on a device, with its state.
     *
     * @param device where it is to compute; its inputs must be there
     * @return this layer
     */
    @Override
    public LayerNorm on(Device device) {
        place(device);
        return this;
    }
}
