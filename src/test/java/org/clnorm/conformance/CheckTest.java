package org.clnorm.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.DoubleUnaryOperator;
import org.clnorm.OnEveryDevice;
import org.clnorm.TestDevices;
import org.clnorm.plan.Planner;
import org.clnorm.state.HostTensor;
import org.clnorm.state.StateDict;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.DeviceInfo;
import org.clnorm.tensor.DeviceRequest;
import org.clnorm.tensor.Half;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Devices against the CPU engine in double; and that an error would be found. */
class CheckTest {
    private static final Workload WORKLOAD = Workload.parse("batch_norm 4x3x5x7 steps=te seed=3");

    /** Each may need kernels of its own, which PoCL compiles for seconds; {@code scripts/clnorm check} runs more. */
    private static final int CASES = Integer.getInteger("clnorm.cases", 8);

    @OnEveryDevice
    void randomWorkloadsHold(Device device) {
        try (ReferenceCheck check = new ReferenceCheck()) {
            RandomWorkloads random = new RandomWorkloads(7, check.keepsDenormals(device));
            CheckReport report = new CheckReport();
            for (int i = 0; i < CASES; i++) {
                Workload workload = random.next();
                report.add(workload, "tested", check.verdicts(workload, device));
            }
            assertEquals(CASES, report.cases());
            assertEquals(List.of(), report.failures());
        }
    }

    @OnEveryDevice
    void whatOnceFailedHolds(Device device) throws IOException {
        try (ReferenceCheck check = new ReferenceCheck()) {
            CheckReport report = new CheckReport();
            for (Workload workload : pastFailures()) {
                report.add(workload, "tested", check.verdicts(workload, device));
            }
            assertEquals(List.of(), report.failures());
        }
    }

    /** A forced variant may take what the list would have given to another. */
    @Test
    void whatOnceFailedHoldsWithEveryVariant() throws IOException {
        CheckReport report = new CheckReport();
        try (ReferenceCheck check = new ReferenceCheck()) {
            for (DeviceInfo info : TestDevices.openCl()) {
                for (String variant : Planner.variants()) {
                    if (variant.equals(DeviceRequest.BITWISE)) {
                        continue; // not every device has it: BitwiseTest
                    }
                    try (Device device = Device.open(DeviceRequest.of(info.selector()).withVariant(variant))) {
                        for (Workload workload : pastFailures()) {
                            if (check.accepts(workload, device)) {
                                report.add(workload, variant, check.verdicts(workload, device));
                            }
                        }
                    }
                }
            }
        }
        assertEquals(List.of(), report.failures());
    }

