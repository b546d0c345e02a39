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

/**
 * The layer and tensors of a workload, and the calls that are timed. The same tensors are used each time, the steady
 * state of a training loop; a copy uses x and y as well, so that it meets the same memory.
 */
final class Subject implements AutoCloseable {
    private final Workload workload;
    private final NormLayer layer;
    private final MemoryProbe probe;
    private final Scope scope;
    private final PassTensors tensors;

    Subject(Device device, Workload workload) {
        this.workload = workload;
        probe = device.service(MemoryProbe.class);
        layer = workload.layer();
        scope = device.scope();
        try {
            tensors = new PassTensors(device, workload, layer, 0);
            layer.on(device);
        } catch (RuntimeException failed) {
            close();
            throw failed;
        }
    }

    /** The values of a case, so that a peer and this have the same. */
    void values(Case values) {
        tensors.values(values);
    }

    void forward() {
        tensors.forward();
    }

    /** The gradients of the last forward pass, which has had none. */
    void backward() {
        tensors.backward();
    }

    List<String> copyMethods() {
        return probe.methods();
    }

    void copy(String method) {
        probe.copy(tensors.x(), tensors.y(), method);
    }

    Explanation explain(Task.Pass pass) {
        return workload.explain(layer, tensors.x(), pass);
    }

    @Override
    public void close() {
        layer.close();
        scope.close();
    }
}
