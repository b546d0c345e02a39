package org.clnorm;

/**
 * Where the channels of an input lie. A tensor's shape says how its memory lies, in row-major order, and so it does
 * here: the layout names the dimension that holds the channels, and nothing is copied for it.
 */
public enum Layout {
    /** [N, C, …]: the channels before space, as PyTorch's layers have them. */
    CHANNELS_FIRST,
    /**
     * [N, …, C]: the channels last, as Keras has them, and the memory of PyTorch's {@code channels_last} (there
     * {@code x.permute(0, 2, 3, 1)} is a tensor of this shape).
     */
    CHANNELS_LAST
}
