package org.clnorm;

import org.clnorm.engine.BackwardExtras;
import org.clnorm.engine.ForwardExtras;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Tensor;

/** What a functional call gave: y, and what its gradients need. Closing it closes y. */
public final class NormResult implements AutoCloseable {
    private final Tensor y;
    private final ForwardPass pass;
    private final Tensor weight;
    private final Tensor bias;

    private NormResult(Tensor y, ForwardPass pass, Tensor weight, Tensor bias) {
        this.y = y;
        this.pass = pass;
        this.weight = weight;
        this.bias = bias;
    }

    /** Runs a forward pass into a new tensor; arguments have been checked. */
    static NormResult of(Work work, Tensor x, Tensor weight, Tensor bias) {
        Tensor y = x.device().empty(x.type(), x.shape());
        try {
            ForwardPass pass = Output.of(y, null).fill(work, x, y, weight, bias, ForwardExtras.NONE);
            return new NormResult(y, pass, weight, bias);
        } catch (RuntimeException failed) {
            y.close();
            throw failed;
        }
    }

    /**
     * The output.
     *
     * @return y, of x's shape: a tensor of the current scope, or the caller's to close
     */
    public Tensor y() {
        return y;
    }

    /**
     * The gradients, once; enqueued, not waited for.
     *
     * @param dy the gradient of y, of its shape
     * @return the gradients of x and of the weight and bias that the call had
     * @throws IllegalArgumentException if dy does not fit
     * @throws IllegalStateException    if they were computed before, y was closed, or x or the weight was written since
     */
    public Gradients backward(Tensor dy) {
        pass.checkBackward(dy);
        Tensor[] made = new Tensor[3];
        try {
            Device device = dy.device();
            made[0] = device.empty(dy.type(), dy.shape());
            made[1] = weight == null ? null : device.empty(weight.type(), weight.shape());
            made[2] = bias == null ? null : device.empty(bias.type(), bias.shape());
            pass.backward(dy, made[0], made[1], made[2], false, BackwardExtras.NONE);
            return new Gradients(made[0], made[1], made[2]);
        } catch (RuntimeException failed) {
            for (Tensor tensor : made) {
                if (tensor != null) {
                    tensor.close();
                }
            }
            throw failed;
        }
    }

    @Override
    public void close() {
        y.close();
    }
}
