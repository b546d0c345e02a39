package org.clnorm;

import java.util.Objects;
import org.clnorm.engine.BackwardExtras;
import org.clnorm.engine.Explanation;
import org.clnorm.engine.ForwardExtras;
import org.clnorm.plan.Activation;
import org.clnorm.plan.Join;
import org.clnorm.plan.Task;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Shape;
import org.clnorm.tensor.Tensor;

/**
 * A normalization and the residual sum after it, in one pass: y = act(x̂ · weight + bias + r), with the layer's
 * activation. Where that is RELU, a bit an element is kept for the backward pass, and neither y nor r is needed.
 *
 * <p>Holds nothing of its own; the layer is its owner's to close.
 */
public final class NormAdd {
    private final Execution execution;
    private final DataType type;
    private ForwardExtras forward = ForwardExtras.NONE;
    private BackwardExtras backward = BackwardExtras.NONE;

    /**
     * Adds after a layer.
     *
     * @param layer normalizes; its activation, applied to the sum, is none or RELU
     * @throws IllegalArgumentException if it has another one
     */
    public NormAdd(NormLayer layer) {
        execution = layer.execution();
        type = layer.dataType();
        Activation.Kind kind = layer.form().activation().kind();
        if (kind != Activation.Kind.NONE && kind != Activation.Kind.RELU) {
            throw new IllegalArgumentException("expected a layer without activation or with relu, got " + layer);
        }
    }

    /**
     * Normalizes and adds; enqueued, not waited for.
     *
     * @param x        the input, as of {@link NormLayer#forward(Tensor)}
     * @param residual what is added, of x's shape and type
     * @return y: a tensor of the current scope, or the caller's to close
     * @throws IllegalArgumentException if a tensor does not fit
     * @throws IllegalStateException    as {@link NormLayer#forward(Tensor)}
     */
    public Tensor forward(Tensor x, Tensor residual) {
        return execution.forward(x, Join.AFTER, forwardWith(residual), null, true);
    }

    /**
     * As {@link #forward(Tensor, Tensor)}, into a tensor of the caller's.
     *
     * @param x        the input
     * @param residual what is added
     * @param into     receives y; of x's shape and type, with memory of its own
     * @return {@code into}
     * @throws IllegalArgumentException if a tensor does not fit
     * @throws IllegalStateException    as {@link NormLayer#forward(Tensor)}
     */
    public Tensor forward(Tensor x, Tensor residual, Tensor into) {
        return execution.forward(x, Join.AFTER, forwardWith(residual), Objects.requireNonNull(into, "into"), true);
    }

    /**
     * The gradients of x and of the residual; enqueued, not waited for. Without an activation the residual's is dy
     * itself: {@link NormLayer#backward(Tensor)} gives the other.
     *
     * @param dy        the gradient of y
     * @param dresidual receives the gradient of the residual; of dy's shape and type, with memory of its own
     * @return dx: a tensor of the current scope, or the caller's to close
     * @throws IllegalArgumentException if a tensor does not fit
     * @throws IllegalStateException    as {@link NormLayer#backward(Tensor)}; if the layer has no activation
     */
    public Tensor backward(Tensor dy, Tensor dresidual) {
        return execution.backward(dy, backwardWith(dresidual), null);
    }

    /**
     * As {@link #backward(Tensor, Tensor)}, into a tensor of the caller's.
     *
     * @param dy        the gradient of y
     * @param dresidual receives the gradient of the residual
     * @param into      receives dx; of dy's shape and type, with memory of its own
     * @return {@code into}
     * @throws IllegalArgumentException if a tensor does not fit
     * @throws IllegalStateException    as {@link #backward(Tensor, Tensor)}
     */
    public Tensor backward(Tensor dy, Tensor dresidual, Tensor into) {
        return execution.backward(dy, backwardWith(dresidual), Objects.requireNonNull(into, "into"));
    }

    private ForwardExtras forwardWith(Tensor residual) {
        forward = forward.with(residual, null);
        return forward;
    }

    private BackwardExtras backwardWith(Tensor dresidual) {
        backward = backward.with(null, Objects.requireNonNull(dresidual, "dresidual"));
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
    public NormAdd warmUp(Shape... shapes) {
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
    public NormAdd warmUp(DataType inputs, Shape... shapes) {
        execution.warmUp(Join.AFTER, inputs, shapes);
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
        return execution.explain(x, pass, Join.AFTER);
    }
}
