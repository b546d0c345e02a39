package org.clnorm;

import org.clnorm.engine.BackwardCall;
import org.clnorm.engine.BackwardExtras;
import org.clnorm.engine.ForwardCall;
import org.clnorm.engine.ForwardExtras;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Tensor;

/**
 * A backward pass without a forward pass before it: the statistics are computed from x once more. That forward pass
 * moves nothing, and its y goes where dx will be written, so that no memory of x's size is taken; only where dx lies in
 * the place of x or dy does y go to memory of the pool, for as long. Given statistics need no pass.
 */
final class Recomputation {
    private Recomputation() {
    }

    /** Runs both passes over tensors that have been checked. */
    static void backward(Work layerWork, Parameters parameters, Tensor x, Tensor dy, Tensor dx, Device device) {
        Work work = layerWork.still();
        ForwardPass pass = new ForwardPass();
        boolean aside = !work.isGiven() && BackwardCall.overwrites(dx, x, dy);
        Tensor y = work.isGiven() ? null : aside ? device.unscoped(x.type(), x.shape()) : dx;
        try {
            ForwardCall call = work.call(x, y, parameters.weight(), parameters.bias(), ForwardExtras.NONE);
            if (work.isGiven()) {
                pass.recall(work, call);
            } else {
                pass.run(work, call);
            }
            parameters.backward(pass, dy, dx, BackwardExtras.NONE, device);
        } finally {
            pass.end();
            if (aside) {
                y.close();
            }
        }
    }
}
