package org.clnorm.bench;

import org.clnorm.NormLayer;
import org.clnorm.conformance.Workload;
import org.clnorm.engine.Explanation;
import org.clnorm.plan.Task;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Scope;
import org.clnorm.tensor.Tensor;

/** A layer and two sets of tensors for its calls; {@link #other()} says which set the next calls use. */
final class HostSubject implements AutoCloseable {
    private static final int SETS = 2;

    private final NormLayer layer;
    private final Scope scope;
    private final Tensor[] x = new Tensor[SETS];
    private final Tensor[] y = new Tensor[SETS];
    private final Tensor[] dy = new Tensor[SETS];
    private final Tensor[] dx = new Tensor[SETS];
    private int set;

    HostSubject(Device device, Workload workload) {
        layer = workload.layer();
        scope = device.scope();
        try {
            for (int i = 0; i < SETS; i++) {
                x[i] = Filling.random(device.empty(DataType.F32, workload.stored()), 3 + i);
                dy[i] = Filling.random(device.empty(DataType.F32, workload.stored()), 5 + i);
                y[i] = device.empty(DataType.F32, workload.stored()).fill(0);
                dx[i] = device.empty(DataType.F32, workload.stored()).fill(0);
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
        layer.forward(x[set], y[set]);
    }

    void backward() {
        layer.backward(dy[set], dx[set]);
    }

    Explanation explain(Task.Pass pass) {
        return layer.explain(x[0], pass);
    }

    @Override
    public void close() {
        layer.close();
        scope.close();
    }
}
