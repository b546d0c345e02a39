package org.clnorm.conformance;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.BiFunction;
import org.clnorm.state.HostTensor;
import org.clnorm.state.StateDict;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.DeviceRequest;

/**
 * Compares bit by bit what a device makes of cases with the bitwise variant and what the Java engine makes of them with
 * it: all tensors of all steps, statistics as they move from step to step. Any NaN equals any NaN. Belongs to one
 * thread at a time.
 */
public final class BitwiseCheck implements AutoCloseable {
    private final Device mirror = Device.open(DeviceRequest.of("cpu").withVariant(DeviceRequest.BITWISE));

    private final BiFunction<Case, Device, StateDict> runner;

    /** Opens the Java engine. */
    public BitwiseCheck() {
        this(CaseRunner::run);
    }

    /** With a way of running cases on the device that may go wrong. */
    BitwiseCheck(BiFunction<Case, Device, StateDict> runner) {
        this.runner = runner;
    }

    /**
     * Runs a workload on a device and on the Java engine.
     *
     * @param workload what to run
     * @param device   a device that was opened with {@link DeviceRequest#BITWISE}
     * @return as {@link #verdicts(Case, Device)}
     */
    public List<Verdict> verdicts(Workload workload, Device device) {
        return verdicts(Case.of(workload), device);
    }

    /**
     * Runs a case on a device and on the Java engine.
     *
     * @param what   what to run
     * @param device a device that was opened with {@link DeviceRequest#BITWISE}
     * @return a verdict for each tensor, whose fault says how many elements differ; a single one named {@code run} if
     *         the case could not be run
     */
    public List<Verdict> verdicts(Case what, Device device) {
        try {
            StateDict results = runner.apply(what, device);
            StateDict mirrored = CaseRunner.run(what, mirror);
            List<Verdict> verdicts = new ArrayList<>();
            mirrored.tensors().forEach((name, tensor) -> {
                if (!name.endsWith(CaseRunner.BATCHES)) { // a count, which is not computed by kernels
                    verdicts.add(verdict(name, tensor, results));
                }
            });
            return verdicts;
        } catch (RuntimeException failed) {
            return List.of(new Verdict(0, "run", 0, 0, failed.toString().strip()));
        }
    }

    private static Verdict verdict(String name, HostTensor mirrored, StateDict results) {
        int dot = name.indexOf('.');
        HostTensor got = results.tensors().get(name);
        String fault = got == null ? "expected a tensor, got none"
                : difference(mirrored.toDoubles(), got.toDoubles());
        return new Verdict(Integer.parseInt(name.substring(0, dot)), name.substring(dot + 1), 0, 0, fault);
    }

    /** Floats are compared as doubles, which tell all of them apart, zeros by their sign. */
    private static String difference(double[] expected, double[] got) {
        if (expected.length != got.length) {
            return "expected " + expected.length + " elements, got " + got.length;
        }
        int first = Arrays.mismatch(expected, got);
        if (first < 0) {
            return "";
        }
        int count = 0;
        for (int i = first; i < got.length; i++) {
            count += Double.compare(expected[i], got[i]) == 0 ? 0 : 1;
        }
        return String.format(Locale.ROOT, "expected the bits of the Java engine, got others in %d of %d, first %s at %d"
                + " instead of %s", count, got.length, got[first], first, expected[first]);
    }

    @Override
    public void close() {
        mirror.close();
    }
}
