package org.clnorm;

import org.clnorm.tensor.Device;

/** Instance normalization of [N, C, H, W] or [C, H, W]. */
public final class InstanceNorm2d extends InstanceNorm {
    /**
     * A layer with PyTorch's defaults.
     *
     * @param numFeatures channels, C
     * @throws IllegalArgumentException if numFeatures is not positive
     */
    public InstanceNorm2d(long numFeatures) {
        this(builder(numFeatures));
    }

    private InstanceNorm2d(InstanceNormBuilder<InstanceNorm2d> options) {
        super(options, 4);
    }

    /**
     * Builds a layer with other settings.
     *
     * @param numFeatures channels, C
     * @return a builder with PyTorch's defaults
     */
    public static InstanceNormBuilder<InstanceNorm2d> builder(long numFeatures) {
        return new InstanceNormBuilder<>(numFeatures, InstanceNorm2d::new);
    }

    /**
     * Puts the layer on a device, with its state.
     *
     * @param device where it is to compute; its inputs must be there
     * @return this layer
     */
    @Override
    public InstanceNorm2d on(Device device) {
        place(device);
        return this;
    }
}
