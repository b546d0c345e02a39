package org.clnorm;

import java.util.Objects;
import org.clnorm.engine.BackwardExtras;
import org.clnorm.engine.Explanation;
import org.clnorm.engine.ForwardExtras;
import org.clnorm.plan.Join;
import org.clnorm.plan.Task;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Shape;
import org.clnorm.tensor.Tensor;

/**
 * A residual sum and the normalization after it, in one pass: s = x + r, y = layer(s). Both are outputs, since the next
 * block of a network adds to s again. s is rounded to the type of x, and what is normalized is what is stored.
 *
 * <p>Holds nothing of its own; the layer is its owner's to close, and may be used without a residual as well.
 */
public final class AddNorm {
    private final Execution execution;
    private final DataType type;
    private ForwardExtras forward = ForwardExtras.NONE;
    private BackwardExtras backward = BackwardExtras.NONE;

    /**
     * Adds before a layer.
     *
     * @param layer normalizes the sum
     */
    public AddNorm(NormLayer layer) {
        execution = layer.execution();
        type = layer.dataType();
    }

    /**
     * Adds and normalizes; enqueued, not waited for.
     *
     * @param x        the input, as of {@link NormLayer#forward(Tensor)}
     * @param residual what is added to it, of x's shape and type
     * @param sum      receives s, which the backward pass needs as it is; of x's shape and type, in the place of x or
     *                 of the residual or with memory of its own
     * @return y: a tensor of the current scope, or the caller's to close
     * @throws IllegalArgumentException if a tensor does not fit
     * @throws IllegalStateException    as {@link NormLayer#forward(Tensor)}
     */
    public Tensor forward(Tensor x, Tensor residual, Tensor sum) {
        return execution.forward(x, Join.BEFORE, forwardWith(residual, sum), null, true);
    }

    /**
     * As {@link #forward(Tensor, Tensor, Tensor)}, into a tensor of the caller's.
     *
     * @param x        the input
     * @param residual what is added to it
     * @param sum      receives s
     * @param into     receives y; of x's shape and type, with memory of its own
     * @return {@code into}
     * @throws IllegalArgumentException if a tensor does not fit
     * @throws IllegalStateException    as {@link NormLayer#forward(Tensor)}
     */
    public Tensor forward(Tensor x, Tensor residual, Tensor sum, Tensor into) {
        return execution.forward(x, Join.BEFORE, forwardWith(residual, sum),
                Objects.requireNonNull(into, "into"), true);
    }

    /**
     * The gradient of s, which is that of x and that of the residual; enqueued, not waited for.
     *
     * @param dy   the gradient of y
     * @param dsum what reached s besides, through the next block; of dy's shape and type
     * @return the gradient: a tensor of the current scope, or the caller's to close
     * @throws IllegalArgumentException if a tensor does not fit
     * @throws IllegalStateException    as {@link NormLayer#backward(Tensor)}
     */
    public Tensor backward(Tensor dy, Tensor dsum) {
        return execution.backward(dy, backwardWith(dsum), null);
    }

    /**
     * As {@link #backward(Tensor, Tensor)}, into a tensor of the caller's.
     *
     * @param dy   the gradient of y
     * @param dsum what reached s besides
     * @param into receives the gradient; of dy's shape and type, with memory of its own
     * @return {@code into}
     * @throws IllegalArgumentException if a tensor does not fit
     * @throws IllegalStateException    as {@link NormLayer#backward(Tensor)}
     */
    public Tensor backward(Tensor dy, Tensor dsum, Tensor into) {
        return execution.backward(dy, backwardWith(dsum), Objects.requireNonNull(into, "into"));
    }

    private ForwardExtras forwardWith(Tensor residual, Tensor sum) {
        forward = forward.with(residual, sum);
        return forward;
    }

    private BackwardExtras backwardWith(Tensor dsum) {
        backward = backward.with(Objects.requireNonNull(dsum, "dsum"), null);
        return backward;
    }

    /**
     * As {@link #warmUp(DataType, Shape...)} for inputs of the layer's type.
     *
     * @param shapes shapes of inputs
     * @return this
     * @throws IllegalArgumentException as {@link NormLayer#warmUp(DataType, Shape...)}
     * @throws IllegalStateException    as {@link NormLayer#warmUp(DataType, Shape...)}
     */
    public AddNorm warmUp(Shape... shapes) {
        return warmUp(type, shapes);
    }

    /**
     * As {@link NormLayer#warmUp(DataType, Shape...)}, with the residual: so that the first step compiles nothing and
     * takes no memory. Passes without a residual are the layer's to get ready for.
     *
     * @param inputs the type of the inputs
     * @param shapes shapes of inputs; one that the layer is ready for costs nothing
     * @return this
     * @throws IllegalArgumentException if a shape or the type does not fit; nothing was done then
     * @throws IllegalStateException    if the layer is closed or on no device
     */
    public AddNorm warmUp(DataType inputs, Shape... shapes) {
        execution.warmUp(Join.BEFORE, inputs, shapes);
        return this;
    }

    /**
     * As {@link NormLayer#explain(Tensor, Task.Pass)}, with the residual.
     *
     * @param x    the input, with at least one element
     * @param pass forward or backward
     * @return the kernels, the variant and the reason it was taken
     * @throws IllegalArgumentException as of the layer
     * @throws IllegalStateException    as of the layer
     */
    public Explanation explain(Tensor x, Task.Pass pass) {
        return execution.explain(x, pass, Join.BEFORE);
    }
}
