package org.clnorm;

import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Shape;

/**
 * Layer normalization over the last dimensions: mean and variance are taken over all elements of {@code
 * normalizedShape}, each of which has a weight and a bias of its own. eps 1e-5. Ba, Kiros and Hinton, 2016.
 */
public final class LayerNorm extends NormLayer {
    private final Shape normalizedShape;
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
        normalizedShape = options.normalizedShape;
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
        return normalizedShape;
    }

    @Override
    Work prepare(Shape shape) {
        return prepare(shape, normalizedShape, eps());
    }

    static Work prepare(Shape shape, Shape normalizedShape, double eps) {
        Views.checkNormalizedShape(normalizedShape, shape);
        return new Work(Views.layer(shape, normalizedShape.rank()), null, null, eps, false);
    }

    @Override
    String describe() {
        String dims = LongStream.of(normalizedShape.dims()).mapToObj(Long::toString).collect(Collectors.joining(", "));
        String tuple = normalizedShape.rank() == 1 ? "(" + dims + ",)" : "(" + dims + ")";
        return tuple + ", eps=" + Python.repr(eps()) + ", elementwise_affine=" + Python.repr(elementwiseAffine);
    }
}
