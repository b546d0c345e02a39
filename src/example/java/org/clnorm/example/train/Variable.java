package org.clnorm.example.train;

import org.clnorm.tensor.Tensor;

/**
 * What passes between two layers. Both tensors stay where they are for as long as the network lives.
 *
 * @param value    [N, height, width, channels], written by the layer before
 * @param gradient the loss's gradient with respect to it, written by the layer after; null where nobody asks for it
 */
record Variable(Tensor value, Tensor gradient) {
    /** The length of a dimension. */
    int dim(int index) {
        return (int) value.shape().dim(index);
    }

    /** How many elements it has. */
    int size() {
        return (int) value.size();
    }
}
