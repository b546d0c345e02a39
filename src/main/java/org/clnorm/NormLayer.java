package org.clnorm;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import org.clnorm.engine.BackwardExtras;
import org.clnorm.engine.Explanation;
import org.clnorm.engine.ForwardExtras;
import org.clnorm.engine.RunningUpdate;
import org.clnorm.plan.Activation;
import org.clnorm.plan.Form;
import org.clnorm.plan.Join;
import org.clnorm.plan.Padding;
import org.clnorm.plan.Task;
import org.clnorm.state.StateDict;
import org.clnorm.tensor.Cleanup;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Shape;
import org.clnorm.tensor.Tensor;

/**
 * A normalization layer: y = (x − mean) · rstd · weight + bias, where mean and rstd = 1/√(variance + eps) belong to a
 * group of elements that the kind of layer names.
 *
 * <p>A layer is made on the host and put on a device with {@code on(device)}. {@link #forward(Tensor)} keeps what
 * {@link #backward(Tensor)} needs for as long as its output is open; several forward passes before their backward
 * passes (a layer used twice in a network) keep one each, and backward takes them in reverse order. A call that
 * throws has changed neither parameters, gradients, running statistics nor counts.
 *
 * <p><b>Failures that come later.</b> Work that was enqueued may fail afterwards. The next call that waits, or a later
 * one, throws {@link org.clnorm.tensor.DeviceException} then, and nobody knows what the device holds: every call for
 * forward, backward or the state throws, until state is loaded or reset. That makes the device usable again where it
 * can be, see {@link Device#recover()}; inputs and gradients that are added to have to be written anew too.
 *
 * <p><b>Threads.</b> A layer belongs to one thread at a time, and may be handed on. A call that comes while another
 * thread is in the layer throws {@link IllegalStateException} and changes nothing; what reads or writes a parameter's
 * tensor by itself is not watched. Layers of their own may share a device.
 */
public abstract class NormLayer implements AutoCloseable {
    private final OneThread threads = new OneThread();
    private final LayerState state = new LayerState();
    private final Parameters parameters;
    private final Execution execution;
    private final DataType type;
    private final double eps;
    private final Form form;
    private final Layout layout;
    private boolean training = true;
    private boolean closed;

    NormLayer(LayerBuilder<?, ?> options, Shape parameterShape) {
        type = options.dataType;
        eps = Views.checkedEps(options.eps);
        form = options.form();
        layout = options.layout;
        parameters = new Parameters(options, parameterShape, state);
        execution = new Execution(this, parameters, threads);
    }

    /** Checks the shape of an input and says what is to be done with it; changes nothing. */
    abstract Work prepare(Shape x);

    /** The dimension of an input that is time, where samples end before their room does. */
    int time() {
        return layout == Layout.CHANNELS_LAST ? 1 : 2;
    }

    /** What elements of an input are valid by the lengths of its samples; throws if the layer takes none. */
    Padding padding(Shape x) {
        return Views.padding(x, time());
    }

    /** How running statistics move if so many time steps of an input are valid; null if they do not. */
    RunningUpdate update(Work whole, Padding padding, long steps) {
        return whole.update();
    }

    /** Says that the next input has to be prepared anew: mode, momentum or device have changed. */
    final void forget() {
        execution.forget();
    }

    /** Notes that a forward pass succeeded. */
    void forwarded() {
        // layers that count batches do
    }

    /** Throws if the state should not leave the layer. */
    void checkState() {
        // layers with running statistics look at them where they are told to
    }

    /** What stands between the brackets of {@link #toString()}. */
    abstract String describe();

    /**
     * Puts the layer on a device, with its state.
     *
     * @param device where it is to compute; its inputs must be there
     * @return this layer
     * @throws IllegalArgumentException if the device does not support the layer's type
     */
    public abstract NormLayer on(Device device);

    /** Builds tensors for the state on a device and puts the layer there. */
    final void place(Device target) {
        alone(() -> {
            if (checkMove(target)) {
                moveTo(target, state.copiesOn(target));
            }
        });
    }

    /** Runs something while no other thread is in the layer; passes do without this one's objects. */
    final <T> T alone(Supplier<T> work) {
        threads.enter(this);
        try {
            return work.get();
        } finally {
            threads.leave();
        }
    }

    final void alone(Runnable work) {
        alone(() -> {
            work.run();
            return null;
        });
    }

    /** Throws if the layer cannot be put on a device; says whether there is anything to do for it. */
    final boolean checkMove(Device target) {
        checkOpen();
        Objects.requireNonNull(target, "device");
        if (!target.supports(type)) {
            throw new IllegalArgumentException("expected a device that supports " + type + ", got " + target);
        }
        return target != execution.device();
    }

