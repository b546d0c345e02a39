package org.clnorm;

import java.util.List;
import java.util.OptionalDouble;
import org.clnorm.engine.RunningStatistics;
import org.clnorm.engine.RunningUpdate;
import org.clnorm.tensor.Shape;
import org.clnorm.tensor.Tensor;

/**
 * A layer that may keep running statistics: r ← (1 − m) · r + m · s, with PyTorch's momentum m. In training mode it
 * normalizes by the batch and moves them; in evaluation mode it normalizes by them.
 */
public abstract class TrackingLayer extends NormLayer {
    private final long numFeatures;
    private final boolean affine;
    private final OptionalDouble momentum;
    private final VarianceEstimate runningVariance;
    private final NonFinite nonFinite;
    private final Slot runningMean;
    private final Slot runningVar;
    private boolean frozen;

    TrackingLayer(TrackingBuilder<?, ?> options) {
        super(options, features(options.numFeatures));
        numFeatures = options.numFeatures;
        affine = options.affine;
        momentum = options.momentum;
        momentum.ifPresent(Views::checkedMomentum);
        runningVariance = options.runningVariance;
        nonFinite = options.nonFinite;
        Shape shape = Shape.of(numFeatures);
        boolean track = options.trackRunningStats;
        runningMean = track ? state().add("running_mean", shape, options.dataType.statistics(), 0) : null;
        runningVar = track ? state().add("running_var", shape, options.dataType.statistics(), 1) : null;
        if (track) {
            state().addBatchCount();
        }
    }

    private static Shape features(long numFeatures) {
        if (numFeatures <= 0) {
            throw new IllegalArgumentException("expected numFeatures of 1 or more, got " + numFeatures);
        }
        return Shape.of(numFeatures);
    }

    /** Whether this call normalizes by its own input. */
    final boolean usesBatch() {
        return !tracks() || isTraining() && !frozen;
    }

    /** Whether this call moves the running statistics. */
    final boolean moves() {
        return tracks() && isTraining() && !frozen;
    }

    final RunningStatistics running() {
        return new RunningStatistics(runningMean.tensor(), runningVar.tensor());
    }

    /** How the running statistics move by groups of n values, or null if they do not. */
    final RunningUpdate update(double factor, long n) {
        return moves() && n > 0 ? new RunningUpdate(running(), factor, runningVariance.correction(n),
                nonFinite == NonFinite.SKIP) : null;
    }

    final OptionalDouble momentum() {
        return momentum;
    }

    /**
     * The number of channels.
     *
     * @return numFeatures
     */
    public final long numFeatures() {
        return numFeatures;
    }

    /**
     * Whether the layer keeps running statistics.
     *
     * @return true if it does
     */
    public final boolean tracks() {
        return runningMean != null;
    }

    /**
     * The running mean on the layer's device. Do not close it.
     *
     * @return [numFeatures]
     * @throws IllegalStateException if the layer keeps none, or is on no device
     */
    public final Tensor runningMean() {
        checkTracks();
        return runningMean.tensor();
    }

    /**
     * The running variance on the layer's device. Do not close it.
     *
     * @return [numFeatures]
     * @throws IllegalStateException if the layer keeps none, or is on no device
     */
    public final Tensor runningVar() {
        checkTracks();
        return runningVar.tensor();
    }

    /**
     * How many batches entered the running statistics.
     *
     * @return a count; always 0 in instance normalization, as in PyTorch
     * @throws IllegalStateException if the layer keeps no statistics
     */
    public final long numBatchesTracked() {
        checkTracks();
        return state().batches();
    }

    /**
     * Freezes the running statistics: the layer normalizes by them and leaves them as they are, in training mode too,
     * until {@link #unfreezeStatistics()}.
     *
     * @throws IllegalStateException if the layer keeps none
     */
    public final void freezeStatistics() {
        checkTracks();
        freeze(true);
    }

    /** Lets training mode use the batch and move the running statistics again. */
    public final void unfreezeStatistics() {
        freeze(false);
    }

    private void freeze(boolean freeze) {
        alone(() -> {
            frozen = freeze;
            forget();
        });
    }

    /**
     * Whether the running statistics are frozen.
     *
     * @return true after {@link #freezeStatistics()}
     */
    public final boolean statisticsFrozen() {
        return frozen;
    }

    /**
     * What the layer computes in evaluation mode, as one scale and shift a channel; waits for the device. The mode that
     * the layer is in does not matter.
     *
     * @return a copy; later changes to the layer do not reach it
     * @throws IllegalStateException if the layer keeps no running statistics, or a scale or shift is not finite (a
     *                               running variance below −eps, or of 0 with an eps of 0)
     */
    public final Affine toAffine() {
        checkTracks();
        return Affine.of(stateDict(), eps(), this);
    }

    /**
     * Sets running mean to 0, running variance to 1 and the batch count to 0; nothing where there are none;
     * waits.
     */
    public final void resetRunningStats() {
        alone(() -> {
            checkOpen();
            if (tracks()) {
                reset(List.of(runningMean, runningVar));
            }
        });
    }

    /**
     * Throws if the running statistics are not finite; waits for the device.
     *
     * @throws IllegalStateException if the layer keeps none, or one of them is NaN or Inf: names the first such channel
     */
    public final void checkFinite() {
        checkTracks();
        alone(() -> {
            checkOpen();
            checkFinite(runningMean);
            checkFinite(runningVar);
        });
    }

    private void checkFinite(Slot statistic) {
        double[] values = statistic.read();
        for (int c = 0; c < values.length; c++) {
            if (!Double.isFinite(values[c])) {
                throw new IllegalStateException("expected finite running statistics, got a " + statistic.name() + " of "
                        + values[c] + " in channel " + c + " of " + this + "; load a state, or reset it");
            }
        }
    }

    @Override
    final void checkState() {
        if (nonFinite == NonFinite.THROW && tracks()) {
            checkFinite(runningMean);
            checkFinite(runningVar);
        }
    }

    /** Which variance the running statistics take up. */
    final VarianceEstimate runningVariance() {
        return runningVariance;
    }

    /** Gives a builder this layer's settings. */
    void describeTo(TrackingBuilder<?, ?> options) {
        options.eps = eps();
        options.momentum = momentum;
        options.affine = affine;
        options.weight = parameters().containsKey("weight");
        options.bias = parameters().containsKey("bias");
        options.zeroCentered = form().weightPlus1();
        options.trackRunningStats = tracks();
        options.runningVariance = runningVariance;
        options.nonFinite = nonFinite;
        options.layout = layout();
        options.activation = form().activation();
        options.dataType = dataType();
    }

    /** Takes over the modes of a layer with the same parameters, and its device. */
    final void takeOver(TrackingLayer other) {
        train(other.isTraining());
        frozen = other.frozen;
        other.parameters().forEach((name, parameter) -> requiresGrad(name, parameter.requiresGrad()));
        accumulateGradients(other.accumulates());
        if (other.execution().device() != null) {
            on(other.execution().device());
        }
    }

    private void checkTracks() {
        if (!tracks()) {
            throw new IllegalStateException("expected a layer with running statistics, got " + this);
        }
    }

    @Override
    String describe() {
        return numFeatures + ", eps=" + Python.repr(eps()) + ", momentum="
                + (momentum.isPresent() ? Python.repr(momentum.getAsDouble()) : "None") + ", affine="
                + Python.repr(affine) + ", track_running_stats=" + Python.repr(tracks());
    }
}
