package org.clnorm;

import org.clnorm.tensor.Device;

/** Instance normalization of [N, C, L] or [C, L]. */
public final class InstanceNorm1d extends InstanceNorm {
    /**
     * A layer with PyTorch's defaults.
     *
     * @param numFeatures channels, C
     * @throws IllegalArgumentException if numFeatures is not positive
     */
    public InstanceNorm1d(long numFeatures) {
        this(builder(numFeatures));
    }

    private InstanceNorm1d(InstanceNormBuilder<InstanceNorm1d> options) {
        super(options, 3);
    }

    /**
     * Builds a layer with other settings.
     *
     * @param numFeatures channels, C
     * @return a builder with PyTorch's defaults
     */
    public static InstanceNormBuilder<InstanceNorm1d> builder(long numFeatures) {
        return new InstanceNormBuilder<>(numFeatures, InstanceNorm1d::new);
    }

    /**
     * Puts the layer on a device, with its state.
     *
     * @param device where it is to compute; its inputs must be there
     * @return this layer
     */
    @Override
    public InstanceNorm1d on(Device device) {
        place(device);
        return this;
    }
}
