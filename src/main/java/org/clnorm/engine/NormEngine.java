package org.clnorm.engine;

import org.clnorm.plan.Task;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Tensor;

/**
 * What a device must be able to do. Calls have been checked by the layers: shapes agree, tensors are open and on this
 * device. An engine allocates and compiles before it enqueues, and enqueues what changes a layer's state last, so
 * that a call that throws has changed none of it.
 */
public interface NormEngine {
    /**
     * The engine of a device.
     *
     * @param device the device
     * @return its engine
     * @throws IllegalArgumentException if the device has none
     */
    static NormEngine of(Device device) {
        return device.service(NormEngine.class);
    }

    /**
     * Computes y, and the running statistics if they are to move; of a task of {@link
     * org.clnorm.plan.Task.Pass#STATISTICS} no y.
     *
     * @param call what to compute
     * @return the statistics that the backward pass needs; the caller closes them
     */
    SavedStatistics forward(ForwardCall call);

    /**
     * As {@link #forward(ForwardCall)}, with an object to use again.
     *
     * @param call  what to compute
     * @param spent closed statistics that nobody else holds, which may be filled anew and returned; or null
     * @return the statistics that the backward pass needs; the caller closes them
     */
    default SavedStatistics forward(ForwardCall call, SavedStatistics spent) {
        return forward(call);
    }

    /**
     * Computes y of statistics that an earlier pass left, and what that pass did not do besides: moves running
     * statistics by them, keeps the bits of an activation of a sum. What they went through meanwhile is the caller's
     * affair.
     *
     * @param call  what to compute; its task is of {@link org.clnorm.plan.Task.Statistics#SAVED}
     * @param saved open statistics of as many groups, on the same device; if this throws they stay the caller's
     * @return the statistics that the backward pass needs, in the place of {@code saved}; the caller closes them
     */
    SavedStatistics forwardFrom(ForwardCall call, SavedStatistics saved);

    /**
     * Computes the gradients that the call has tensors for.
     *
     * @param call what to compute
     */
    void backward(BackwardCall call);

    /**
     * The statistics that a forward pass with given ones leaves, without the pass.
     *
     * @param call  what a forward pass would compute; its statistics are given, and there is no y
     * @param spent as in {@link #forward(ForwardCall, SavedStatistics)}
     * @return the statistics that the backward pass needs; the caller closes them
     */
    SavedStatistics given(ForwardCall call, SavedStatistics spent);

    /**
     * Gets ready for a task, so that calls with it compile nothing: plans it and compiles its kernels. Takes the memory
     * that its launches pass on to each other once, so that calls find it in the pool. Computes nothing.
     *
     * @param task   what calls will bring
     * @param passes of how many forward passes the statistics are to be held at once, besides those of tasks prepared
     *               before: as much memory is made; 0 for a backward pass
     * @throws IllegalArgumentException if the variant that the device was opened with does not do such tasks
     */
    void prepare(Task task, int passes);

    /**
     * How this engine would do a task, for reports.
     *
     * @param task the task
     * @return the kernels, the variant and the reason it was taken
     * @throws IllegalArgumentException if the variant that the device was opened with does not do such tasks
     */
    Explanation explain(Task task);

    /**
     * As {@link #explain(Task)}, for one input: also says if and why it is copied before the pass.
     *
     * @param task what is to be done
     * @param x    the input
     * @return the kernels, the variant and the reasons
     * @throws IllegalArgumentException as {@link #explain(Task)}
     */
    default Explanation explain(Task task, Tensor x) {
        return explain(task);
    }
}
