package org.clnorm;

import java.util.Objects;
import java.util.OptionalDouble;
import org.clnorm.state.Framework;

/**
 * What layers with running statistics can be told as well.
 *
 * @param <L> the layer
 * @param <B> the builder
 */
public abstract class TrackingBuilder<L extends NormLayer, B extends TrackingBuilder<L, B>> extends LayerBuilder<L, B> {
    final long numFeatures;
    OptionalDouble momentum = OptionalDouble.of(0.1);
    boolean trackRunningStats;
    VarianceEstimate runningVariance = VarianceEstimate.UNBIASED;
    NonFinite nonFinite = NonFinite.ALLOW;

    TrackingBuilder(long numFeatures, boolean affine, boolean trackRunningStats) {
        super(affine);
        this.numFeatures = numFeatures;
        this.trackRunningStats = trackRunningStats;
    }

    @Override
    public final B like(Framework framework) {
        momentum = OptionalDouble.of(framework.momentum());
        runningVariance = framework.runningVarianceIsBiased() ? VarianceEstimate.BIASED : VarianceEstimate.UNBIASED;
        return super.like(framework);
    }

    /**
     * Whether there are a weight and, unless {@link #bias bias(false)}, a bias.
     *
     * @param present true by default in batch normalization, false in instance normalization
     * @return this builder
     */
    public final B affine(boolean present) {
        affine = present;
        return self();
    }

    /**
     * The weight of a new batch in the running statistics: PyTorch's m. Keras, DJL, DL4J and ONNX call 1 − m momentum.
     *
     * @param value 0 to 1; 0.1 unless told
     * @return this builder
     */
    public final B momentum(double value) {
        momentum = OptionalDouble.of(value);
        return self();
    }

    /**
     * Whether the layer keeps running statistics, which evaluation uses.
     *
     * @param track true by default in batch normalization, false in instance normalization
     * @return this builder
     */
    public final B trackRunningStats(boolean track) {
        trackRunningStats = track;
        return self();
    }

    /**
     * Which variance the running statistics take up.
     *
     * @param estimate UNBIASED unless told
     * @return this builder
     */
    public final B runningVariance(VarianceEstimate estimate) {
        runningVariance = Objects.requireNonNull(estimate, "estimate");
        return self();
    }

    /**
     * What batches with NaN or Inf do to the running statistics. y and dx are not concerned.
     *
     * @param policy ALLOW unless told
     * @return this builder
     */
    public final B nonFinite(NonFinite policy) {
        nonFinite = Objects.requireNonNull(policy, "policy");
        return self();
    }

    /**
     * Where the channels of inputs lie: {@link Layout#CHANNELS_LAST} takes [N, …, C], and in instance normalization
     * […, C] without a batch. Parameters, statistics and state do not change.
     *
     * @param channels CHANNELS_FIRST unless told
     * @return this builder
     */
    public final B layout(Layout channels) {
        layout = Objects.requireNonNull(channels, "channels");
        return self();
    }
}
