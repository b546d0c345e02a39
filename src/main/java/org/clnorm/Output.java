package org.clnorm;

import org.clnorm.engine.ForwardCall;
import org.clnorm.engine.ForwardExtras;
import org.clnorm.tensor.Tensor;

/**
 * Stands between a tensor and the forward pass that fills it: tied to the tensor, ends the pass with it. A layer that
 * fills the same tensor again finds its former call and pass here, and makes no new ones. The tensor knows its pass,
 * the pass not its tensor: a tensor that is dropped without being closed is found and reported.
 */
final class Output implements Runnable {
    private final Object owner;
    private final ForwardPass pass = new ForwardPass();
    private Work work;
    private ForwardCall call;

    private Output(Object owner) {
        this.owner = owner;
    }

    /** The output that y is to an owner already, or a new one. */
    static Output of(Tensor y, Object owner) {
        return y.tied() instanceof Output former && former.owner == owner ? former : new Output(owner);
    }

    ForwardPass pass() {
        return pass;
    }

    /** Runs the engine, writing y; tensors have been checked. The former pass has ended. */
    ForwardPass fill(Work given, Tensor x, Tensor y, Tensor weight, Tensor bias, ForwardExtras extras) {
        if (given != work || call.x() != x || call.weight() != weight || call.bias() != bias
                || !call.extras().equals(extras)) {
            work = given;
            call = given.call(x, y, weight, bias, extras);
        }
        pass.run(work, call);
        y.tie(this);
        return pass;
    }

    @Override
    public void run() {
        pass.end();
    }
}
