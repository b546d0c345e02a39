package org.clnorm.state;

/**
 * Converts running variances between the two estimates: the biased one, of n values divided by n, which Keras, ONNX and
 * DL4J take up, and the unbiased one, divided by n − 1, which PyTorch does.
 *
 * <p>A batch's variances differ by the factor n/(n − 1), where n is the number of values that a channel has in a batch:
 * N · H · W in a batch normalization of images. So do running variances, if all batches had that n and what is left of
 * the 1 they began with is negligible. <b>Evaluation changes by that factor too.</b> Who wants evaluation to give what
 * it gave leaves the array alone and builds the layer with {@code runningVariance(VarianceEstimate.BIASED)}.
 */
public final class RunningVariance {
    private RunningVariance() {
    }

    /**
     * Makes biased running variances unbiased ones.
     *
     * @param state a state with PyTorch's names; not changed
     * @param n the number of values that a channel had in a batch, more than 1
     * @return a new state in which every {@code running_var} is multiplied by n/(n − 1)
     * @throws IllegalArgumentException if n is less than 2, or a {@code running_var} is not of a floating point type
     */
    public static StateDict unbiased(StateDict state, long n) {
        return scaled(state, n, n / (n - 1.0));
    }

    /**
     * Makes unbiased running variances biased ones.
     *
     * @param state a state with PyTorch's names; not changed
     * @param n the number of values that a channel had in a batch, more than 1
     * @return a new state in which every {@code running_var} is multiplied by (n − 1)/n
     * @throws IllegalArgumentException if n is less than 2, or a {@code running_var} is not of a floating point type
     */
    public static StateDict biased(StateDict state, long n) {
        return scaled(state, n, (n - 1.0) / n);
    }

    private static StateDict scaled(StateDict state, long n, double factor) {
        if (n < 2) {
            throw new IllegalArgumentException("expected 2 values a channel or more, got " + n);
        }
        StateDict result = new StateDict();
        state.metadata().forEach(result::putMetadata);
        state.tensors().forEach((name, tensor) -> result.put(name,
                name.substring(name.lastIndexOf('.') + 1).equals(Names.VAR)
                        ? Scaled.each(name, tensor, value -> value * factor) : tensor));
        return result;
    }
}
