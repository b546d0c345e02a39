package org.clnorm;

import org.clnorm.engine.RunningUpdate;
import org.clnorm.plan.NormView;
import org.clnorm.plan.Padding;
import org.clnorm.tensor.Shape;

/**
 * Instance normalization of [N, C, …] or unbatched [C, …], or [N, …, C] and […, C] if it is told so: mean and variance
 * of a channel are taken over the space of one sample. By default without parameters and running statistics; eps 1e-5,
 * momentum 0.1. Ulyanov and others, 2016.
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
        Extents x = unbatched ? Extents.unbatched(shape, layout()) : Extents.of(shape, layout());
        Views.checkChannels(numFeatures(), x.channels(), shape);
        if (usesBatch()) {
            Views.checkSpatialElements(x.span(), shape);
        }
        NormView view = usesBatch() ? Views.instance(x) : Views.instanceGiven(x);
        RunningUpdate update = shape.size() == 0 ? null : update(momentum().orElseThrow(), x.span());
        return new Work(view, usesBatch() ? null : running(), update, eps(), usesBatch());
    }

    @Override
    final Padding padding(Shape x) {
        if (x.rank() < batchedRank) {
            throw new IllegalArgumentException("expected " + batchedRank + "D input where samples have lengths (got "
                    + x.rank() + "D input)");
        }
        if (moves()) {
            throw new IllegalArgumentException("expected a layer whose running statistics stay as they are, since the"
                    + " unbiased variances of samples of different lengths have no common factor, got " + this
                    + " in training");
        }
        return super.padding(x);
    }

    private void checkRank(int rank) {
        if (rank != batchedRank && rank != batchedRank - 1) {
            throw new IllegalArgumentException("expected " + (batchedRank - 1) + "D or " + batchedRank + "D input (got "
                    + rank + "D input)");
        }
    }
}
