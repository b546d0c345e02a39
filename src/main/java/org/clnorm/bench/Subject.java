package org.clnorm.bench;

import java.util.List;
import org.clnorm.NormLayer;
import org.clnorm.conformance.Case;
import org.clnorm.conformance.Workload;
import org.clnorm.engine.Explanation;
import org.clnorm.engine.MemoryProbe;
import org.clnorm.plan.Task;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Scope;
import org.clnorm.tensor.Tensor;

/**
 * The layer and tensors of a workload, and the calls that are timed. The same tensors are used each time, the steady
 * state of a training loop; a copy uses x and y as well, so that it meets the same memory.
 */
final class Subject implements AutoCloseable {
    private final NormLayer layer;
    private final MemoryProbe probe;
    private final Scope scope;
    private final Tensor x;
    private final Tensor y;
    private final Tensor dy;
    private final Tensor dx;

    Subject(Device device, Workload workload) {
        probe = device.service(MemoryProbe.class);
        layer = workload.layer();
        scope = device.scope();
        try {
            x = Filling.random(device.empty(workload.dataType(), workload.stored()), 3);
            dy = Filling.random(device.empty(workload.dataType(), workload.stored()), 5);
            y = device.empty(workload.dataType(), workload.stored()).fill(0);
            dx = device.empty(workload.dataType(), workload.stored()).fill(0);
            layer.on(device);
        } catch (RuntimeException failed) {
            close();
            throw failed;
        }
    }

    /** The values of a case, so that a peer and this have the same. */
    void values(Case values) {
        x.write(values.x().toFloats());
        if (values.dy() != null) {
            dy.write(values.dy().toFloats());
        }
    }

    void forward() {
        layer.forward(x, y);
    }

    /** The gradients of the last forward pass, which has had none. */
    void backward() {
        layer.backward(dy, dx);
    }

    List<String> copyMethods() {
        return probe.methods();
    }

    void copy(String method) {
        probe.copy(x, y, method);
    }

    Explanation explain(Task.Pass pass) {
        return layer.explain(x, pass);
    }

    @Override
    public void close() {
        layer.close();
        scope.close();
    }
}
