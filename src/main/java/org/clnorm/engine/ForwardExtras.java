package org.clnorm.engine;

import org.clnorm.tensor.Tensor;

/**
 * What a forward pass has besides its input and the parameters.
 *
 * @param residual what is added to x or to y, of x's shape and type; or null
 * @param sum      receives x + residual where that is what is normalized, or null; it may lie where one of them does
 * @param lengths  of each sample its number of valid time steps, where the task is padded, or null; of type F32
 */
public record ForwardExtras(Tensor residual, Tensor sum, Tensor lengths) {
    /** Nothing. */
    public static final ForwardExtras NONE = new ForwardExtras(null, null, null);

    /**
     * Other tensors, for calls that follow each other with the same ones.
     *
     * @param otherResidual what is added
     * @param otherSum      receives the sum
     * @return this, where they are the same
     */
    public ForwardExtras with(Tensor otherResidual, Tensor otherSum) {
        return otherResidual == residual && otherSum == sum ? this
                : new ForwardExtras(otherResidual, otherSum, lengths);
    }

    /**
     * Other lengths, for calls that follow each other with the same ones.
     *
     * @param otherLengths of each sample its number of valid time steps
     * @return this, where they are the same
     */
    public ForwardExtras padded(Tensor otherLengths) {
        return otherLengths == lengths ? this : new ForwardExtras(residual, sum, otherLengths);
    }
}
