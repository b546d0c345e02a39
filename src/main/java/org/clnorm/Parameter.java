package org.clnorm;

import org.clnorm.tensor.Device;
import org.clnorm.tensor.Shape;
import org.clnorm.tensor.Tensor;

/**
 * A learnable tensor of a layer, {@code weight} or {@code bias}, with its gradient. It belongs to the layer, which
 * closes it.
 */
public final class Parameter {
    private final Slot slot;
    private boolean requiresGrad = true;
    private Tensor grad;
    /** What the gradient will be written to, if it was made ahead. */
    private Tensor spare;

    Parameter(Slot slot) {
        this.slot = slot;
    }

    /**
     * The name in state dictionaries.
     *
     * @return {@code weight} or {@code bias}
     */
    public String name() {
        return slot.name();
    }

    /**
     * The shape.
     *
     * @return [numFeatures], [numChannels] or the normalized shape
     */
    public Shape shape() {
        return slot.shape();
    }

    /**
     * The values on the layer's device. Do not close it; write through it or {@link #write}, so that a backward pass
     * can tell.
     *
     * @return the tensor
     * @throws IllegalStateException if the layer is on no device
     */
    public Tensor value() {
        return slot.tensor();
    }

    /**
     * The gradient that the last backward passes left.
     *
     * @return the tensor; the layer's, which writes to it again
     * @throws IllegalStateException if no backward pass has computed it
     */
    public Tensor grad() {
        if (grad == null) {
            throw new IllegalStateException("expected a gradient of " + name() + ", got none: "
                    + (requiresGrad ? "no backward pass has run yet" : "requiresGrad is false"));
        }
        return grad;
    }

    /**
     * Whether a backward pass has computed the gradient.
     *
     * @return true if {@link #grad()} answers
     */
    public boolean hasGrad() {
        return grad != null;
    }

    /**
     * Whether backward passes compute the gradient.
     *
     * @return true unless frozen
     */
    public boolean requiresGrad() {
        return requiresGrad;
    }

    /**
     * Freezes or frees the parameter: while false its gradient is neither computed nor touched.
     *
     * @param required whether backward passes compute the gradient
     * @return this parameter
     */
    public Parameter requiresGrad(boolean required) {
        requiresGrad = required;
        return this;
    }

    /**
     * Copies the values to the host; waits.
     *
     * @return all values in row-major order
     */
    public double[] read() {
        return slot.read();
    }

    /**
     * Overwrites the values, on a device or before the layer is put on one.
     *
     * @param values as many as the shape has elements
     * @return this parameter
     * @throws IllegalArgumentException if the number of values differs
     */
    public Parameter write(double... values) {
        slot.write(values);
        return this;
    }

    /** Sets the gradient to zero, if there is one. */
    public void zeroGrad() {
        if (grad != null) {
            grad.fill(0);
        }
    }

    Slot slot() {
        return slot;
    }

    /** Throws if a tensor is the gradient, which a backward pass writes; null is none. */
    void checkGradNot(String what, Tensor tensor) {
        if (grad != null && tensor != null && grad.storage().overlaps(tensor.storage())) {
            throw new IllegalArgumentException(
                    "expected " + what + " with memory of its own, got the gradient of " + name());
        }
    }

    /** Makes the tensor of the gradient ahead. */
    void reserveGrad(Device device) {
        if (requiresGrad && grad == null && spare == null) {
            spare = device.unscoped(slot.type(), slot.shape());
        }
    }

    /** The tensor a backward pass writes: the one that is there, or a new one, not yet kept. */
    Tensor gradTarget(Device device, boolean accumulate) {
        if (grad != null) {
            return grad;
        }
        Tensor fresh = spare != null ? spare : device.unscoped(slot.type(), slot.shape());
        spare = null;
        try {
            return accumulate ? fresh.fill(0) : fresh;
        } catch (RuntimeException failed) {
            fresh.close();
            throw failed;
        }
    }

    void keepGrad(Tensor written) {
        grad = written;
    }

    /** Closes a tensor from {@link #gradTarget} that was not kept. */
    void dropGrad(Tensor target) {
        if (target != grad) {
            target.close();
        }
    }

    void closeGrad() {
        if (grad != null) {
            grad.close();
            grad = null;
        }
        if (spare != null) {
            spare.close();
            spare = null;
        }
    }

    @Override
    public String toString() {
        return name() + shape() + (requiresGrad ? "" : ", frozen");
    }
}
