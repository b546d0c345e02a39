package org.clnorm;

import org.clnorm.tensor.Device;

/** Instance normalization of [N, C, D, H, W] or [C, D, H, W]. */
public final class InstanceNorm3d extends InstanceNorm {
    /**
     * A layer with PyTorch's defaults.
     *
     * @param numFeatures channels, C
     * @throws IllegalArgumentException if numFeatures is not positive
     */
    public InstanceNorm3d(long numFeatures) {
        this(builder(numFeatures));
    }

    private InstanceNorm3d(InstanceNormBuilder<InstanceNorm3d> options) {
        super(options, 5);
    }

    /**
     * Builds a layer with other settings.
     *
     * @param numFeatures channels, C
     * @return a builder with PyTorch's defaults
     */
    public static InstanceNormBuilder<InstanceNorm3d> builder(long numFeatures) {
        return new InstanceNormBuilder<>(numFeatures, InstanceNorm3d::new);
    }

    /**
     * Puts the layer on a device, with its state.
     *
     * @param device where it is to compute; its inputs must be there
     * @return this layer
     */
    @Override
    public InstanceNorm3d on(Device device) {
        place(device);
        return this;
    }
}
