package org.clnorm;

import java.util.HashSet;
import java.util.Set;
import org.clnorm.plan.Task;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;

/** What a layer got ready for on its device; nothing is made ready twice. */
final class WarmUp {
    private final Set<Task> ready = new HashSet<>();

    /** Forgets all, since the layer has gone to another device. */
    void forget() {
        ready.clear();
    }

    /**
     * Gets ready for passes over inputs of a type: kept, in place, and with statistics computed once more. With a
     * residual a forward pass is always kept.
     */
    void prepare(Device device, Work work, DataType inputs, DataType type, Parameters parameters) {
        boolean weight = parameters.weight() != null;
        boolean bias = parameters.bias() != null;
        for (boolean inPlace : new boolean[] {false, true}) {
            if (!inPlace || !work.joins()) {
                prepare(device, work, work.forwardTask(inputs, type, weight, bias, inPlace), inPlace ? 0 : 1);
            }
            prepare(device, work, work.backwardTask(inputs, type, weight, bias, true, parameters.wanted(), inPlace,
                    work.backwardJoin()), 0);
        }
        if (!work.joins()) {
            prepare(device, work, work.still().forwardTask(inputs, type, weight, bias, false), 0);
        }
    }

    private void prepare(Device device, Work work, Task task, int passes) {
        if (!ready.contains(task)) {
            work.runner().prepare(device, task, passes);
            ready.add(task);
        }
    }
}