    /** Puts the layer on a device where copies of its state are. */
    final void moveTo(Device target, List<Tensor> copies) {
        state.place(copies);
        execution.moveTo(target);
    }

    /**
     * Normalizes; enqueued, not waited for.
     *
     * @param x the input, on the layer's device; of the layer's type, or F16 or BF16 where that is F32
     * @return y, of x's shape and type: a tensor of the current scope, or the caller's to close
     * @throws IllegalArgumentException if rank, channels, type or device do not fit, or a group has too few values
     * @throws IllegalStateException    if the layer or x is closed or the layer is on no device
     */
    public final Tensor forward(Tensor x) {
        return forward(x, null, true);
    }

    /**
     * Normalizes into a tensor of the caller's; enqueued, not waited for. A forward pass that wrote to the same
     * tensor before is forgotten.
     *
     * @param x    the input
     * @param into receives y; of x's shape and type, with memory of its own, since backward needs x
     * @return {@code into}
     * @throws IllegalArgumentException if x or {@code into} do not fit
     * @throws IllegalStateException    if the layer or a tensor is closed or the layer is on no device
     */
    public final Tensor forward(Tensor x, Tensor into) {
        return forward(x, Objects.requireNonNull(into, "into"), true);
    }

    /**
     * As {@link #forward(Tensor)} without a backward pass: running statistics move and batches count as there, but
     * nothing is kept.
     *
     * @param x the input
     * @return y: a tensor of the current scope, or the caller's to close
     * @throws IllegalArgumentException as {@link #forward(Tensor)}
     * @throws IllegalStateException    as {@link #forward(Tensor)}
     */
    public final Tensor forwardNoGrad(Tensor x) {
        return forward(x, null, false);
    }

    /**
     * As {@link #forwardNoGrad(Tensor)}, into a tensor of the caller's. A forward pass that wrote to the same tensor
     * before is forgotten.
     *
     * @param x    the input
     * @param into receives y; of x's shape and type, with memory of its own, or x itself
     * @return {@code into}
     * @throws IllegalArgumentException if x or {@code into} do not fit
     * @throws IllegalStateException    as {@link #forward(Tensor)}
     */
    public final Tensor forwardNoGrad(Tensor x, Tensor into) {
        return forward(x, Objects.requireNonNull(into, "into"), false);
    }

    private Tensor forward(Tensor x, Tensor into, boolean keep) {
        return execution.forward(x, Join.NONE, ForwardExtras.NONE, into, keep);
    }

    /**
     * The gradient of the last forward pass that has had none; enqueued, not waited for. Parameters that require it
     * get their gradients, see {@link Parameter#grad()}.
     *
     * @param dy the gradient of y, of its shape
     * @return dx: a tensor of the current scope, or the caller's to close
     * @throws IllegalArgumentException if dy does not fit
     * @throws IllegalStateException    if there is no such forward pass, its output was closed, or x or the weight
     *                                  was written since
     */
    public final Tensor backward(Tensor dy) {
        return execution.backward(dy, BackwardExtras.NONE, null);
    }

    /**
     * As {@link #backward(Tensor)}, into a tensor of the caller's.
     *
     * @param dy   the gradient of y
     * @param into receives dx; of dy's shape and type, with memory of its own, or in the place of dy or of the forward
     *             pass's x
     * @return {@code into}
     * @throws IllegalArgumentException if dy or {@code into} do not fit
     * @throws IllegalStateException    as {@link #backward(Tensor)}
     */
    public final Tensor backward(Tensor dy, Tensor into) {
        return execution.backward(dy, BackwardExtras.NONE, Objects.requireNonNull(into, "into"));
    }

    /**
     * As {@link #backward(Tensor)} without dx: for the first layer of a network.
     *
     * @param dy the gradient of y
     * @throws IllegalArgumentException if dy does not fit
     * @throws IllegalStateException    as {@link #backward(Tensor)}
     */
    public final void backwardParameters(Tensor dy) {
        execution.backwardParameters(dy);
    }

    /**
     * The gradients as if {@code forward(x)} had just been called in the present mode, for loops that keep x and not
     * what forward keeps: the statistics are computed from x once more, without moving the running ones or counting
     * the batch. Bit for bit what forward and backward give. No memory of x's size is taken besides dx.
     *
     * @param x  the input
     * @param dy the gradient of y, of its shape and type
     * @return dx: a tensor of the current scope, or the caller's to close
     * @throws IllegalArgumentException if x or dy do not fit
     * @throws IllegalStateException    as {@link #forward(Tensor)}
     */
    public final Tensor backwardFrom(Tensor x, Tensor dy) {
        return execution.backwardFrom(x, dy, null);
    }

