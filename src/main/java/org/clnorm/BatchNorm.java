package org.clnorm;

import java.util.OptionalDouble;
import org.clnorm.engine.RunningUpdate;
import org.clnorm.plan.NormView;
import org.clnorm.plan.Padding;
import org.clnorm.tensor.Shape;

/**
 * Batch normalization of [N, C, …], or [N, …, C] if it is told so: mean and variance of a channel are taken over the
 * batch and space. By default with weight, bias and running statistics; eps 1e-5, momentum 0.1. Ioffe and Szegedy,
 * 2015.
 */
public abstract class BatchNorm extends TrackingLayer {
    private final long virtualBatch;
    /** Null without batch renormalization. */
    private RenormLimits renorm;

    BatchNorm(BatchNormBuilder<?> options) {
        super(options);
        virtualBatch = options.virtualBatch;
        if (virtualBatch < 0) {
            throw new IllegalArgumentException("expected a virtualBatch of 0 or more, got " + virtualBatch);
        }
        renorm = options.renorm ? new RenormLimits(options.rMax, options.dMax) : null;
        if (renorm != null && (!tracks() || virtualBatch > 0)) {
            throw new IllegalArgumentException("expected running statistics and no virtualBatch with renorm, got "
                    + this);
        }
    }

    /**
     * Changes the limits of batch renormalization for the passes to come, as a schedule does between steps. No state:
     * neither saved nor loaded.
     *
     * @param rMax as of {@link BatchNormBuilder#renorm}
     * @param dMax as of {@link BatchNormBuilder#renorm}
     * @throws IllegalArgumentException if a limit is out of range
     * @throws IllegalStateException    if the layer was built without renorm
     */
    public final void renorm(double rMax, double dMax) {
        alone(() -> {
            if (renorm == null) {
                throw new IllegalStateException("expected a layer built with renorm, got " + this);
            }
            renorm = new RenormLimits(rMax, dMax);
            forget();
        });
    }

    /**
     * How many samples are normalized together in training.
     *
     * @return the size of a sub-batch; 0 where the batch is one
     */
    public final long virtualBatch() {
        return virtualBatch;
    }

    /** Throws unless the input has a rank the layer takes. */
    abstract void checkRank(int rank);

    @Override
    final Work prepare(Shape shape) {
        checkRank(shape.rank());
        Extents x = Extents.of(shape, layout());
        Views.checkChannels(numFeatures(), x.channels(), shape);
        boolean ghost = usesBatch() && virtualBatch > 0;
        if (ghost) {
            Views.checkVirtualBatch(virtualBatch, shape);
        }
        long n = shape.size() == 0 ? 0 : (ghost ? virtualBatch : x.samples()) * x.span();
        if (usesBatch()) {
            checkValues(n, shape);
        }
        NormView view = ghost ? Views.batches(x, virtualBatch) : Views.batch(x);
        OptionalDouble momentum = momentum();
        double factor = momentum.isPresent() ? momentum.getAsDouble() : 1.0 / (state().batches() + 1);
        RunningUpdate update = updateBy(factor, n);
        return new Work(view, usesBatch() ? null : running(), update, eps(), usesBatch())
                .renormalized(usesBatch() && renorm != null ? renorm.towards(running()) : null).by(runner(view));
    }

    /** Throws unless there are enough values a channel in an input that the layer normalizes by itself. */
    void checkValues(long n, Shape x) {
        Views.checkValuesPerChannel(n, x);
    }

    /** How the running statistics move by a batch of n values a channel, or null if they do not. */
    RunningUpdate updateBy(double factor, long n) {
        return update(factor, n);
    }

    /** What takes passes over inputs of these axes to the engine. */
    PassRunner runner(NormView view) {
        return PassRunner.LOCAL;
    }

    @Override
    final Padding padding(Shape x) {
        if (usesBatch() && virtualBatch > 0) {
            throw new IllegalArgumentException("expected a layer without virtual batches, since lengths are those of a"
                    + " whole batch, got " + this);
        }
        return super.padding(x);
    }

    @Override
    final RunningUpdate update(Work whole, Padding padding, long steps) {
        long n = steps * padding.unit() / (layout() == Layout.CHANNELS_LAST ? numFeatures() : 1);
        if (usesBatch() && n == 1) {
            throw new IllegalArgumentException("expected more than 1 value per channel when training, got lengths of 1"
                    + " valid value per channel");
        }
        return whole.update() == null ? null : update(whole.update().momentum(), n);
    }

    @Override
    final void forwarded() {
        if (moves()) {
            state().batches(state().batches() + 1);
            if (momentum().isEmpty()) {
                forget();
            }
        }
    }

    @Override
    final void describeTo(TrackingBuilder<?, ?> options) {
        super.describeTo(options);
        if (options instanceof BatchNormBuilder<?> batch) {
            batch.virtualBatch = virtualBatch;
            batch.renorm = renorm != null;
        }
    }

    @Override
    final String describe() {
        return super.describe() + (virtualBatch > 0 ? ", virtual_batch=" + virtualBatch : "")
                + (renorm == null ? "" : ", renorm=" + renorm);
    }
}
