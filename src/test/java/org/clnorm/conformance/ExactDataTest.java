package org.clnorm.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiPredicate;
import org.clnorm.OnEveryDevice;
import org.clnorm.state.HostTensor;
import org.clnorm.state.StateDict;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.junit.jupiter.api.Test;

/**
 * Where no sum has rounding errors, mean and rstd must be right to the bit, on whatever device and in whatever order it
 * adds. Running statistics of momentum 1 show mean and variance. y shows them in the layers that have none: of an even
 * group with an eps of 0, x̂ is 1 or -1.
 */
class ExactDataTest {
    /** Of 270; each may need kernels of its own, which PoCL compiles for seconds. */
    private static final int CASES = Integer.getInteger("clnorm.exact", 8);

    /** For gradients of parameters, relative to the gradient itself. */
    private static final double GRADIENTS = 5e-6;

    @OnEveryDevice
    void statisticsAreRightToTheBit(Device device) {
        List<String> wrong = new ArrayList<>();
        try (Device cpu = Device.cpu()) {
            for (Workload workload : ExactWorkloads.some(CASES)) {
                Case what = Case.of(workload);
                StateDict results = CaseRunner.run(what, device);
                Case judged = Expectations.judging(what, cpu, results);
                Comparison.verdicts(judged, results).stream().filter(verdict -> !verdict.passed())
                        .forEach(verdict -> wrong.add(workload + ": " + verdict));
                new Bits(workload, judged, results, wrong).check();
            }
        }
        assertEquals(List.of(), wrong);
    }

    /** What must be right beyond the contract. */
    private record Bits(Workload workload, Case judged, StateDict results, List<String> wrong) {
        void check() {
            for (int k = 0; k < judged.steps().size(); k++) {
                boolean batch = !workload.spec().track() || judged.steps().get(k).training();
                if (batch && !averagesRound()) {
                    compare(k, "running_mean", Bits::same);
                    compare(k, "running_var", Bits::same);
                }
                if (batch && workload.spec().eps() == 0 && size() % 2 == 0) {
                    compare(k, "y", Bits::same);
                }
                if (batch && workload.dataType() == DataType.F32) {
                    compare(k, "dbias", Bits::same);
                    compare(k, "dweight",
                            (expected, got) -> Math.abs(got - expected) <= GRADIENTS * Math.abs(expected));
                }
            }
        }

        /** Whether running statistics are of several samples, and rounded twice: no power of two, or of odd groups. */
        private boolean averagesRound() {
            long samples = workload.kind() == LayerKind.INSTANCE_NORM ? workload.shape().dim(0) : 1;
            return samples > 1 && (Long.bitCount(samples) > 1 || size() % 2 == 1);
        }

        private long size() {
            return workload.shape().size() / new Groups(workload.spec(), workload.shape(), false).count();
        }

        private static boolean same(double expected, double got) {
            return (float) expected == (float) got;
        }

        private void compare(int k, String tensor, BiPredicate<Double, Double> right) {
            Expected expected = judged.steps().get(k).expected().get(tensor);
            if (expected == null) {
                return;
            }
            double[] values = expected.values().toDoubles();
            double[] got = results.doubles(k + "." + tensor);
            for (int i = 0; i < values.length; i++) {
                if (!right.test(values[i], got[i])) {
                    wrong.add(workload + ": " + k + "." + tensor + ": expected " + values[i] + " at " + i + ", got "
                            + got[i]);
                    return;
                }
            }
        }
    }

    @Test
    void sumsNeedNoMoreDigitsThanFloatsHave() {
        for (Workload workload : ExactWorkloads.some(CASES)) {
            Groups groups = new Groups(workload.spec(), workload.shape(), false);
            HostTensor x = Case.of(workload).x();
            float[] sums = new float[groups.count()];
            double[] exact = new double[groups.count()];
            float[] values = x.toFloats();
            for (int i = 0; i < values.length; i++) {
                sums[groups.group(i)] += values[i];
                exact[groups.group(i)] += values[i];
            }
            for (int g = 0; g < sums.length; g++) {
                assertEquals(exact[g], sums[g], workload.toString());
                double mean = exact[g] / (values.length / sums.length);
                assertEquals(0, Math.getExponent(mean) - Math.log(Math.abs(mean)) / Math.log(2), 1e-12);
            }
            assertTrue(Arrays.stream(x.toDoubles()).distinct().count() > 1 || groups.count() == values.length);
        }
    }
}
