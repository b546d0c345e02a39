package org.clnorm;

/** Which variance of n values enters running statistics. Normalization itself always uses the biased one. */
public enum VarianceEstimate {
    /** Divided by n − 1, as in PyTorch. */
    UNBIASED,
    /** Divided by n, as in ONNX, Keras and Flax. */
    BIASED;

    /** What a biased variance of n values is multiplied by. */
    double correction(long n) {
        return this == BIASED || n < 2 ? 1 : n / (n - 1.0);
    }
}
