package org.clnorm.engine;

import org.clnorm.tensor.Tensor;

/**
 * What a forward pass has besides its input and the parameters.
 *
 * @param residual what is added to x or to y, of x's shape and type; or null
 * @param sum      receives x + residual where that is what is normalized, or null; it may lie where one of them does
 */
public record ForwardExtras(Tensor residual, Tensor sum) {
    /** Nothing. */
    public static final ForwardExtras NONE = new ForwardExtras(null, null);

    /**
     * Other tensors, for calls that follow each other with the same ones.
     *
     * @param otherResidual what is added
     * @param otherSum      receives the sum
     * @return this, where they are the same
     */
    public ForwardExtras with(Tensor otherResidual, Tensor otherSum) {
        return otherResidual == residual && otherSum == sum ? this : new ForwardExtras(otherResidual, otherSum);
    }
}
