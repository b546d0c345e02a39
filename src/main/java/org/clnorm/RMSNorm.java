package org.clnorm;

import java.util.OptionalDouble;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;

/**
 * Root mean square normalization over the last dimensions, or those it is told: y = x / √(⟨x²⟩ + eps) · weight, with
 * the mean over all elements of {@code normalizedShape}, each of which has a weight of its own. No mean is subtracted
 * and there is no bias. Zhang and Sennrich, 2019.
 */
public final class RMSNorm extends ElementwiseLayer {
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
        super(options.ready());
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
    public static final class Builder extends ElementwiseBuilder<RMSNorm, Builder> {
        private OptionalDouble given = OptionalDouble.empty();

        private Builder(long... normalizedShape) {
            super(normalizedShape);
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
}
