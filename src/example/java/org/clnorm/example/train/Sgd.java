package org.clnorm.example.train;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.clnorm.tensor.Tensor;

/** Gradient descent with momentum, as PyTorch's: v = momentum · v + gradient, value = value - rate · v. */
final class Sgd {
    static final String SOURCE = """
            kernel void descend(global float *value, global const float *gradient, global float *velocity, float rate,
                                float momentum)
            {
                int i = get_global_id(0);
                velocity[i] = momentum * velocity[i] + gradient[i];
                value[i] -= rate * velocity[i];
            }
            """;

    private final Ops ops;
    private final float rate;
    private final float momentum;
    private final Map<Weight, Tensor> velocities = new LinkedHashMap<>();
    private final List<Runnable> updates = new ArrayList<>();

    Sgd(Ops ops, List<Weight> weights, double rate, double momentum) {
        this.ops = ops;
        this.rate = (float) rate;
        this.momentum = (float) momentum;
        weights.forEach(weight -> velocities.put(weight, ops.tensor(weight.value().shape().dims())));
    }

    /** What is kept of the updates so far, for each weight. */
    Map<Weight, Tensor> velocities() {
        return velocities;
    }

    void step() {
        if (updates.isEmpty()) {
            // the gradients of the library's layers are there from the first backward pass on, and stay where they are
            velocities.forEach((weight, velocity) -> {
                Ops.Call call = ops.call(SOURCE, "descend", weight.value().size(), weight.value(),
                        weight.gradient().get(), velocity, rate, momentum);
                updates.add(() -> call.run(weight.value(), velocity));
            });
        }
        updates.forEach(Runnable::run);
    }
}
