package org.clnorm.bench;

import org.clnorm.AddNorm;
import org.clnorm.Lengths;
import org.clnorm.NormAdd;
import org.clnorm.NormLayer;
import org.clnorm.PaddedNorm;
import org.clnorm.conformance.Case;
import org.clnorm.conformance.Workload;
import org.clnorm.plan.Activation;
import org.clnorm.plan.Join;
import org.clnorm.state.HostTensor;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Tensor;

/**
 * What the passes of a workload read and write, of the current scope, and the calls of its layer over them: with a
 * residual where the workload has one.
 */
final class PassTensors {
    private final NormLayer layer;
    private final AddNorm before;
    private final NormAdd after;
    private final PaddedNorm padded;
    private final Lengths lengths;
    private final Tensor x;
    private final Tensor y;
    private final Tensor dy;
    private final Tensor dx;
    private final Tensor residual;
    private final Tensor sum;
    private final Tensor dsum;
    private final Tensor dresidual;

    /** Filled with random values, those that are written with 0: so that all have memory. */
    PassTensors(Device device, Workload workload, NormLayer layer, int seed) {
        this.layer = layer;
        Join join = workload.join();
        before = join == Join.BEFORE ? new AddNorm(layer) : null;
        after = join == Join.AFTER ? new NormAdd(layer) : null;
        padded = workload.isPadded() ? new PaddedNorm(layer) : null;
        lengths = workload.isPadded() ? workload.lengths(device) : null;
        x = Filling.random(empty(device, workload), 3 + seed);
        dy = Filling.random(empty(device, workload), 5 + seed);
        y = empty(device, workload).fill(0);
        dx = empty(device, workload).fill(0);
        residual = join == Join.NONE ? null : Filling.random(empty(device, workload), 7 + seed);
        sum = join == Join.BEFORE ? empty(device, workload).fill(0) : null;
        dsum = join == Join.BEFORE ? Filling.random(empty(device, workload), 9 + seed) : null;
        boolean gates = join == Join.AFTER && !workload.activation().equals(Activation.NONE);
        dresidual = gates ? empty(device, workload).fill(0) : null;
    }

    private static Tensor empty(Device device, Workload workload) {
        return device.empty(workload.dataType(), workload.stored());
    }

    Tensor x() {
        return x;
    }

    Tensor y() {
        return y;
    }

    /** The values of a case. */
    void values(Case values) {
        write(x, values.x());
        write(dy, values.dy());
        write(residual, values.residual());
        write(dsum, values.dsum());
    }

    private static void write(Tensor tensor, HostTensor values) {
        if (values != null) {
            tensor.write(values.toFloats());
        }
    }

    void forward() {
        if (before != null) {
            before.forward(x, residual, sum, y);
        } else if (after != null) {
            after.forward(x, residual, y);
        } else if (padded != null) {
            padded.forward(x, lengths, y);
        } else {
            layer.forward(x, y);
        }
    }

    /** The gradients of the last forward pass, which has had none. */
    void backward() {
        if (before != null) {
            before.backward(dy, dsum, dx);
        } else if (dresidual != null) {
            after.backward(dy, dresidual, dx);
        } else {
            layer.backward(dy, dx);
        }
    }
}
