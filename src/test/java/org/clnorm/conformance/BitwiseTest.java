package org.clnorm.conformance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.clnorm.TestDevices;
import org.clnorm.state.HostTensor;
import org.clnorm.state.StateDict;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.DeviceInfo;
import org.clnorm.tensor.DeviceRequest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The bitwise variant on devices and on the Java engine. {@code -Dclnorm.bitwise=2000} for more random workloads,
 * {@code -Dclnorm.bitwiseCases=105} for all cases of PyTorch's: each may need kernels that PoCL compiles for seconds.
 */
class BitwiseTest {
    private static final int WORKLOADS = Integer.getInteger("clnorm.bitwise", 8);
    private static final int CASES = Integer.getInteger("clnorm.bitwiseCases", 8);
    private static final DeviceRequest MIRROR = DeviceRequest.of("cpu").withVariant(DeviceRequest.BITWISE);

    @Test
    void devicesHaveTheBitsOfTheJavaEngine() {
        try (BitwiseCheck check = new BitwiseCheck()) {
            for (DeviceInfo info : TestDevices.openCl()) {
                for (String kernels : List.of("cpu", "gpu")) {
                    Optional<Device> opened = open(info, kernels);
                    if (opened.isPresent()) {
                        try (Device device = opened.get()) {
                            randomWorkloads(device, check);
                            cases(device, check);
                        }
                    }
                }
            }
        }
    }

    /** A device that does not round as it must is refused, and told why. */
    private static Optional<Device> open(DeviceInfo info, String kernels) {
        try {
            return Optional.of(Device.open(DeviceRequest.of(info.selector()).withKernels(kernels)
                    .withVariant(DeviceRequest.BITWISE)));
        } catch (IllegalArgumentException refused) {
            assertTrue(refused.getMessage().matches(".* without CL_FP_\\w+.* in CL_DEVICE_SINGLE_FP_CONFIG"),
                    refused.getMessage());
            System.out.println(refused.getMessage());
            return Optional.empty();
        }
    }

    private static void randomWorkloads(Device device, BitwiseCheck check) {
        RandomWorkloads random = new RandomWorkloads(11, true);
        CheckReport report = new CheckReport();
        for (int i = 0; i < WORKLOADS; i++) {
            Workload workload = plain(random);
            report.add(workload, "bitwise", check.verdicts(workload, device));
        }
        assertEquals(List.of(), report.failures(), device.name());
    }

    private static void cases(Device device, BitwiseCheck check) {
        List<Path> files = TestCases.all().stream().filter(file -> Case.load(file).spec().isPlain()).toList();
        List<String> faults = new ArrayList<>();
        for (int i = 0; i < CASES; i++) {
            Case what = Case.load(files.get(i * files.size() / CASES));
            check.verdicts(what, device).stream().filter(verdict -> !verdict.passed())
                    .forEach(verdict -> faults.add(what + " " + verdict));
        }
        assertEquals(List.of(), faults, device.name());
    }

    /** The variant does nothing else. */
    private static Workload plain(RandomWorkloads random) {
        return Stream.generate(random::next).filter(workload -> workload.spec().isPlain()).findFirst().orElseThrow();
    }

    @Test
    void theJavaEngineHoldsTheContract() {
        try (Device mirror = Device.open(MIRROR); ReferenceCheck check = new ReferenceCheck()) {
            RandomWorkloads random = new RandomWorkloads(5, true);
            CheckReport report = new CheckReport();
            for (int i = 0; i < 100; i++) {
                Workload workload = plain(random);
                report.add(workload, "bitwise", check.verdicts(workload, mirror));
            }
            assertEquals(List.of(), report.failures());
            assertFalse(mirror.supports(DataType.F64));
        }
    }

    /** A mirror that passed over what it does not know would be wrong without a word. */
    @Test
    void theJavaEngineRefusesWhatItDoesNotDo() {
        try (Device mirror = Device.open(MIRROR)) {
            for (String line : List.of("batch_norm 3x4x5 lengths=5x2x0", "batch_norm 3x4x5 renorm=3:5",
                    "rms_norm 3x5 normalized_shape=5", "layer_norm 3x5 normalized_shape=5 activation=relu")) {
                IllegalArgumentException refused = assertThrows(IllegalArgumentException.class,
                        () -> CaseRunner.run(Case.of(Workload.parse(line)), mirror), line);
                assertTrue(refused.getMessage().startsWith("expected a task that the variant bitwise does, got "),
                        refused.getMessage());
            }
        }
    }

    /** What the order of adding depends on is the elements in their order, not the layer that groups them. */
    @Test
    void layersThatGroupAlikeHaveTheSameBits() {
        String values = " affine=false x=offset1e4 seed=9";
        float[] layer = y("layer_norm 6x700 normalized_shape=700" + values);
        for (String line : List.of("instance_norm 6x1x700", "group_norm 6x700 groups=1", "group_norm 3x2x700 groups=2",
                "instance_norm 2x3x70x10")) {
            assertArrayEquals(layer, y(line + values), line);
        }
    }

    private static float[] y(String line) {
        try (Device mirror = Device.open(MIRROR)) {
            return CaseRunner.run(Case.of(Workload.parse(line)), mirror).floats("0.y");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.y", "1.dx", "1.dweight", "0.dbias", "1.running_mean", "0.running_var"})
    void findsASingleBit(String tensor) {
        Case what = Case.of(Workload.parse("batch_norm 4x3x5x7 steps=tt seed=3"));
        try (Device mirror = Device.open(MIRROR);
                BitwiseCheck right = new BitwiseCheck();
                BitwiseCheck wrong = new BitwiseCheck((c, device) -> changed(CaseRunner.run(c, device), tensor))) {
            assertTrue(right.verdicts(what, mirror).stream().allMatch(Verdict::passed));
            List<Verdict> found = wrong.verdicts(what, mirror).stream().filter(verdict -> !verdict.passed()).toList();
            assertEquals(1, found.size(), found.toString());
            assertTrue(found.get(0).toString().startsWith(tensor + ": expected the bits of the Java engine, got others"
                    + " in 1 of "), found.get(0).toString());
        }
    }

    private static StateDict changed(StateDict results, String name) {
        StateDict copy = new StateDict();
        results.tensors().forEach(copy::put);
        float[] values = results.floats(name);
        values[1] = Math.nextUp(values[1]);
        return copy.put(name, HostTensor.ofFloats(values, results.get(name).shape()));
    }

    /** The double reference rounded to float has other last bits, and so has a device with other kernels. */
    @Test
    void othersHaveOtherBits() {
        Workload workload = Workload.parse("layer_norm 30x300 normalized_shape=300 seed=3");
        try (Device reference = Device.cpu(); BitwiseCheck check = new BitwiseCheck()) {
            assertFalse(check.verdicts(workload, reference).stream().allMatch(Verdict::passed));
        }
    }

    @Test
    void theJavaEngineHasNoOtherVariant() {
        IllegalArgumentException refused = assertThrows(IllegalArgumentException.class,
                () -> Device.open(DeviceRequest.of("cpu").withVariant("plain")));
        assertEquals("expected no kernel set and no variant but bitwise for the Java engine, got kernels 'auto',"
                + " variant 'plain'", refused.getMessage());
    }
}
