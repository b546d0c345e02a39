package org.clnorm.conformance;

import java.util.OptionalDouble;
import org.clnorm.BatchNorm;
import org.clnorm.BatchNorm1d;
import org.clnorm.BatchNorm2d;
import org.clnorm.BatchNorm3d;
import org.clnorm.BatchNormBuilder;
import org.clnorm.GroupNorm;
import org.clnorm.InstanceNorm;
import org.clnorm.InstanceNorm1d;
import org.clnorm.InstanceNorm2d;
import org.clnorm.InstanceNorm3d;
import org.clnorm.InstanceNormBuilder;
import org.clnorm.LayerNorm;
import org.clnorm.Lengths;
import org.clnorm.NormAdd;
import org.clnorm.NormLayer;
import org.clnorm.PaddedNorm;
import org.clnorm.RMSNorm;
import org.clnorm.TrackingBuilder;
import org.clnorm.VarianceEstimate;
import org.clnorm.plan.Activation;
import org.clnorm.plan.Join;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Shape;
import org.clnorm.tensor.Tensor;

/**
 * All arguments of a layer's constructor.
 *
 * @param kind       the kind of layer
 * @param spatial    1, 2 or 3: which of BatchNorm1d, 2d, 3d it is; 0 for kinds that do not say
 * @param channels   numFeatures or numChannels; 0 in layer normalization
 * @param groups     numGroups; 0 for the other kinds
 * @param normalized normalizedShape; null for the other kinds
 * @param eps        added to the variance
 * @param momentum   the weight of a new batch, empty for the plain average of all
 * @param affine     whether there is a weight
 * @param bias       whether there is a bias; never without a weight
 * @param track      whether there are running statistics
 * @param variance   which variance enters them
 * @param zeroCentered whether the weight is kept as its difference from 1
 * @param activation what is applied last
 * @param join       where a residual is added
 * @param arrangement how the axes of inputs belong together
 * @param correction how far batch renormalization corrects
 */
