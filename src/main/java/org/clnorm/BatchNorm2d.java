package org.clnorm;

import org.clnorm.tensor.Device;

/** Batch normalization of [N, C, H, W]. */
public final class BatchNorm2d extends BatchNorm {
    /**
     * A layer with PyTorch's defaults.
     *
     * @param numFeatures channels, C
     * @throws IllegalArgumentException if numFeatures is not positive
     */
    public BatchNorm2d(long numFeatures) {
        this(builder(numFeatures));
    }

    private BatchNorm2d(BatchNormBuilder<BatchNorm2d> options) {
        super(options);
    }

    /**
     * Builds a layer with other settings.
     *
     * @param numFeatures channels, C
     * @return a builder with PyTorch's defaults
     */
    public static BatchNormBuilder<BatchNorm2d> builder(long numFeatures) {
        return new BatchNormBuilder<>(numFeatures, BatchNorm2d::new);
    }

    /**
     * Puts the layer on a device, with its state.
     *
     * @param device where it is to compute; its inputs must be there
     * @return this layer
     */
    @Override
    public BatchNorm2d on(Device device) {
        place(device);
        return this;
    }

    @Override
    void checkRank(int rank) {
        if (rank != 4) {
            throw new IllegalArgumentException("expected 4D input (got " + rank + "D input)");
        }
    }
}
