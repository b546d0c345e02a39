package org.clnorm.example.train;

import java.util.function.Supplier;
import org.clnorm.state.HostTensor;
import org.clnorm.tensor.Tensor;

/**
 * Something that is learned.
 *
 * @param name     its key in PyTorch's state, such as {@code conv1.weight}
 * @param value    where it lies
 * @param gradient where its gradient lies, asked for after the first backward pass
 * @param shape    the shape that PyTorch gives it
 * @param order    which element of ours is each element of PyTorch's
 */
record Weight(String name, Tensor value, Supplier<Tensor> gradient, long[] shape, int[] order) {
    /** Of the same shape and order as PyTorch's. */
    static Weight plain(String name, Tensor value, Supplier<Tensor> gradient) {
        int[] order = new int[(int) value.size()];
        for (int i = 0; i < order.length; i++) {
            order[i] = i;
        }
        return new Weight(name, value, gradient, value.shape().dims(), order);
    }

    /** Elements in our order, as PyTorch has them. */
    HostTensor toPyTorch(float[] ours) {
        float[] theirs = new float[order.length];
        for (int i = 0; i < order.length; i++) {
            theirs[i] = ours[order[i]];
        }
        return HostTensor.ofFloats(theirs, shape);
    }

    /** Elements in PyTorch's order, as we have them. */
    float[] fromPyTorch(float... theirs) {
        float[] ours = new float[order.length];
        for (int i = 0; i < order.length; i++) {
            ours[order[i]] = theirs[i];
        }
        return ours;
    }
}
