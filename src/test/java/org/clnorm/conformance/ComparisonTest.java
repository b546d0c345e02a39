package org.clnorm.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import org.clnorm.VarianceEstimate;
import org.clnorm.state.ElementType;
import org.clnorm.state.HostTensor;
import org.clnorm.state.StateDict;
import org.clnorm.tensor.Shape;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** One value at a time. */
class ComparisonTest {
    private static final double INF = Double.POSITIVE_INFINITY;

    @ParameterizedTest
    @CsvSource({
        "2, 2, 1, 0",
        "2, 2.0000005, 1, 5e-7",
        "2, 2.0000005, 10, 5e-8",
        "2, 3, 1, 1",
        "0, 0, 0, 0",
        "0, 1e-30, 0, Infinity",
        "NaN, NaN, 1, 0",
        "NaN, Infinity, 1, Infinity",
        "NaN, 2, 1, Infinity",
        "Infinity, Infinity, 1, 0",
        "Infinity, -Infinity, 1, Infinity",
        "Infinity, NaN, 1, Infinity",
        "2, NaN, 1, Infinity",
        "2, Infinity, 1, Infinity",
        "1e39, Infinity, 1e30, 0",
        "1e39, -Infinity, 1e30, Infinity",
        "1e39, NaN, 1e30, Infinity",
        "1e39, 3.4028234e38, 1e30, Infinity",
        "-1e39, -Infinity, 1e30, 0",
        "3.40282e38, Infinity, 3e38, Infinity",
        "3.4028234663e38, Infinity, 3e38, 0",
        "3.4028236e38, 3.4028234663852886e38, 3e38, 0"})
    void error(double expected, double got, double scale, double error) {
        Verdict verdict = verdict("y", Set.of(), 1, expected, got, scale);
        assertEquals(error, verdict.error(), error == INF ? 0 : 1e-6 * error);
        assertEquals(error <= Comparison.CONTRACT, verdict.passed());
    }

    @ParameterizedTest
    @CsvSource({"NaN, Infinity, true", "Infinity, NaN, true", "-Infinity, Infinity, true", "NaN, 2, false",
        "Infinity, 2, false", "2, NaN, false", "2, 2.1, false"})
    void kindsMayDifferWhereTheFormulaDecides(double expected, double got, boolean passes) {
        assertEquals(passes, verdict("y", Set.of("formula-dependent"), 1, expected, got, 1).passed());
    }

    @ParameterizedTest
    @CsvSource({"NaN, Infinity, true", "Infinity, -Infinity, true", "NaN, 2, false", "2, NaN, false", "2, 2.1, false"})
    void kindsMayDifferWhereRoundingDecidesTheSign(double expected, double got, boolean passes) {
        BitSet element = BitSet.valueOf(new long[] {1});
        BitSet another = BitSet.valueOf(new long[] {2});
        assertEquals(passes, verdict("dx", Set.of(), one(1), new Expected(one(expected), 1, element), got).passed());
        assertFalse(verdict("dx", Set.of(), one(1), new Expected(one(expected), 1, another), got).passed());
    }

    @ParameterizedTest
    @CsvSource({"dweight, 1e-39, 3e-6, true", "dweight, 1e-39, 5e-6, false", "dweight, 1, 3e-6, false",
        "dweight, 0, 3e-6, false", "y, 1e-39, 3e-6, false", "dx, 1e-39, 3e-6, false"})
    void denormalInputsHaveFewerDigits(String tensor, double x, double error, boolean passes) {
        assertEquals(passes, verdict(tensor, Set.of(), x, 1, 1 + error, 1).passed());
    }

    /** One unit in the last place of 16 bits is no error; what is farther away is judged by the scale. */
    @ParameterizedTest
    @CsvSource({
        "y, F16, 1.0004, 1.0009765625, 1, 0",
        "dx, F16, 1.0004, 1.001953125, 1, 1.553e-3",
        "y, F16, 1e-6, 1.4305115e-6, 1, 4.305115e-7",
        "y, F16, 70000, Infinity, 1, 0",
        "y, F16, 70000, 65504, 1, Infinity",
        "y, F16, 65510, Infinity, 1, 0",
        "y, F16, 65000, Infinity, 1, Infinity",
        "y, F16, 1e9, -Infinity, 1, Infinity",
        "y, F16, 1, NaN, 1, Infinity",
        "y, F16, NaN, NaN, 1, 0",
        "y, F16, NaN, 1, 1, Infinity",
        "y, BF16, 1.004, 1.0078125, 1, 0",
        "y, BF16, 1.003, 1.015625, 1, 1.2625e-2",
        "y, BF16, 70000, Infinity, 1, Infinity",
        "dweight, F16, 1.0004, 1.0009765625, 1, 5.765625e-4",
        "running_mean, F16, 1.0004, 1.0009765625, 1, 5.765625e-4"})
    void sixteenBits(String tensor, ElementType storage, double expected, double got, double scale, double error) {
        Verdict verdict = verdict(tensor, Set.of(), HostTensor.of(storage, new double[] {1}, 1),
                new Expected(one(expected), scale), got);
        assertEquals(error, verdict.error(), error == INF ? 0 : 1e-3 * error);
        assertEquals(error <= Comparison.CONTRACT, verdict.passed());
    }

    private static Verdict verdict(String tensor, Set<String> tags, double x, double expected, double got,
            double scale) {
        return verdict(tensor, tags, one(x), new Expected(one(expected), scale), got);
    }

    private static Verdict verdict(String tensor, Set<String> tags, HostTensor x, Expected expected, double got) {
        LayerSpec spec = new LayerSpec(LayerKind.LAYER_NORM, 0, 0, 0, Shape.of(1), 1e-5, OptionalDouble.of(0.1), false,
                false, false, VarianceEstimate.UNBIASED);
        CaseStep step = new CaseStep(true, x, null).expecting(Map.of(tensor, expected), -1);
        Case what = new Case("one", spec, new StateDict(), List.of(step), tags, Set.of(), false);
        List<Verdict> verdicts = Comparison.verdicts(what, new StateDict().put("0." + tensor, one(got)));
        assertEquals(1, verdicts.size());
        return verdicts.get(0);
    }

    private static HostTensor one(double value) {
        return HostTensor.ofDoubles(new double[] {value}, 1);
    }
}
