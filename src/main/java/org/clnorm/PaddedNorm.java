package org.clnorm;

import java.util.Objects;
import org.clnorm.engine.Explanation;
import org.clnorm.plan.Task;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Shape;
import org.clnorm.tensor.Tensor;

/**
 * A layer over sequences of different lengths, padded to one: what is padding enters neither statistics nor gradients,
 * and y and dx are 0 there, whatever x and dy hold. Time is the dimension after the channels, {@code [N, C, T, …]}, or
 * after the samples where the channels are last and in {@link LayerNorm} and {@link RMSNorm}, {@code [N, T, …]}. A
 * group without valid elements is normal: there is nothing to normalize.
 *
 * <p>The backward pass is the layer's own, {@link NormLayer#backward(Tensor)}, and remembers the lengths. Holds nothing
 * of its own; the layer is its owner's to close, and may be used without lengths as well.
 */
public final class PaddedNorm {
    private final Execution execution;
    private final DataType type;

    /**
     * Takes lengths with the input of a layer.
     *
     * @param layer normalizes
     */
    public PaddedNorm(NormLayer layer) {
        execution = layer.execution();
        type = layer.dataType();
    }

    /**
     * Normalizes what is valid; enqueued, not waited for. In training, running statistics move by those of the valid
     * elements.
     *
     * @param x       the input, as of {@link NormLayer#forward(Tensor)}, of a batch
     * @param lengths of each sample its valid time steps
     * @return y: a tensor of the current scope, or the caller's to close
     * @throws IllegalArgumentException if x or the lengths do not fit; if batch normalization in training has a single
     *                                  valid value per channel, or virtual batches; if instance normalization would
     *                                  move running statistics
     * @throws IllegalStateException    as {@link NormLayer#forward(Tensor)}; if the lengths are closed
     */
    public Tensor forward(Tensor x, Lengths lengths) {
        return execution.forward(x, lengths, null, true);
    }

    /**
     * As {@link #forward(Tensor, Lengths)}, into a tensor of the caller's.
     *
     * @param x       the input
     * @param lengths of each sample its valid time steps
     * @param into    receives y; of x's shape and type, with memory of its own
     * @return {@code into}
     * @throws IllegalArgumentException as {@link #forward(Tensor, Lengths)}; if {@code into} does not fit
     * @throws IllegalStateException    as {@link #forward(Tensor, Lengths)}
     */
    public Tensor forward(Tensor x, Lengths lengths, Tensor into) {
        return execution.forward(x, lengths, Objects.requireNonNull(into, "into"), true);
    }

    /**
     * As {@link #forward(Tensor, Lengths)} without a backward pass, see {@link NormLayer#forwardNoGrad(Tensor)}.
     *
     * @param x       the input
     * @param lengths of each sample its valid time steps
     * @return y: a tensor of the current scope, or the caller's to close
     * @throws IllegalArgumentException as {@link #forward(Tensor, Lengths)}
     * @throws IllegalStateException    as {@link #forward(Tensor, Lengths)}
     */
    public Tensor forwardNoGrad(Tensor x, Lengths lengths) {
        return execution.forward(x, lengths, null, false);
    }

    /**
     * As {@link #forwardNoGrad(Tensor, Lengths)}, into a tensor of the caller's.
     *
     * @param x       the input
     * @param lengths of each sample its valid time steps
     * @param into    receives y; of x's shape and type, with memory of its own, or x itself
     * @return {@code into}
     * @throws IllegalArgumentException as {@link #forward(Tensor, Lengths)}; if {@code into} does not fit
     * @throws IllegalStateException    as {@link #forward(Tensor, Lengths)}
     */
    public Tensor forwardNoGrad(Tensor x, Lengths lengths, Tensor into) {
        return execution.forward(x, lengths, Objects.requireNonNull(into, "into"), false);
    }

    /**
     * As {@link #warmUp(DataType, Shape...)} for inputs of the layer's type.
     *
     * @param shapes shapes of inputs
     * @return this
     * @throws IllegalArgumentException as {@link #warmUp(DataType, Shape...)}
     * @throws IllegalStateException    as {@link NormLayer#warmUp(DataType, Shape...)}
     */
    public PaddedNorm warmUp(Shape... shapes) {
        return warmUp(type, shapes);
    }

    /**
     * As {@link NormLayer#warmUp(DataType, Shape...)}, with lengths, whatever they will be: so that the first step
     * compiles nothing and takes no memory. Passes without lengths are the layer's to get ready for.
     *
     * @param inputs the type of the inputs
     * @param shapes shapes of inputs; one that the layer is ready for costs nothing
     * @return this
     * @throws IllegalArgumentException if a shape or the type does not fit, or the layer would refuse lengths; nothing
     *                                  was done then
     * @throws IllegalStateException    if the layer is closed or on no device
     */
    public PaddedNorm warmUp(DataType inputs, Shape... shapes) {
        execution.warmUpPadded(inputs, shapes);
        return this;
    }

    /**
     * As {@link NormLayer#explain(Tensor, Task.Pass)}, with lengths, whatever they are.
     *
     * @param x    the input, with at least one element
     * @param pass forward or backward
     * @return the kernels, the variant and the reason it was taken
     * @throws IllegalArgumentException as of the layer, or if it would refuse lengths
     * @throws IllegalStateException    as of the layer
     */
    public Explanation explain(Tensor x, Task.Pass pass) {
        return execution.explainPadded(x, pass);
    }
}
