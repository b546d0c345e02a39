package org.clnorm;

import java.util.Arrays;
import org.clnorm.state.HostTensor;
import org.clnorm.state.StateDict;

/**
 * What a layer with running statistics computes in evaluation mode, y = scale · x + shift with one scale and shift a
 * channel, and how the linear or convolution layer before it, or after it, takes that over for inference.
 *
 * <p>Immutable, on the host, in double; a copy of the layer's state at the time of {@link TrackingLayer#toAffine()}.
 * Folded weights are computed in double and rounded once, to the type of the weights given.
 */
public final class Affine {
    private final double[] scale;
    private final double[] shift;

    private Affine(double[] scale, double[] shift) {
        this.scale = scale;
        this.shift = shift;
    }

    /** From the state of a layer with running statistics. */
    static Affine of(StateDict state, double eps, NormLayer layer) {
        double[] mean = state.doubles("running_mean");
        double[] var = state.doubles("running_var");
        double[] scale = new double[mean.length];
        double[] shift = new double[mean.length];
        double[] weight = state.contains("weight") ? state.doubles("weight") : ones(mean.length);
        double[] bias = state.contains("bias") ? state.doubles("bias") : shift.clone();
        for (int c = 0; c < mean.length; c++) {
            scale[c] = weight[c] / Math.sqrt(var[c] + eps);
            shift[c] = bias[c] - mean[c] * scale[c];
            if (!Double.isFinite(scale[c]) || !Double.isFinite(shift[c])) {
                throw new IllegalStateException("expected a finite scale and shift of channel " + c + ", got "
                        + scale[c] + " and " + shift[c] + " from weight " + weight[c] + ", bias " + bias[c]
                        + ", running mean " + mean[c] + " and variance " + var[c] + " of " + layer);
            }
        }
        return new Affine(scale, shift);
    }

    private static double[] ones(int count) {
        double[] ones = new double[count];
        Arrays.fill(ones, 1);
        return ones;
    }

    /**
     * What a channel is multiplied by: weight / √(running variance + eps).
     *
     * @return a copy, one value a channel
     */
    public double[] scale() {
        return scale.clone();
    }

    /**
     * What is then added: bias − running mean · scale.
     *
     * @return a copy, one value a channel
     */
    public double[] shift() {
        return shift.clone();
    }

    /**
     * Folds this into the linear or convolution layer <b>before</b> it, whatever its padding, stride and groups.
     *
     * @param weight [out, in] of a linear layer or [out, in/groups, kernel…] of a convolution, where out is the number
     *               of channels; of a floating point type
     * @param bias   [out], or null where the layer has none; of a floating point type
     * @return the layer's new weight, of the same shape and type, and its new bias, of the old bias's type or, where
     *         there was none, of the weight's
     * @throws IllegalArgumentException if shapes or types do not fit
     */
    public Folded foldInto(HostTensor weight, HostTensor bias) {
        return Folding.before(scale, shift, weight, bias);
    }

    /**
     * Folds this into the transposed convolution <b>before</b> it, whatever its padding and stride.
     *
     * @param weight [in, out/groups, kernel…], where out is the number of channels; of a floating point type
     * @param bias   [out], or null where the layer has none; of a floating point type
     * @param groups the convolution's groups, 1 or more
     * @return the layer's new weight and bias, as of {@link #foldInto}
     * @throws IllegalArgumentException if shapes, types or groups do not fit
     */
    public Folded foldIntoTransposed(HostTensor weight, HostTensor bias, int groups) {
        return Folding.beforeTransposed(scale, shift, weight, bias, groups);
    }

    /**
     * Folds this into the linear or convolution layer <b>after</b> it. The convolution must not pad with zeros: what it
     * pads is added behind this layer and would have to be −shift/scale before it. (Another stride is no matter.)
     *
     * @param weight [out, in] of a linear layer or [out, in/groups, kernel…] of a convolution, where in is the number
     *               of channels; of a floating point type
     * @param bias   [out], or null where the layer has none; of a floating point type
     * @param groups the convolution's groups; 1 for a linear layer
     * @return the layer's new weight and bias, as of {@link #foldInto}
     * @throws IllegalArgumentException if shapes, types or groups do not fit
     */
    public Folded foldIntoNext(HostTensor weight, HostTensor bias, int groups) {
        return Folding.after(scale, shift, weight, bias, groups);
    }

    /** The number of channels, as in {@code Affine(64)}. */
    @Override
    public String toString() {
        return "Affine(" + scale.length + ")";
    }
}
