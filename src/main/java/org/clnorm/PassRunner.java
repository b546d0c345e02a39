package org.clnorm;

import org.clnorm.engine.BackwardCall;
import org.clnorm.engine.Explanation;
import org.clnorm.engine.ForwardCall;
import org.clnorm.engine.NormEngine;
import org.clnorm.engine.SavedStatistics;
import org.clnorm.plan.Task;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Tensor;

/** Takes passes to the engine. Calls may be over no elements. */
interface PassRunner {
    /** On the layer's own device, with nobody else. */
    PassRunner LOCAL = new PassRunner() {
        @Override
        public SavedStatistics forward(ForwardCall call, SavedStatistics spent) {
            return call.x().size() == 0 ? null : NormEngine.of(call.x().device()).forward(call, spent);
        }

        @Override
        public void backward(BackwardCall call) {
            if (call.x().size() == 0) {
                clear(call.dweight(), call.accumulate());
                clear(call.dbias(), call.accumulate());
            } else {
                NormEngine.of(call.dy().device()).backward(call);
            }
        }

        @Override
        public void prepare(Device device, Task task, int passes) {
            NormEngine.of(device).prepare(task, passes);
        }

        @Override
        public Explanation explain(Device device, Task task, Tensor x) {
            return NormEngine.of(device).explain(task, x);
        }
    };

    private static void clear(Tensor gradient, boolean accumulate) {
        if (gradient != null && !accumulate) {
            gradient.fill(0);
        }
    }

    /** Runs a forward pass; may use spent statistics again. Returns those that the backward pass needs, or null. */
    SavedStatistics forward(ForwardCall call, SavedStatistics spent);

    /** Runs a backward pass that has something to compute. */
    void backward(BackwardCall call);

    /** Gets ready for passes of a task, so many of which are held at once. */
    void prepare(Device device, Task task, int passes);

    /** How passes of a task over an input are done. */
    Explanation explain(Device device, Task task, Tensor x);
}
