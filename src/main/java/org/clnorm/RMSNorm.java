package org.clnorm;

import java.util.OptionalDouble;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Shape;

/**
 * Root mean square normalization over the last dimensions, or those it is told: y = x / √(⟨x²⟩ + eps) · weight, with
 * the mean over all elements of {@code normalizedShape}, each of which has a weight of its own. No mean is subtracted
 * and there is no bias. Zhang and Sennrich, 2019.
 */
public final class RMSNorm extends NormLayer {
    private final Normalized normalized;
    private final boolean elementwiseAffine;

    /**
     * A layer with PyTorch's defaults: eps is the smallest step of the type at 1, 2⁻²³ in F32.
     *
     * @param normalizedShape the last dimensions of the input
     * @throws IllegalArgumentException if it is empty or has a dimension that is not positive
     */
    public RMSNorm(long... normalizedShape) {
        this(builder(normalizedShape));
    }

    private RMSNorm(Builder options) {
        super(options.ready(), options.normalizedShape);
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

    /**
     * The eps that PyTorch takes where none is given, for parameters of a type.
     *
     * @param type the type of the parameters
     * @return 2⁻²³, or 2⁻⁵² in F64
     */
    public static double defaultEps(DataType type) {
        return type == DataType.F64 ? Math.ulp(1.0) : Math.ulp(1f);
    }

    /** Builds root mean square normalization layers. */
    public static final class Builder extends LayerBuilder<RMSNorm, Builder> {
        private final Shape normalizedShape;
        private int[] axes = {};
        private OptionalDouble given = OptionalDouble.empty();

        private Builder(Shape normalizedShape) {
            super(true);
            this.normalizedShape = normalizedShape;
            bias = false;
            centered = false;
        }

        /** {@inheritDoc} Unless told, {@link #defaultEps}. */
        @Override
        public Builder eps(double value) {
            given = OptionalDouble.of(value);
            return super.eps(value);
        }

        /**
         * Whether there is a weight.
         *
         * @param present true unless told
         * @return this builder
         */
        public Builder elementwiseAffine(boolean present) {
            affine = present;
            return this;
        }

        /**
         * Whether the weight is kept as its difference from 1, so that y is multiplied by 1 + weight: 0 is then what
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
         * Not in this layer.
         *
         * @param present false
         * @return this builder
         * @throws IllegalArgumentException if a bias is asked for
         */
        @Override
        public Builder bias(boolean present) {
            if (present) {
                throw new IllegalArgumentException("expected no bias in RMSNorm, got bias(true)");
            }
            return this;
        }

        /**
         * The dimensions of the input that are normalized over, where they are not the last: one for each of
         * {@code normalizedShape}, in ascending order, so that {@code RMSNorm.builder(C).axes(1)} normalizes [N, C, S]
         * over its channels. Negative ones count from the end. They may part the input into at most four stretches of
         * dimensions that are normalized over or not.
         *
         * @param places the dimensions; none, the default, for the last ones
         * @return this builder
         */
        public Builder axes(int... places) {
            axes = places.clone();
            return this;
        }

        private Builder ready() {
            eps = given.orElse(defaultEps(dataType));
            return this;
        }

        @Override
        public RMSNorm build() {
            return new RMSNorm(this);
        }
    }

    /**
     * Puts the layer on a device, with its state.
     *
     * @param device where it is to compute; its inputs must be there
     * @return this layer
     */
    @Override
    public RMSNorm on(Device device) {
        place(device);
        return this;
    }

    /**
     * The dimensions that are normalized over.
     *
     * @return the shape of the weight
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
