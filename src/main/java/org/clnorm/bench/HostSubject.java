package org.clnorm.bench;

import org.clnorm.NormLayer;
import org.clnorm.conformance.Workload;
import org.clnorm.engine.Explanation;
import org.clnorm.plan.Task;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Scope;

/** A layer and two sets of tensors for its calls; {@link #other()} says which set the next calls use. */
final class HostSubject implements AutoCloseable {
    private static final int SETS = 2;

    private final Workload workload;
    private final NormLayer layer;
    private final Scope scope;
    private final PassTensors[] tensors = new PassTensors[SETS];
    private int set;

    HostSubject(Device device, Workload workload) {
        this.workload = workload;
        layer = workload.layer();
        scope = device.scope();
        try {
            for (int i = 0; i < SETS; i++) {
                tensors[i] = new PassTensors(device, workload, layer, i);
            }
            layer.on(device);
        } catch (RuntimeException failed) {
            close();
            throw failed;
        }
    }

    void other() {
        set = (set + 1) % SETS;
    }

    void forward() {
        tensors[set].forward();
    }

    void backward() {
        tensors[set].backward();
    }

    Explanation explain(Task.Pass pass) {
        return workload.explain(layer, tensors[0].x(), pass);
    }

    @Override
    public void close() {
        layer.close();
        scope.close();
    }
}
