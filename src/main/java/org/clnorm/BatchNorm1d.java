package org.clnorm;

import org.clnorm.tensor.Device;

/** Batch normalization of [N, C] or [N, C, L]. */
public final class BatchNorm1d extends BatchNorm {
    /**
     * A layer with PyTorch's defaults.
     *
     * @param numFeatures channels, C
     * @throws IllegalArgumentException if numFeatures is not positive
     */
    public BatchNorm1d(long numFeatures) {
        this(builder(numFeatures));
    }

    private BatchNorm1d(BatchNormBuilder<BatchNorm1d> options) {
        super(options);
    }

    /**
     * Builds a layer with other settings.
     *
     * @param numFeatures channels, C
     * @return a builder with PyTorch's defaults
     */
    public static BatchNormBuilder<BatchNorm1d> builder(long numFeatures) {
        return new BatchNormBuilder<>(numFeatures, BatchNorm1d::new);
    }

    /**
     * Puts the layer on a device, with its state.
     *
     * @param device where it is to compute; its inputs must be there
     * @return this layer
     */
    @Override
    public BatchNorm1d on(Device device) {
        place(device);
        return this;
    }

    @Override
    void checkRank(int rank) {
        if (rank != 2 && rank != 3) {
            throw new IllegalArgumentException("expected 2D or 3D input (got " + rank + "D input)");
        }
    }
}
