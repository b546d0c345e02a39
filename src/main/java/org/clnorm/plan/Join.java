package org.clnorm.plan;

/** Where a second tensor, the residual of a network, is added. */
public enum Join {
    /** Nowhere. */
    NONE,
    /** To x before the normalization; the sum is an output too. Backward: the sum's own gradient is added to dx. */
    BEFORE,
    /** To the normalized values after the affine, before the activation. Forward only. */
    AFTER
}
