package org.clnorm.conformance;

import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.clnorm.NormLayer;
import org.clnorm.plan.Task;
import org.clnorm.state.StateDict;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Scope;
import org.clnorm.tensor.Tensor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Checks what devices compute against the CPU engine, which gets the same float32 inputs and rounds nothing. Belongs
 * to one thread at a time.
 */
public final class ReferenceCheck implements AutoCloseable {
    private static final List<String> DENORMAL_PROBES = List.of(
            "batch_norm 2x2 mode=eval eps=0 affine=false",
            "batch_norm 2x1x2 mode=eval eps=0 affine=false",
            "layer_norm 2x2 normalized_shape=2 eps=0 affine=false",
            "batch_norm 2x1x2 eps=0 affine=false track=false",
            "batch_norm 2x2 eps=0 affine=false track=false");

    private static final Logger LOG = LoggerFactory.getLogger(ReferenceCheck.class);

    private final Device reference = Device.cpu();
    private final BiFunction<Case, Device, StateDict> runner;
    private final Map<Device, Boolean> denormals = new IdentityHashMap<>();
    private Case asked;
    private Case judging;

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

    /**
     * Judges what something else than a device makes of a case.
     *
     * @param what     the case
     * @param runner   runs it, see {@link CaseRunner#run}
     * @param leniency the error to let pass, relative to scale, where the contract allows less
     * @return a verdict for each tensor
     */
    public List<Verdict> verdicts(Case what, Function<Case, StateDict> runner, double leniency) {
        StateDict results = runner.apply(what);
        return Comparison.verdicts(expectations(what, results), results, 0, leniency);
    }

    /** The reference of a single step depends on nobody's results: who asks again for the same case gets the same. */
    private Case expectations(Case what, StateDict results) {
        if (what != asked || what.steps().size() > 1) {
            judging = Expectations.judging(what, reference, results);
            asked = what;
        }
        return judging;
    }

    /**
     * Whether a device opened with one variant of the kernels can run a workload; others run all.
     *
     * @param workload what might be run
     * @param device   the device
     * @return false if the variant, or the layer, declines one of the passes
     */
    public boolean accepts(Workload workload, Device device) {
        if (workload.shape().size() == 0) {
            return true;
        }
        try (NormLayer layer = workload.layer().on(device);
                Tensor x = device.empty(workload.dataType(), workload.stored())) {
            for (char step : workload.trial().steps().toCharArray()) {
                workload.explain(layer.train(step == 't'), x, Task.Pass.FORWARD);
                if (workload.backward()) {
                    workload.explain(layer, x, Task.Pass.BACKWARD);
                }
            }
            return true;
        } catch (IllegalArgumentException declined) {
            return false;
        }
    }

    /**
     * As {@link #verdicts(Workload, Device)}, for a case.
     *
     * @param what   what to run
     * @param device the device to judge
     * @return a verdict for each tensor; a single one named {@code run} if the case could not be run
     */
    public List<Verdict> verdicts(Case what, Device device) {
        LOG.debug("checking {}", what); // the last line before a crash of the driver
        try {
            StateDict results = runner.apply(what, device);
            return Comparison.verdicts(expectations(what, results), results,
                    keepsDenormals(device) ? 0 : Float.MIN_NORMAL, 0);
        } catch (RuntimeException failed) {
            return List.of(new Verdict(0, "run", Double.POSITIVE_INFINITY, 0, failed.toString().strip()));
        }
    }

    /**
     * Whether a device computes with denormals; tried out, once a device. One that does not is held to the contract
     * outside their range.
     *
     * @param device the device
     * @return true if the y of a denormal x is not 0
     */
    public boolean keepsDenormals(Device device) {
        return denormals.computeIfAbsent(device, ReferenceCheck::tryDenormals);
    }

    /** A forced variant declines some of these layers; one that declines all is held to the whole contract. */
    private static boolean tryDenormals(Device device) {
        for (String probe : DENORMAL_PROBES) {
            try {
                return keepsDenormals(device, Workload.parse(probe));
            } catch (IllegalArgumentException declined) {
                // the next one
            }
        }
        return true;
    }

    /**
     * Whether denormals of both signs in each group come out as something: where they are taken for 0, y is 0 or NaN.
     */
    private static boolean keepsDenormals(Device device, Workload workload) {
        float denormal = 1e-39f;
        float[] values = {denormal, -denormal, -denormal, denormal};
        try (NormLayer layer = workload.layer().on(device); Scope scope = device.scope()) {
            Tensor x = device.tensor(values, workload.stored().dims());
            float y = layer.forward(x).read()[0];
            return Float.isFinite(y) && y != 0;
        }
    }

    @Override
    public void close() {
        reference.close();
    }
}
