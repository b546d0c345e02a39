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

    /** An open tensor on a device. */
    static void placed(String name, Tensor tensor, Device device) {
        Objects.requireNonNull(tensor, name);
        tensor.storage();
        if (tensor.device() != device) {
            throw new IllegalArgumentException(
                    "expected " + name + " on the device " + device + ", got one on another: " + tensor.device());
        }
    }

    static void typed(String name, Tensor tensor, DataType type) {
        if (tensor.type() != type) {
            throw new IllegalArgumentException("expected " + name + " of type " + type + ", got " + tensor.type());
        }
    }

    /** An input of a layer whose parameters are of a type: inputs have it too, or are of 16 bits where it is F32. */
    static void inputType(DataType x, DataType parameters) {
        if (x != parameters && x.statistics() != parameters) {
            throw new IllegalArgumentException("expected x of type " + parameters
                    + (parameters == DataType.F32 ? ", F16 or BF16" : "") + ", got " + x);
        }
    }

    /** A tensor of the same shape, type and device as another. */
    static void alike(String name, Tensor tensor, Tensor model) {
        Objects.requireNonNull(tensor, name);
        placed(name, tensor, model.device());
        typed(name, tensor, model.type());
        shaped(name, tensor, model.shape());
    }

    static void shaped(String name, Tensor tensor, Shape shape) {
        if (!tensor.shape().equals(shape)) {
            throw new IllegalArgumentException("expected " + name + " of shape " + shape + ", got " + tensor.shape());
        }
    }

    /** An output must share no memory with what the pass reads; null is none. */
    static void apart(String name, Tensor output, Tensor input) {
        if (input != null && input.memory().overlaps(output.memory())) {
            throw new IllegalArgumentException(
                    "expected " + name + " with memory of its own, got a tensor that the pass also reads");
        }
    }

    /** An output may take the place of an input, but not only in part. */
    static void sameOrApart(String name, Tensor output, Tensor input) {
        if (input.memory() != output.memory()) {
            apart(name, output, input);
        }
    }

    /** What receives x + residual: in the place of one of them, or with memory of its own. */
    static void sum(Tensor sum, Tensor x, Tensor residual, Tensor weight, Tensor bias) {
        alike("sum", sum, x);
        sameOrApart("sum", sum, x);
        sameOrApart("sum", sum, residual);
        apart("sum", sum, weight);
        apart("sum", sum, bias);
    }

    /** A statistic of the caller's: null, or of the type that statistics of x have, on its device, of a shape. */
    static void statistic(String name, Tensor tensor, Shape shape, Tensor x) {
        if (tensor != null) {
            placed(name, tensor, x.device());
            typed(name, tensor, x.type().statistics());
            shaped(name, tensor, shape);
        }
    }

    /** Parameters of the caller's: null, or on x's device, of a shape, and both of x's type, or both F32 for halves. */
    static void parameters(Tensor weight, Tensor bias, Shape shape, Tensor x) {
        parameter("weight", weight, shape, x);
        parameter("bias", bias, shape, x);
        if (weight != null && bias != null) {
            typed("bias", bias, weight.type());
        }
    }

    private static void parameter(String name, Tensor tensor, Shape shape, Tensor x) {
        if (tensor != null) {
            placed(name, tensor, x.device());
            if (tensor.type() != x.type().statistics()) {
                typed(name, tensor, x.type());
            }
            shaped(name, tensor, shape);
        }
    }
}
