package org.clnorm;

import org.clnorm.tensor.Device;

/** Batch normalization of [N, C, D, H, W]. */
public final class BatchNorm3d extends BatchNorm {
    /**
     * A layer with PyTorch's defaults.
     *
     * @param numFeatures channels, C
     * @throws IllegalArgumentException if numFeatures is not positive
     */
    public BatchNorm3d(long numFeatures) {
        this(builder(numFeatures));
    }

    private BatchNorm3d(BatchNormBuilder<BatchNorm3d> options) {
        super(options);
    }

    /**
     * Builds a layer with other settings.
     *
     * @param numFeatures channels, C
     * @return a builder with PyTorch's defaults
     */
    public static BatchNormBuilder<BatchNorm3d> builder(long numFeatures) {
        return new BatchNormBuilder<>(numFeatures, BatchNorm3d::new);
    }

    /**
     * Puts the layer on a device, with its state.
     *
     * @param device where it is to compute; its inputs must be there
     * @return this layer
     */
    @Override
    public BatchNorm3d on(Device device) {
        place(device);
        return this;
    }

    @Override
    void checkRank(int rank) {
        if (rank != 5) {
            throw new IllegalArgumentException("expected 5D input (got " + rank + "D input)");
        }
    }
}
