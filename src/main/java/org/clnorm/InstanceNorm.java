package org.clnorm;

import org.clnorm.engine.RunningUpdate;
import org.clnorm.plan.NormView;
import org.clnorm.tensor.Shape;

/**
 * Instance normalization of [N, C, …] or unbatched [C, …]: mean and variance of a channel are taken over the space of
 * one sample. By default without parameters and running statistics; eps 1e-5, momentum 0.1. Ulyanov and others, 2016.
 */
public abstract class InstanceNorm extends TrackingLayer {
    private final int batchedRank;

    InstanceNorm(InstanceNormBuilder<?> options, int batchedRank) {
        super(options);
        this.batchedRank = batchedRank;
    }

    @Override
    final Work prepare(Shape shape) {
        checkRank(shape.rank());
        boolean unbatched = shape.rank() < batchedRank;
        int channelDim = unbatched ? 0 : 1;
        Views.checkChannels(numFeatures(), shape.dim(channelDim), shape);
        long span = shape.size(channelDim + 1, shape.rank());
        if (usesBatch()) {
            Views.checkSpatialElements(span, shape);
        }
        NormView view = usesBatch() ? Views.instance(shape, unbatched) : Views.instanceGiven(shape, unbatched);
        RunningUpdate update = shape.size() == 0 ? null : update(momentum().orElseThrow(), span);
        return new Work(view, usesBatch() ? null : running(), update, eps(), usesBatch());
    }

    private void checkRank(int rank) {
        if (rank != batchedRank && rank != batchedRank - 1) {
            throw new IllegalArgumentException("expected " + (batchedRank - 1) + "D or " + batchedRank + "D input (got "
                    + rank + "D input)");
        }
    }
}
