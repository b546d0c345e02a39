package org.clnorm.conformance;

import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.clnorm.NormLayer;
import org.clnorm.state.StateDict;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Scope;
import org.clnorm.tensor.Tensor;

/**
 * Checks what devices compute against the CPU engine, which gets the same float32 inputs and rounds nothing. Belongs to one
 * thread at a time.
 */
public final class ReferenceCheck implements AutoCloseable {
    private final Device reference = Device.cpu();
    private final BiFunction<Case, Device, StateDict> runner;
    private final Map<Device, Boolean> denormals = new IdentityHashMap<>();

    /** Opens the CPU engine. */
    public ReferenceCheck() {
        this(CaseRunner::run);
    }

    /** With a way of running cases that may go wrong. */
    ReferenceCheck(BiFunction<Case, Device, StateDict> runner) {
        this.runner = runner;
    }

    /**
     * Runs a workload on a device and on the CPU engine, every step forward and backward, and judges every tensor.
     *
     * @param workload what to run
     * @param device   the device to judge
     * @return a verdict for each tensor; a single one named {@code run} if the workload could not be run
     */
    public List<Verdict> verdicts(Workload workload, Device device) {
        return verdicts(Case.of(workload), device);
    }

    List<Verdict> verdicts(Case what, Device device) {
        try {
            StateDict results = runner.apply(what, device);
            return Comparison.verdicts(Expectations.judging(what, reference, results), results,
                    keepsDenormals(device) ? 0 : Float.MIN_NORMAL);
        } catch (RuntimeException failed) {
            return List.of(new Verdict(0, "run", Double.POSITIVE_INFINITY, 0, failed.toString().strip()));
        }
    }

    /**
     * Whether a device computes with denormals; tried out, once a device. One that does not is held to the contract outside
     * their range.
     *
     * @param device the device
     * @return true if y = x · 1 of a denormal x is x
     */
    public boolean keepsDenormals(Device device) {
        return denormals.computeIfAbsent(device, ReferenceCheck::tryDenormals);
    }

    private static boolean tryDenormals(Device device) {
        float denormal = 1e-39f;
        try (NormLayer layer = Workload.parse("batch_norm 1x1 mode=eval eps=0 affine=false").layer().on(device);
                Scope scope = device.scope()) {
            Tensor y = layer.forward(device.tensor(new float[] {denormal}, 1, 1));
            return y.read()[0] == denormal;
        }
    }

    @Override
    public void close() {
        reference.close();
    }
}
