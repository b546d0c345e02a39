package org.clnorm.engine;

import org.clnorm.plan.Join;
import org.clnorm.tensor.Tensor;

/**
 * What a backward pass has besides dy and the gradients of x and the parameters.
 *
 * @param dsum      what reached the sum of the forward pass besides, which is added to dx; or null
 * @param dresidual receives the gradient of what was added to y, or null
 * @param lengths   those of the forward pass, or null
 */
public record BackwardExtras(Tensor dsum, Tensor dresidual, Tensor lengths) {
    /** Nothing. */
    public static final BackwardExtras NONE = new BackwardExtras(null, null, null);

    /**
     * Where the pass meets a residual.
     *
     * @return before what was normalized with a dsum, after it with a dresidual, nowhere without both
     */
    public Join join() {
        return dsum != null ? Join.BEFORE : dresidual != null ? Join.AFTER : Join.NONE;
    }

    /**
     * Other tensors, for calls that follow each other with the same ones.
     *
     * @param otherDsum      what is added to dx
     * @param otherDresidual receives the gradient
     * @return this, where they are the same
     */
    public BackwardExtras with(Tensor otherDsum, Tensor otherDresidual) {
        return otherDsum == dsum && otherDresidual == dresidual ? this
                : new BackwardExtras(otherDsum, otherDresidual, lengths);
    }

    /**
     * The same with lengths.
     *
     * @param otherLengths those of the forward pass, or null
     * @return this, where they are the same
     */
    public BackwardExtras padded(Tensor otherLengths) {
        return otherLengths == lengths ? this : new BackwardExtras(dsum, dresidual, otherLengths);
    }
}
