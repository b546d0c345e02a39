package org.clnorm.engine;

import org.clnorm.plan.Task;
import org.clnorm.tensor.Device;

/**
 * What a device must be able to do so that several normalize one batch together: let statistics out and in, and make
 * gradients of sums that the host brings. A service of devices, as {@link NormEngine} is; groups are channels.
 */
public interface SyncEngine {
    /**
     * The engine of a device.
     *
     * @param device the device
     * @return its engine
     * @throws IllegalArgumentException if the device has none
     */
    static SyncEngine of(Device device) {
        return device.service(SyncEngine.class);
    }

    /**
     * Copies statistics to the host; waits.
     *
     * @param saved    open statistics of a forward pass on this device
     * @param mean     receives the mean of every group
     * @param variance receives the biased variance of every group
     */
    void read(SavedStatistics saved, double[] mean, double[] variance);

    /**
     * Makes statistics of values from the host. Nothing is lost of a mean where tensors are F32: it is stored as two
     * floats.
     *
     * @param call     the pass that they are for, which says eps and types
     * @param mean     the mean of every group
     * @param variance the biased variance of every group
     * @param spent    as in {@link NormEngine#forward(ForwardCall, SavedStatistics)}
     * @return the statistics; the caller closes them
     */
    SavedStatistics write(ForwardCall call, double[] mean, double[] variance, SavedStatistics spent);

    /**
     * Moves running statistics, a pair a group, by the same launch whatever the batch was.
     *
     * @param update how
     * @param saved  open statistics
     */
    void move(RunningUpdate update, SavedStatistics saved);

    /**
     * Computes the gradients that a call has tensors for, of what the host brings: dx = rstd · weight ·
     * (dy − ⟨dy⟩ − x̂ · ⟨dy · x̂⟩), dweight and dbias. A call over no elements has statistics of null
     * and makes no dx.
     *
     * @param call what to compute, in plain form
     * @param sums what it is made of
     */
    void gradients(BackwardCall call, SyncSums sums);

    /**
     * Gets ready for {@link #gradients}, or for the running statistics that a forward pass moves; as {@link
     * NormEngine#prepare}.
     *
     * @param task the task of passes to come
     */
    void prepare(Task task);
}
