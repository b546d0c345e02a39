package org.clnorm;

import org.clnorm.tensor.Device;
import org.clnorm.tensor.Shape;

/**
 * Layer normalization over the last dimensions, or those it is told: mean and variance are taken over all elements of
 * {@code normalizedShape}, each of which has a weight and a bias of its own. eps 1e-5. Ba, Kiros and Hinton, 2016.
 */
public final class LayerNorm extends NormLayer {
    private final Normalized normalized;
    private final boolean elementwiseAffine;

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
        super(options, options.normalizedShape);
        normalized = Normalized.of(options.normalizedShape, options.axes);
        elementwiseAffine = options.affine;
    }

    /**
     * Builds a layer with other settings.
     *
     * @param normalizedShape the last dimensions of the input
     * @return a builder with PyTorch's defaults
     * @throws IllegalArgumentException if it is empty or has a dimension that is not positive
     */
    public static Builder builder(long... normalizedShape) {
        return new Builder(Views.checkedNormalizedShape(normalizedShape));
    }

    /** Builds layer normalization layers. */
    public static final class Builder extends LayerBuilder<LayerNorm, Builder> {
        private final Shape normalizedShape;
        private int[] axes = {};

        private Builder(Shape normalizedShape) {
            super(true);
            this.normalizedShape = normalizedShape;
        }

        /**
         * Whether there are a weight and, unless {@link #bias bias(false)}, a bias.
         *
         * @param present true unless told
         * @return this builder
         */
        public Builder elementwiseAffine(boolean present) {
            affine = present;
            return this;
        }

        /**
         * Whether the weight is kept as its difference from 1, so that x̂ is multiplied by 1 + weight: 0 is then what
         * training begins with, and what weight decay draws it to.
         *
         * @param difference false unless told
         * @return this builder
         */
        public Builder zeroCentered(boolean difference) {
            zeroCentered = difference;
            return this;
        }

        /**
         * The dimensions of the input that are normalized over, where they are not the last: one for each of
         * {@code normalizedShape}, in ascending order, so that {@code LayerNorm.builder(C).axes(1)} normalizes
         * [N, C, S] over its channels. Negative ones count from the end. They may part the input into at most four
         * stretches of dimensions that are normalized over or not.
         *
         * @param places the dimensions; none, the default, for the last ones
         * @return this builder
         */
        public Builder axes(int... places) {
            axes = places.clone();
            return this;
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

    /**
     * The dimensions that are normalized over.
     *
     * @return the shape of weight and bias
     */
    public Shape normalizedShape() {
        return normalized.shape();
    }

    @Override
    Work prepare(Shape shape) {
        return new Work(normalized.view(shape), null, null, eps(), false);
    }

    @Override
    String describe() {
        return normalized.describe() + ", eps=" + Python.repr(eps()) + ", elementwise_affine="
                + Python.repr(elementwiseAffine);
    }
}
