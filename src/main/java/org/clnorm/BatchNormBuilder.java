package org.clnorm;

import java.util.OptionalDouble;
import java.util.function.Function;

/**
 * Builds batch normalization layers.
 *
 * @param <L> the layer
 */
public final class BatchNormBuilder<L extends BatchNorm> extends TrackingBuilder<L, BatchNormBuilder<L>> {
    long virtualBatch;
    boolean renorm;
    double rMax;
    double dMax;
    private final Function<BatchNormBuilder<L>, L> constructor;

    BatchNormBuilder(long numFeatures, Function<BatchNormBuilder<L>, L> constructor) {
        super(numFeatures, true, true);
        this.constructor = constructor;
    }

    /**
     * Makes the running statistics the plain average of all batches: momentum = 1/numBatchesTracked, PyTorch's
     * {@code momentum=None}.
     *
     * @return this builder
     */
    public BatchNormBuilder<L> cumulativeMomentum() {
        momentum = OptionalDouble.empty();
        return this;
    }

    /**
     * Ghost batch normalization: where the layer normalizes by its input, every so many samples that follow each other
     * are normalized by their own mean and variance. The running statistics move once a pass, by the averages of the
     * sub-batches' means and variances, as in TensorFlow. Hoffer, Hubara and Soudry, 2017.
     *
     * @param samples how many make a sub-batch; a batch in training must be a multiple of it. 0, the default: the batch
     *                is one
     * @return this builder
     */
    public BatchNormBuilder<L> virtualBatch(long samples) {
        virtualBatch = samples;
        return this;
    }

    /**
     * Batch renormalization: in training, y = (x̂ · r + d) · weight + bias with r and d that lead from the batch's mean
     * and deviation to the running ones, as far as limits allow; they count as constants in backward. So training sees
     * what evaluation will, and small or dependent batches do less harm. With limits of 1 and 0, where a schedule
     * begins, it is batch normalization. Ioffe, 2017.
     *
     * @param rMax how far r may be from 1: it is cut off to [1/rMax, rMax]. 1 or more, infinite for no limit
     * @param dMax how far d may be from 0. 0 or more, infinite for no limit
     * @return this builder
     */
    public BatchNormBuilder<L> renorm(double rMax, double dMax) {
        renorm = true;
        this.rMax = rMax;
        this.dMax = dMax;
        return this;
    }

    @Override
    public L build() {
        return constructor.apply(this);
    }
}