    /**
     * As {@link #backwardFrom(Tensor, Tensor)}, into a tensor of the caller's. Where that is x or dy, memory of x's
     * size is taken from the device's pool for the call, unless the statistics are given.
     *
     * @param x    the input
     * @param dy   the gradient of y, of its shape and type
     * @param into receives dx; of x's shape and type, with memory of its own, or x or dy itself
     * @return {@code into}
     * @throws IllegalArgumentException if x, dy or {@code into} do not fit
     * @throws IllegalStateException    as {@link #forward(Tensor)}
     */
    public final Tensor backwardFrom(Tensor x, Tensor dy, Tensor into) {
        return execution.backwardFrom(x, dy, Objects.requireNonNull(into, "into"));
    }

    /**
     * How the layer's device does a forward pass over an input, or the backward pass to it with dx; for reports.
     *
     * @param x    the input, with at least one element
     * @param pass forward or backward
     * @return the kernels, the variant and the reason it was taken
     * @throws IllegalArgumentException if x does not fit, or the variant that the device was opened with does not do
     *                                  this
     * @throws IllegalStateException    if the layer or x is closed or the layer is on no device
     */
    public final Explanation explain(Tensor x, Task.Pass pass) {
        return execution.explain(x, pass, Join.NONE);
    }

    /**
     * As {@link #warmUp(DataType, Shape...)} for inputs of the layer's type.
     *
     * @param shapes shapes of inputs
     * @return this layer
     * @throws IllegalArgumentException as {@link #warmUp(DataType, Shape...)}
     * @throws IllegalStateException    as {@link #warmUp(DataType, Shape...)}
     */
    public final NormLayer warmUp(Shape... shapes) {
        return warmUp(type, shapes);
    }

    /**
     * Gets ready for inputs of these shapes in the present mode, and with the parameters that require gradients now:
     * compiles the kernels of forward and backward passes, in place too, and takes their memory, so that the first step
     * does neither. Computes nothing and moves nothing; may take seconds a shape where a compiler has to run.
     *
     * @param inputs the type of the inputs
     * @param shapes shapes of inputs; one that the layer is ready for costs nothing
     * @return this layer
     * @throws IllegalArgumentException if a shape or the type does not fit; nothing was done then
     * @throws IllegalStateException    if the layer is closed or on no device
     */
    public final NormLayer warmUp(DataType inputs, Shape... shapes) {
        execution.warmUp(Join.NONE, inputs, shapes);
        return this;
    }

    /**
     * Switches to training mode.
     *
     * @return this layer
     */
    public final NormLayer train() {
        return train(true);
    }

    /**
     * Switches between training and evaluation mode.
     *
     * @param mode true for training
     * @return this layer
     */
    public final NormLayer train(boolean mode) {
        alone(() -> {
            training = mode;
            forget();
        });
        return this;
    }

    /**
     * Switches to evaluation mode: layers with running statistics use them instead of the batch's.
     *
     * @return this layer
     */
    public final NormLayer eval() {
        return train(false);
    }

    /**
     * The mode.
     *
     * @return true in training mode, in which layers begin
     */
    public final boolean isTraining() {
        return training;
    }

    /**
     * What is added to the variance.
     *
     * @return eps
     */
    public final double eps() {
        return eps;
    }

    /**
     * The type of the parameters and their gradients.
     *
     * @return F32 unless built otherwise, see {@link LayerBuilder#dataType}
     */
    public final DataType dataType() {
        return type;
    }

    /**
     * The device.
     *
     * @return the device the layer is on
     * @throws IllegalStateException if it is on none
     */
    public final Device device() {
        Device device = execution.device();
        if (device == null) {
            throw new IllegalStateException("expected a layer on a device, call on(device) first");
        }
        return device;
    }

    /**
     * The learnable parameters by name.
     *
     * @return {@code weight} and {@code bias}, those that there are, in this order
     */
    public final Map<String, Parameter> parameters() {
        return parameters.all();
    }

    /**
     * The weight.
     *
     * @return the parameter
     * @throws IllegalStateException if the layer has none
     */
    public final Parameter weight() {
        return present("weight");
    }

    /**
     * The bias.
     *
     * @return the parameter
     * @throws IllegalStateException if the layer has none
     */
    public final Parameter bias() {
        return present("bias");
    }

    private Parameter present(String name) {
        Parameter parameter = parameters.all().get(name);
        if (parameter == null) {
            throw new IllegalStateException("expected a layer with " + name + ", got " + this);
        }
        return parameter;
    }