record LayerSpec(LayerKind kind, int spatial, long channels, long groups, Shape normalized, double eps,
        OptionalDouble momentum, boolean affine, boolean bias, boolean track, VarianceEstimate variance,
        boolean zeroCentered, Activation activation, Join join, Arrangement arrangement, Correction correction) {
    LayerSpec {
        bias = bias && affine && kind != LayerKind.RMS_NORM;
        zeroCentered = zeroCentered && affine;
        if (kind == LayerKind.INSTANCE_NORM && momentum.isEmpty()) {
            throw new IllegalArgumentException("expected a number for the momentum of instance_norm, got none");
        }
    }

    /** With nothing but normalization and affine. */
    LayerSpec(LayerKind kind, int spatial, long channels, long groups, Shape normalized, double eps,
            OptionalDouble momentum, boolean affine, boolean bias, boolean track, VarianceEstimate variance) {
        this(kind, spatial, channels, groups, normalized, eps, momentum, affine, bias, track, variance, false,
                Activation.NONE, Join.NONE, Arrangement.USUAL, Correction.NONE);
    }

    /** The same in another form. */
    LayerSpec in(boolean weightMinus1, Activation last, Join residual) {
        return new LayerSpec(kind, spatial, channels, groups, normalized, eps, momentum, affine, bias, track, variance,
                weightMinus1, last, residual, arrangement, correction);
    }

    /** The same of inputs arranged otherwise. */
    LayerSpec arranged(Arrangement other) {
        return new LayerSpec(kind, spatial, channels, groups, normalized, eps, momentum, affine, bias, track, variance,
                zeroCentered, activation, join, other, correction);
    }

    /** The same with other limits of batch renormalization. */
    LayerSpec correcting(Correction limits) {
        return new LayerSpec(kind, spatial, channels, groups, normalized, eps, momentum, affine, bias, track, variance,
                zeroCentered, activation, join, arrangement, limits);
    }

    /** Batch normalization with a weight and a bias, and nothing else. */
    LayerSpec uncorrected() {
        return new LayerSpec(kind, spatial, channels, groups, normalized, eps, momentum, true, true, track, variance,
                false, Activation.NONE, Join.NONE, arrangement, Correction.NONE);
    }

    /** Whether batches are corrected towards running statistics. */
    boolean corrects() {
        return !correction.equals(Correction.NONE);
    }

    /** Whether there is nothing but normalization and affine. */
    boolean isPlain() {
        return kind != LayerKind.RMS_NORM && !zeroCentered && activation.equals(Activation.NONE) && join == Join.NONE
                && !corrects() && !arrangement.endings().exist();
    }

    /** The eps of a kind of layer where nobody gives one. */
    static double eps(LayerKind kind) {
        return kind == LayerKind.RMS_NORM ? RMSNorm.defaultEps(DataType.F32) : 1e-5;
    }

    /** What x̂ is multiplied by, of what is stored. */
    double weight(double stored) {
        return zeroCentered ? 1 + stored : stored;
    }

    /** This, if a layer can be built from it. */
    LayerSpec checked() {
        try (NormLayer layer = layer(DataType.F32)) {
            if (join == Join.AFTER) {
                new NormAdd(layer);
            }
        }
        return this;
    }

    /** The layer in training mode, on no device. */
    NormLayer layer(DataType type) {
        return switch (kind) {
            case BATCH_NORM -> batchNorm(type);
            case INSTANCE_NORM -> instanceNorm(type);
            case GROUP_NORM -> GroupNorm.builder(groups, channels).affine(affine).bias(bias).eps(eps).dataType(type)
                    .activation(activation).layout(arrangement.layout()).build();
            case LAYER_NORM -> LayerNorm.builder(normalized.dims()).elementwiseAffine(affine).bias(bias).eps(eps)
                    .dataType(type).zeroCentered(zeroCentered).activation(activation).axes(arrangement.places())
                    .build();
            case RMS_NORM -> RMSNorm.builder(normalized.dims()).elementwiseAffine(affine).eps(eps).dataType(type)
                    .zeroCentered(zeroCentered).activation(activation).axes(arrangement.places()).build();
        };
    }

    private BatchNorm batchNorm(DataType type) {
        BatchNormBuilder<? extends BatchNorm> builder = switch (spatial) {
            case 1 -> BatchNorm1d.builder(channels);
            case 2 -> BatchNorm2d.builder(channels);
            default -> BatchNorm3d.builder(channels);
        };
        if (momentum.isEmpty()) {
            builder.cumulativeMomentum();
        }
        builder.virtualBatch(arrangement.virtualBatch());
        if (corrects()) {
            builder.renorm(correction.rMax(), correction.dMax());
        }
        return tracking(builder, type);
    }

    private InstanceNorm instanceNorm(DataType type) {
        InstanceNormBuilder<? extends InstanceNorm> builder = switch (spatial) {
            case 1 -> InstanceNorm1d.builder(channels);
            case 2 -> InstanceNorm2d.builder(channels);
            default -> InstanceNorm3d.builder(channels);
        };
        return tracking(builder, type);
    }

    private <L extends NormLayer> L tracking(TrackingBuilder<L, ?> builder, DataType type) {
        momentum.ifPresent(builder::momentum);
        return builder.affine(affine).bias(bias).trackRunningStats(track).runningVariance(variance).eps(eps)
                .dataType(type).activation(activation).layout(arrangement.layout()).build();
    }

    /** The dimension of an input that is time, where it is of sequences. */
    int time() {
        return kind.overLast() || arrangement.channelsLast() ? 1 : 2;
    }

    /** By element of an input whether it is valid. */
    boolean[] valid(Shape stored) {
        return arrangement.endings().valid(stored, time());
    }

    /** A forward pass without a residual. */
    Tensor forward(NormLayer layer, Tensor x) {
        if (!arrangement.endings().exist()) {
            return layer.forward(x);
        }
        try (Lengths lengths = arrangement.endings().on(x.device(), x.shape(), time())) {
            return new PaddedNorm(layer).forward(x, lengths);
        }
    }

    /** The shape of weight and bias. */
    Shape parameterShape() {
        return normalized != null ? normalized : Shape.of(channels);
    }
}
