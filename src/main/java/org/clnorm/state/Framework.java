package org.clnorm.state;

import java.math.BigDecimal;
import java.util.List;
import java.util.Map;

/**
 * Other frameworks' normalization layers: what they call their arrays, and what their settings mean here.
 *
 * <p>Arrays go through {@link #toPyTorch} into a state that a layer loads, and through {@link #fromPyTorch} back. A
 * name may have the layer's name before it, {@code bn1/gamma} or {@code bn1_gamma}; PyTorch's is then
 * {@code bn1.weight}.
 *
 * <p><b>Momentum.</b> All four call the weight of the old value momentum (DL4J: decay), PyTorch the weight of the new
 * one: {@link #momentum} converts.
 *
 * <p><b>Running variance.</b> Keras, ONNX and DL4J take up the biased variance of a batch (divided by n), PyTorch, and
 * DJL on its PyTorch engine, the unbiased one. The array is loaded as it is, so that evaluation gives what it gave. To
 * go on training as before a layer must be built with {@code runningVariance(VarianceEstimate.BIASED)}; a builder's
 * {@code like(Framework)} does that, and sets momentum and eps. {@link RunningVariance} converts the array itself, for
 * those who know n.
 */
public enum Framework {
    /** Keras 2 and 3, on any backend: {@code gamma}, {@code beta}, {@code moving_mean}, {@code moving_variance}. */
    KERAS(0.01, 1e-3, true, '/', Map.of("gamma", Names.WEIGHT, "beta", Names.BIAS, "moving_mean", Names.MEAN,
            "moving_variance", Names.VAR), List.of("gamma", "beta", "moving_mean", "moving_variance")),

    /**
     * ONNX's operators. An initializer may have any name; these are the names that the standard gives an operator's
     * inputs: {@code scale}, {@code B}, {@code input_mean}, {@code input_var}; also {@code Scale} (LayerNormalization),
     * {@code bias} (GroupNormalization), {@code mean} and {@code var} (BatchNormalization before opset 14).
     */
    ONNX(0.1, 1e-5, true, '.', Map.of("scale", Names.WEIGHT, "Scale", Names.WEIGHT, "B", Names.BIAS, "bias", Names.BIAS,
            "input_mean", Names.MEAN, "mean", Names.MEAN, "input_var", Names.VAR, "var", Names.VAR),
            List.of("scale", "B", "input_mean", "input_var")),

    /** DJL on its PyTorch engine: {@code gamma}, {@code beta}, {@code runningMean}, {@code runningVar}. */
    DJL(0.1, 1e-5, false, '_', Map.of("gamma", Names.WEIGHT, "beta", Names.BIAS, "runningMean", Names.MEAN,
            "runningVar", Names.VAR), List.of("gamma", "beta", "runningMean", "runningVar")),

    /**
     * Deeplearning4j: {@code gamma}, {@code beta}, {@code mean} and {@code var}, or {@code log10stdev}, of which the
     * variance is made. Rows of shape [1, C] become [C].
     */
    DL4J(0.1, 1e-5, true, '_', Map.of("gamma", Names.WEIGHT, "beta", Names.BIAS, "mean", Names.MEAN, "var", Names.VAR,
            "log10stdev", Names.VAR), List.of("gamma", "beta", "mean", "var"));

    private final double momentum;
    private final double eps;
    private final boolean biased;
    private final char separator;
    private final Map<String, String> names;
    /** Their names, in the order of {@link Names#ALL}. */
    private final List<String> theirs;

    Framework(double momentum, double eps, boolean biased, char separator, Map<String, String> names,
            List<String> theirs) {
        this.momentum = momentum;
        this.eps = eps;
        this.biased = biased;
        this.separator = separator;
        this.names = names;
        this.theirs = theirs;
    }

    /**
     * What the framework's default momentum is here.
     *
     * @return PyTorch's momentum, the weight of the new batch: 0.01 for Keras, 0.1 for the others
     */
    public double momentum() {
        return momentum;
    }

    /**
     * What a momentum of the framework is here, and the other way round.
     *
     * @param value the framework's momentum or, in DL4J, decay: the weight of the old value; 0 to 1
     * @return 1 − value, rounded as decimals are, so that 0.99 gives 0.01
     * @throws IllegalArgumentException if the value is not from 0 to 1
     */
    public double momentum(double value) {
        if (!(value >= 0 && value <= 1)) {
            throw new IllegalArgumentException("expected a momentum from 0 to 1, got " + value);
        }
        return BigDecimal.ONE.subtract(BigDecimal.valueOf(value)).doubleValue();
    }

    /**
     * The framework's default eps.
     *
     * @return 1e-3 for Keras, 1e-5 for the others
     */
    public double eps() {
        return eps;
    }

    /**
     * Which variance of a batch its running variances take up.
     *
     * @return true for the biased one, divided by n; false for the unbiased one, divided by n − 1
     */
    public boolean runningVarianceIsBiased() {
        return biased;
    }

    /**
     * The state of normalization layers of this framework, under PyTorch's names. Values stay as they are, but for
     * DL4J's {@code log10stdev}.
     *
     * <p>A running mean gets a {@code num_batches_tracked} of 0 beside it, because no framework keeps one; a layer
     * counts on from there, and needs it for cumulative momentum alone. A bias without a weight (Keras's
     * {@code scale=False}) gets a weight of ones. A name that is none of the framework's stays as it is, so that strict
     * loading finds it.
     *
     * @param arrays the framework's arrays; not changed
     * @return a new state, with the same metadata
     * @throws IllegalArgumentException if two arrays come to the same name, or an array that must be converted is not
     *     of a floating point type
     */
    public StateDict toPyTorch(StateDict arrays) {
        return new Renaming(this, arrays).toPyTorch();
    }

    /**
     * The state of normalization layers under this framework's names: the way back of {@link #toPyTorch}, but that
     * {@code num_batches_tracked}, which no framework keeps, is left out. DL4J's variance is {@code var}.
     *
     * @param state the state of one normalization layer or of several; not changed
     * @return a new state, with the same metadata
     * @throws IllegalArgumentException if a name does not end in one of a normalization layer's
     */
    public StateDict fromPyTorch(StateDict state) {
        return new Renaming(this, state).fromPyTorch();
    }

    char separator() {
        return separator;
    }

    /** PyTorch's name of one of the framework's, or null. */
    String ours(String name) {
        return names.get(name);
    }

    /** The framework's name of one of PyTorch's, or null. */
    String theirs(String name) {
        int i = Names.ALL.indexOf(name);
        return i < 0 ? null : theirs.get(i);
    }
}