    private static List<Workload> pastFailures() throws IOException {
        try {
            return Workload.read(Path.of(CheckTest.class.getResource("past-failures.txt").toURI()));
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void randomWorkloadsAreTheirLines() {
        RandomWorkloads random = new RandomWorkloads(1, true);
        RandomWorkloads again = new RandomWorkloads(1, true);
        for (int i = 0; i < 2000; i++) {
            Workload workload = random.next();
            assertEquals(workload, again.next());
            assertEquals(workload, Workload.parse(workload.toString()));
        }
    }

    @Test
    void theSameLineIsTheSameCase() {
        Case one = Case.of(WORKLOAD);
        Case other = Case.of(Workload.parse(WORKLOAD.toString()));
        assertEquals(one.initial(), other.initial());
        assertEquals(one.steps().get(1).x(), other.steps().get(1).x());
        assertFalse(one.steps().get(0).x().equals(one.steps().get(1).x()));
        assertFalse(one.steps().get(0).x().equals(Case.of(Workload.parse("batch_norm 4x3x5x7")).steps().get(0).x()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.y", "1.y", "0.dx", "1.dx", "0.dweight", "0.dbias", "0.running_mean", "0.running_var"})
    void findsAnErrorOfTwiceTheContract(String tensor) {
        Case what = Case.of(WORKLOAD);
        String name = tensor.substring(2);
        try (ReferenceCheck right = new ReferenceCheck();
                Device cpu = Device.cpu()) {
            StateDict results = CaseRunner.run(what, cpu);
            Expected expected = Expectations.judging(what, cpu, results).steps().get(tensor.charAt(0) - '0').expected()
                    .get(name);
            double error = 2 * Comparison.CONTRACT * expected.scale();
            assertEquals(List.of(), wrong(right.verdicts(what, cpu)));
            try (ReferenceCheck check = new ReferenceCheck((c, device) -> changed(results, tensor, v -> v + error))) {
                List<Verdict> wrong = wrong(check.verdicts(what, cpu));
                assertTrue(wrong.stream().anyMatch(verdict -> tensor.equals(verdict.step() + "." + verdict.tensor())
                        && verdict.error() > 1.8 * Comparison.CONTRACT), wrong.toString());
            }
        }
    }

    /** Of tensors in 16 bits one unit in the last place is let pass, two are found. */
    @ParameterizedTest
    @ValueSource(strings = {"0.y", "1.y", "0.dx", "1.dx", "0.dweight", "1.dbias"})
    void findsTwoUnitsInTheLastPlace(String tensor) {
        Case what = Case.of(Workload.parse(
                "batch_norm 4x3x5x7 steps=te accumulate=true dtype=bf16 parameters=storage seed=3"));
        try (Device cpu = Device.cpu()) {
            StateDict results = CaseRunner.run(what, cpu);
            for (int units : new int[] {0, 1, 2}) {
                try (ReferenceCheck check = new ReferenceCheck((c, device) -> changed(results, tensor, value ->
                        Half.value(DataType.BF16, (short) (Half.bits(DataType.BF16, value) + units))))) {
                    List<Verdict> wrong = wrong(check.verdicts(what, cpu)).stream()
                            .filter(verdict -> tensor.equals(verdict.step() + "." + verdict.tensor())).toList();
                    assertEquals(units == 2 ? 1 : 0, wrong.size(), units + " units: " + wrong);
                }
            }
        }
    }

    @Test
    void randomWorkloadsAreOfAllTypes() {
        RandomWorkloads random = new RandomWorkloads(1, true);
        Set<String> types = new TreeSet<>();
        for (int i = 0; i < 100; i++) {
            Workload workload = random.next();
            types.add(workload.dataType() + " " + workload.trial().parameterType());
        }
        assertEquals(Set.of("F32 F32", "F16 F32", "F16 F16", "BF16 F32", "BF16 BF16"), types);
    }

    /** No family makes values that are infinite because the type cannot hold them. */
    @ParameterizedTest
    @ValueSource(strings = {"normal", "scale1e18", "scale-3e38", "outlier", "offset1e6", "chanscales", "denormal"})
    void valuesStayInTheRangeOfTheType(String family) {
        for (String type : List.of("f32", "f16", "bf16")) {
            Case what = Case.of(Workload.parse("batch_norm 50x13x3 x=" + family + " dtype=" + type));
            double largest = 0;
            for (double value : what.x().toDoubles()) {
                assertTrue(Double.isFinite(value), type + " " + value);
                largest = Math.max(largest, Math.abs(value));
            }
            assertTrue(largest > 0, type + " all 0");
            assertEquals(type.toUpperCase(Locale.ROOT), what.x().type().name());
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY})
    void findsWhatIsNotFinite(double value) {
        List<Verdict> wrong = verdictsOn("0.y", v -> value);
        assertEquals(1, wrong.size());
        assertEquals(Double.POSITIVE_INFINITY, wrong.get(0).error());
    }

    private static List<Verdict> verdictsOn(String tensor, DoubleUnaryOperator change) {
        try (ReferenceCheck check = new ReferenceCheck(
                (c, device) -> changed(CaseRunner.run(c, device), tensor, change));
                Device cpu = Device.cpu()) {
            return wrong(check.verdicts(WORKLOAD, cpu));
        }
    }

    @Test
    void findsTensorsThatAreMissingOrMisshapen() {
        try (ReferenceCheck check = new ReferenceCheck((c, device) -> {
            StateDict results = new StateDict();
            CaseRunner.run(c, device).tensors().forEach((name, tensor) -> {
                if (name.equals("1.dbias")) {
                    results.put(name, HostTensor.ofFloats(tensor.toFloats(), 1, 3));
                } else if (name.equals("1.num_batches_tracked")) {
                    results.put(name, HostTensor.ofLongs(new long[] {99}));
                } else if (!name.equals("1.dx")) {
                    results.put(name, tensor);
                }
            });
            return results;
        }); Device cpu = Device.cpu()) {
            List<String> wrong = wrong(check.verdicts(WORKLOAD, cpu)).stream().map(Verdict::toString).toList();
            assertEquals(3, wrong.size(), wrong.toString());
            assertEquals("1.dx: expected a tensor, got none", wrong.get(0));
            assertEquals("1.dbias: expected the shape [3], got [1, 3]", wrong.get(1));
            assertTrue(wrong.get(2).matches("1.num_batches_tracked: expected [0-4], got 99"), wrong.get(2));
        }
    }

    @Test
    void whatCannotRunIsAFailure() {
        try (ReferenceCheck check = new ReferenceCheck();
                Device cpu = Device.cpu()) {
            List<Verdict> verdicts = check.verdicts(Workload.parse("batch_norm 1x3"), cpu);
            assertEquals(1, verdicts.size());
            assertFalse(verdicts.get(0).passed());
            assertTrue(verdicts.get(0).fault().contains("more than 1 value per channel"), verdicts.get(0).fault());
        }
    }

    @Test
    void reportsCountsWorstErrorsAndFailures() {
        Workload other = Workload.parse("layer_norm 2x3 normalized_shape=3");
        CheckReport report = new CheckReport();
        assertFalse(report.passed());
        report.add(other, "gpu", List.of(new Verdict(0, "y", 1e-7, 6e-7, ""), new Verdict(0, "dx", 2e-7, 6e-7, "")));
        report.add(WORKLOAD, "cpu", List.of(new Verdict(0, "y", 1e-7, 6e-7, ""), new Verdict(1, "y", 3e-7, 6e-7, "")));
        assertTrue(report.passed());
        report.add(WORKLOAD, "cpu",
                List.of(new Verdict(0, "y", 0, 6e-7, "no shape"), new Verdict(1, "y", 2e-7, 6e-7, "")));
        assertEquals(List.of(new CheckReport.Row("batch_norm", "y", "cpu", 2, 1, 3e-7),
                new CheckReport.Row("layer_norm", "y", "gpu", 1, 0, 1e-7),
                new CheckReport.Row("layer_norm", "dx", "gpu", 1, 0, 2e-7)), report.rows());
        assertEquals(3, report.cases());
        assertFalse(report.passed());
        assertEquals(List.of(new CheckReport.Failure(WORKLOAD.toString(), "cpu",
                List.of(new Verdict(0, "y", 0, 6e-7, "no shape")))), report.failures());
    }

    private static List<Verdict> wrong(List<Verdict> verdicts) {
        return verdicts.stream().filter(verdict -> !verdict.passed()).toList();
    }

    /** The first element changed. */
    private static StateDict changed(StateDict results, String name, DoubleUnaryOperator change) {
        StateDict copy = new StateDict();
        results.tensors().forEach(copy::put);
        double[] values = results.doubles(name);
        values[0] = change.applyAsDouble(values[0]);
        return copy.put(name, HostTensor.ofDoubles(values, results.get(name).shape()));
    }
}