    /**
     * Freezes or frees all parameters.
     *
     * @param required whether backward passes compute their gradients
     * @return this layer
     */
    public final NormLayer requiresGrad(boolean required) {
        alone(() -> parameters.requiresGrad(required));
        return this;
    }

    /**
     * Freezes or frees one parameter.
     *
     * @param name     {@code weight} or {@code bias}
     * @param required whether backward passes compute its gradient
     * @return this layer
     * @throws IllegalArgumentException if the layer has no such parameter
     */
    public final NormLayer requiresGrad(String name, boolean required) {
        alone(() -> parameters.requiresGrad(name, required));
        return this;
    }

    /**
     * Chooses what backward does with parameter gradients.
     *
     * @param add true: add to what is there, as PyTorch does; false, the default: overwrite
     * @return this layer
     */
    public final NormLayer accumulateGradients(boolean add) {
        alone(() -> parameters.accumulate(add));
        return this;
    }

    /** Whether gradients are added to what is there. */
    final boolean accumulates() {
        return parameters.accumulates();
    }

    /** Sets the gradients to zero. Where the device fails some may be zero and some as before. */
    public final void zeroGrad() {
        alone(parameters::zeroGrad);
    }

    /** Sets weight to 1, bias to 0 and, where there are running statistics, resets them; waits. */
    public final void resetParameters() {
        alone(() -> reset(state.slots().values()));
    }

    /** Sets slots to what they begin with, all or none, and counts batches from 0. */
    final void reset(Collection<Slot> slots) {
        checkOpen();
        StateWriter.reset(slots);
        state.batches(0);
        forget();
    }

    /**
     * The state with PyTorch's keys, copied to the host; waits.
     *
     * @return {@code weight}, {@code bias}, {@code running_mean}, {@code running_var}, {@code num_batches_tracked}:
     *         those that the layer has
     * @throws IllegalStateException if running statistics are not finite and the layer is to throw then, see
     *                               {@link NonFinite#THROW}
     */
    public final StateDict stateDict() {
        return alone(() -> {
            checkOpen();
            checkState();
            return state.save();
        });
    }

    /**
     * Loads a state that has exactly the layer's keys; {@code num_batches_tracked} may be missing, as in old files, and
     * is left as it is then. See {@link #loadStateDict(StateDict, boolean)}.
     *
     * @param dict the state
     * @return the report, without faults
     * @throws StateMismatchException if keys are missing, unexpected, or do not fit; nothing is changed then
     */
    public final LoadReport loadStateDict(StateDict dict) {
        return loadStateDict(dict, true);
    }

    /**
     * Loads a state. Shapes must be the layer's own. Values of any floating point type are taken and rounded to the
     * type of the parameter.
     *
     * @param dict   the state
     * @param strict whether missing and unexpected keys are errors; otherwise they are passed over and reported
     * @return what was loaded, and the faults that were passed over
     * @throws StateMismatchException if the state does not fit; nothing is changed then
     * @throws org.clnorm.tensor.DeviceException if the device fails; nothing is changed then, as long as the device
     *                                  still lets what was there be put back
     */
    public final LoadReport loadStateDict(StateDict dict, boolean strict) {
        return alone(() -> {
            checkOpen();
            LoadReport report = StateLoader.load(Map.of(state, List.of("")), dict, strict, "layer");
            forget();
            return report;
        });
    }

    /** Closes parameters, gradients and statistics. Closing twice does nothing. */
    @Override
    public final void close() {
        alone(() -> {
            if (!closed) {
                closed = true;
                Cleanup.all(List.<Runnable>of(execution::end, parameters::closeGrads, state::close), Runnable::run);
            }
        });
    }

    final void checkOpen() {
        if (closed) {
            throw new IllegalStateException("expected an open layer, got a closed one: " + this);
        }
    }

    /** What runs the passes; for those that have more than a layer's own. */
    final Execution execution() {
        return execution;
    }

    /** What is done besides normalizing and the affine. */
    final Form form() {
        return form;
    }

    /** Where the channels of inputs lie. */
    final Layout layout() {
        return layout;
    }

    final LayerState state() {
        return state;
    }

    /** PyTorch's representation, {@code BatchNorm2d(64, eps=1e-05, …)}. */
    @Override
    public final String toString() {
        String more = (layout == Layout.CHANNELS_LAST ? ", layout=channels_last" : "")
                + (form.activation().equals(Activation.NONE) ? "" : ", activation=" + form.activation());
        return getClass().getSimpleName() + "(" + describe() + (form.weightPlus1() ? ", zero_centered=True" : "") + more
                + ")";
    }
}
