package org.clnorm;

import java.util.Objects;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Shape;
import org.clnorm.tensor.Tensor;

/** The checks that all calls share. */
final class Checks {
    private Checks() {
    }

    /** An open tensor of a type on a device. */
    static void placed(String name, Tensor tensor, DataType type, Device device) {
        Objects.requireNonNull(tensor, name);
        tensor.storage();
        if (tensor.device() != device) {
            throw new IllegalArgumentException(
                    "expected " + name + " on the device " + device + ", got one on another: " + tensor.device());
        }
        if (tensor.type() != type) {
            throw new IllegalArgumentException("expected " + name + " of type " + type + ", got " + tensor.type());
        }
    }

    /** A tensor of the same shape, type and device as another. */
    static void alike(String name, Tensor tensor, Tensor model) {
        Objects.requireNonNull(tensor, name);
        placed(name, tensor, model.type(), model.device());
        shaped(name, tensor, model.shape());
    }

    static void shaped(String name, Tensor tensor, Shape shape) {
        if (!tensor.shape().equals(shape)) {
            throw new IllegalArgumentException("expected " + name + " of shape " + shape + ", got " + tensor.shape());
        }
    }

    /** An output must be of x's kind and share no memory with what the pass reads. */
    static void output(String name, Tensor output, Tensor model, Tensor... inputs) {
        alike(name, output, model);
        for (Tensor input : inputs) {
            if (input != null && input.storage() == output.storage()) {
                throw new IllegalArgumentException("expected " + name
                        + " with memory of its own, got a tensor that the pass also reads");
            }
        }
    }

    /** A parameter or statistic of the caller's: null, or of x's type, on its device, of the given shape. */
    static void optional(String name, Tensor tensor, Shape shape, Tensor x) {
        if (tensor != null) {
            placed(name, tensor, x.type(), x.device());
            shaped(name, tensor, shape);
        }
    }
}
