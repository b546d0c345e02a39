package org.clnorm.example.train;

import java.util.List;

/** A part of a network, made for its input and output, which lie where they lie. */
interface Layer {
    /** What it computes; its input itself where it works in place. */
    Variable output();

    /** Enqueues output from input. */
    void forward(boolean training);

    /** Enqueues the gradients of input and weights from that of the output of the last forward pass in training. */
    void backward();

    /** What it learns. */
    default List<Weight> weights() {
        return List.of();
    }
}
