package org.clnorm;

import static org.clnorm.Snapshot.assertRefused;
import static org.clnorm.Values.normal;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.clnorm.LoadReport.Fault;
import org.clnorm.LoadReport.Kind;
import org.clnorm.state.CheckpointException;
import org.clnorm.state.ElementType;
import org.clnorm.state.HostTensor;
import org.clnorm.state.StateDict;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a layer saves, and what it takes and refuses when it loads. */
class LayerStateTest {
    @TempDir
    Path folder;

    private static List<String> keys(NormLayer layer) {
        return List.copyOf(layer.stateDict().tensors().keySet());
    }

    private static BatchNorm1d trained(Device device) {
        BatchNorm1d norm = new BatchNorm1d(2).on(device);
        norm.weight().write(0.1, -2);
        norm.bias().write(3, 1e-30);
        norm.forward(normal(device, 1, 5, 2));
        norm.forward(normal(device, 2, 5, 2));
        return norm;
    }

    @Test
    void keysArePyTorchs() {
        assertEquals(List.of("weight", "bias", "running_mean", "running_var", "num_batches_tracked"),
                keys(new BatchNorm2d(2)));
        assertEquals(List.of("running_mean", "running_var", "num_batches_tracked"),
                keys(BatchNorm2d.builder(2).affine(false).build()));
        assertEquals(List.of("weight", "running_mean", "running_var", "num_batches_tracked"),
                keys(BatchNorm2d.builder(2).bias(false).build()));
        assertEquals(List.of("weight", "bias"), keys(BatchNorm2d.builder(2).trackRunningStats(false).build()));
        assertEquals(List.of(), keys(new InstanceNorm2d(2)));
        assertEquals(List.of("running_mean", "running_var", "num_batches_tracked"),
                keys(InstanceNorm2d.builder(2).trackRunningStats(true).build()));
        assertEquals(List.of("weight", "bias"), keys(new GroupNorm(1, 2)));
        assertEquals(List.of("weight"), keys(LayerNorm.builder(2).bias(false).build()));
    }

    @OnEveryDevice
    void typesAndShapes(Device device) {
        try (BatchNorm1d norm = trained(device)) {
            StateDict dict = norm.stateDict();
            assertEquals("F32[2]", dict.get("weight").toString());
            assertEquals("F32[2]", dict.get("running_var").toString());
            assertEquals("I64[]", dict.get("num_batches_tracked").toString());
            assertArrayEquals(new long[] {2}, dict.longs("num_batches_tracked"));
            assertArrayEquals(norm.runningMean().read(), dict.floats("running_mean"));
        }
        assertEquals("F64[2, 3]", LayerNorm.builder(2, 3).dataType(DataType.F64).build().stateDict().get("bias")
                .toString());
    }

    @OnEveryDevice
    void whatWasSavedIsLoaded(Device device) {
        try (BatchNorm1d norm = trained(device); BatchNorm1d placed = new BatchNorm1d(2).on(device);
                BatchNorm1d onHost = new BatchNorm1d(2)) {
            Path file = folder.resolve("norm.safetensors");
            norm.stateDict().save(file);
            placed.loadStateDict(StateDict.load(file));
            onHost.loadStateDict(StateDict.load(file));
            assertEquals(norm.stateDict(), placed.stateDict());
            assertEquals(norm.stateDict(), onHost.stateDict());
            assertArrayEquals(norm.forward(normal(device, 3, 5, 2)).read(), placed.forward(normal(device, 3, 5, 2))
                    .read());
            assertEquals(norm.stateDict(), placed.stateDict());
        }
    }

    @OnEveryDevice
    void aCopyIsNotTheState(Device device) {
        try (BatchNorm1d norm = trained(device)) {
            StateDict before = norm.stateDict();
            norm.forward(normal(device, 3, 5, 2));
            assertFalse(before.equals(norm.stateDict()));
            assertArrayEquals(new long[] {2}, before.longs("num_batches_tracked"));
        }
    }

    private static StateDict without(StateDict dict, String name) {
        StateDict rest = new StateDict();
        dict.tensors().forEach((key, tensor) -> {
            if (!key.equals(name)) {
                rest.put(key, tensor);
            }
        });
        return rest;
    }

    private static StateDict with(StateDict dict, String name, HostTensor tensor) {
        return without(dict, "").put(name, tensor);
    }

    /** A state that differs from the layer's own in every value. */
    private static StateDict other() {
        return new StateDict().put("weight", HostTensor.ofFloats(new float[] {7, 8}, 2))
                .put("bias", HostTensor.ofFloats(new float[] {9, 10}, 2))
                .put("running_mean", HostTensor.ofFloats(new float[] {11, 12}, 2))
                .put("running_var", HostTensor.ofFloats(new float[] {13, 14}, 2))
                .put("num_batches_tracked", HostTensor.ofLongs(new long[] {15}));
    }

    @OnEveryDevice
    void missingAndUnexpectedKeys(Device device) {
        try (BatchNorm1d norm = trained(device)) {
            List<String> needed = List.of("weight", "bias", "running_mean", "running_var");
            for (String key : needed) {
                assertRefused(norm, "missing keys [" + key + "]", () -> norm.loadStateDict(without(other(), key)));
            }
            StateDict more = with(other(), "extra", HostTensor.ofFloats(new float[2], 2));
            assertRefused(norm, "unexpected keys [extra]", () -> norm.loadStateDict(more));
            assertRefused(norm, "missing keys [weight]; unexpected keys [extra]",
                    () -> norm.loadStateDict(without(more, "weight")));
            assertRefused(norm, "missing keys", () -> norm.loadStateDict(new StateDict()));
        }
    }

    @OnEveryDevice
    void skippedWhenNotStrict(Device device) {
        try (BatchNorm1d norm = trained(device)) {
            StateDict before = norm.stateDict();
            LoadReport nothing = norm.loadStateDict(new StateDict(), false);
            assertEquals(before, norm.stateDict());
            assertEquals(List.of("weight", "bias", "running_mean", "running_var"), nothing.missing());
            assertEquals(List.of(), nothing.loaded());
            norm.loadStateDict(with(without(other(), "bias"), "extra", HostTensor.ofLongs(new long[] {1})), false);
            assertEquals(with(other(), "bias", before.get("bias")), norm.stateDict());
            assertEquals(15, norm.numBatchesTracked());
            assertRefused(norm, "weight of shape [3] instead of [2]", () -> norm.loadStateDict(
                    new StateDict().put("weight", HostTensor.ofFloats(new float[3], 3)), false));
        }
    }

    @OnEveryDevice
    void misshapenAndWrongKinds(Device device) {
        try (BatchNorm1d norm = trained(device)) {
            refuses(norm, "weight", HostTensor.ofFloats(new float[3], 3), "weight of shape [3] instead of [2]");
            refuses(norm, "running_var", HostTensor.ofFloats(new float[2], 2, 1),
                    "running_var of shape [2, 1] instead of [2]");
            refuses(norm, "bias", HostTensor.ofLongs(new long[2], 2),
                    "bias of type I64 instead of a floating point type");
            refuses(norm, "bias", HostTensor.ofBytes(ElementType.BOOL, new byte[2], 2), "bias of type BOOL");
            refuses(norm, "num_batches_tracked", HostTensor.ofLongs(new long[2], 2),
                    "num_batches_tracked of shape [2] instead of []");
            refuses(norm, "num_batches_tracked", HostTensor.ofLongs(new long[1], 1, 1), "of shape [1, 1] instead");
            refuses(norm, "num_batches_tracked", HostTensor.ofLongs(new long[0], 0), "of shape [0] instead");
            refuses(norm, "num_batches_tracked", HostTensor.ofBytes(ElementType.BOOL, new byte[1]),
                    "num_batches_tracked of type BOOL instead of I64");
            refuses(norm, "num_batches_tracked", HostTensor.ofLongs(new long[] {-1}),
                    "num_batches_tracked of -1 instead of 0 or more");
            refuses(norm, "num_batches_tracked", HostTensor.ofBytes(ElementType.U64, new byte[] {0, 0, 0, 0, 0, 0, 0,
                -128}), "num_batches_tracked of 9223372036854775808 instead of 0 or more");
            for (double count : new double[] {-1, 0.5, Double.NaN, Double.POSITIVE_INFINITY, 1e300}) {
                refuses(norm, "num_batches_tracked", HostTensor.ofDoubles(new double[] {count}),
                        "num_batches_tracked of " + count + " instead of a whole number of 0 or more");
            }
        }
    }

    /** Integers of any type, whole numbers in files that were converted as a whole, the shape of PyTorch 0.3. */
    @OnEveryDevice
    void countsAsOthersSavedThem(Device device) {
        try (BatchNorm1d norm = trained(device)) {
            for (ElementType type : List.of(ElementType.F16, ElementType.BF16, ElementType.F32, ElementType.F64)) {
                norm.loadStateDict(with(other(), "num_batches_tracked", HostTensor.of(type, new double[] {17})));
                assertEquals(17, norm.numBatchesTracked());
            }
            for (ElementType type : List.of(ElementType.U8, ElementType.I8, ElementType.I16, ElementType.U16,
                    ElementType.I32, ElementType.U32, ElementType.I64, ElementType.U64)) {
                byte[] bytes = new byte[type.byteSize()];
                bytes[0] = 18;
                norm.loadStateDict(with(other(), "num_batches_tracked", HostTensor.ofBytes(type, bytes, 1)));
                assertEquals(18, norm.numBatchesTracked());
            }
        }
    }

    /** PyTorch's version of this is 2 since 0.4.1; safetensors files carry no version, and it takes them for older. */
    @OnEveryDevice
    void aMissingCountIsFineAndStays(Device device) {
        try (BatchNorm1d norm = trained(device)) {
            LoadReport report = norm.loadStateDict(without(other(), "num_batches_tracked"));
            assertEquals(2, norm.numBatchesTracked());
            assertEquals(List.of("weight", "bias", "running_mean", "running_var"), report.loaded());
            assertTrue(report.isComplete());
        }
    }

    /** PyTorch refuses them even when it is not strict. */
    @Test
    void statisticsForOneThatKeepsNoneAreUnexpected() {
        InstanceNorm1d norm = InstanceNorm1d.builder(2).affine(true).build();
        assertEquals(List.of("running_mean", "running_var", "num_batches_tracked"),
                assertThrows(StateMismatchException.class, () -> norm.loadStateDict(other())).report().unexpected());
        LoadReport report = norm.loadStateDict(other(), false);
        assertEquals(List.of("weight", "bias"), report.loaded());
        assertEquals(3, report.faults().size());
    }

    @OnEveryDevice
    void theReportSaysWhatWasExpectedAndGot(Device device) {
        try (BatchNorm1d norm = trained(device)) {
            StateDict bad = with(with(without(other(), "bias"), "weight", HostTensor.ofFloats(new float[3], 3)),
                    "running_mean", HostTensor.ofLongs(new long[2], 2)).put("extra", HostTensor.ofLongs(new long[1]));
            StateMismatchException e = assertThrows(StateMismatchException.class, () -> norm.loadStateDict(bad));
            assertEquals(List.of(
                    new Fault(Kind.MISSHAPEN, "weight", "[2]", "[3]"),
                    new Fault(Kind.MISSING, "bias", "F32[2]", ""),
                    new Fault(Kind.MISTYPED, "running_mean", "a floating point type", "I64"),
                    new Fault(Kind.UNEXPECTED, "extra", "", "I64[]")), e.report().faults());
            assertEquals(List.of("running_var", "num_batches_tracked"), e.report().loaded());
            assertEquals("""
                    keys loaded: 2, faults: 4
                      weight of shape [3] instead of [2]
                      missing bias, F32[2]
                      running_mean of type I64 instead of a floating point type
                      unexpected extra, I64[]""", e.report().toString());
            assertEquals(e.report().faults(), assertThrows(StateMismatchException.class,
                    () -> norm.loadStateDict(bad, false)).report().faults());
        }
    }

    private static void refuses(NormLayer layer, String name, HostTensor tensor, String message) {
        for (boolean strict : new boolean[] {true, false}) {
            assertRefused(layer, message, () -> layer.loadStateDict(with(other(), name, tensor), strict));
        }
    }

    @OnEveryDevice
    void everyFaultIsNamedAtOnce(Device device) {
        try (BatchNorm1d norm = trained(device)) {
            StateDict bad = with(with(without(other(), "bias"), "weight", HostTensor.ofFloats(new float[3], 3)),
                    "extra",
                    HostTensor.ofFloats(new float[1], 1));
            assertRefused(norm, "missing keys [bias]; unexpected keys [extra]; weight of shape [3] instead of [2]",
                    () -> norm.loadStateDict(bad));
        }
    }

    @OnEveryDevice
    void otherFloatTypesAreRounded(Device device) {
        try (BatchNorm1d norm = trained(device)) {
            norm.loadStateDict(with(other(), "weight", HostTensor.ofDoubles(new double[] {0.1, 1e-3}, 2)));
            assertArrayEquals(new float[] {0.1f, 1e-3f}, norm.weight().value().read());
            byte[] halves = {0x00, 0x3c, 0x00, (byte) 0xc0};
            norm.loadStateDict(with(other(), "weight", HostTensor.ofBytes(ElementType.F16, halves, 2)));
            assertArrayEquals(new float[] {1, -2}, norm.weight().value().read());
        }
    }

    /** As PyTorch's copy_ does, except that a double is rounded once, not by way of float. */
    @OnEveryDevice
    void loadedValuesAreRoundedToTheTypeOfTheParameter(Device device) {
        double[] values = {1 + 0x1p-11 + 0x1p-40, -1e5};
        for (ElementType type : List.of(ElementType.F64, ElementType.F32, ElementType.BF16)) {
            HostTensor saved = HostTensor.of(type, values, 2);
            double[] expected = Arrays.stream(saved.toDoubles()).map(DataType.F16::round).toArray();
            try (BatchNorm1d norm = halves()) {
                norm.loadStateDict(with(other(), "weight", saved));
                assertArrayEquals(expected, norm.weight().read());
                StateDict onHost = norm.stateDict();
                norm.on(device);
                assertEquals(onHost, norm.stateDict());
                norm.loadStateDict(with(other(), "weight", saved));
                assertEquals(onHost, norm.stateDict());
            }
        }
    }

    private static BatchNorm1d halves() {
        return BatchNorm1d.builder(2).dataType(DataType.F16).build();
    }

    @OnEveryDevice
    void parametersAreSavedInTheirOwnType(Device device) {
        try (BatchNorm1d norm = halves().on(device); BatchNorm1d loaded = halves();
                BatchNorm1d wider = new BatchNorm1d(2)) {
            norm.weight().write(0.1, -2);
            norm.forward(normal(device, DataType.F16, 1, 5, 2));
            StateDict dict = norm.stateDict();
            assertEquals("F16[2]", dict.get("weight").toString());
            assertEquals("F16[2]", dict.get("bias").toString());
            assertEquals("F32[2]", dict.get("running_mean").toString());
            assertEquals("F32[2]", dict.get("running_var").toString());
            Path file = folder.resolve("halves.safetensors");
            dict.save(file);
            loaded.loadStateDict(StateDict.load(file));
            assertEquals(dict, loaded.stateDict());
            wider.loadStateDict(StateDict.load(file));
            assertArrayEquals(norm.weight().read(), wider.weight().read());
        }
    }

    @OnEveryDevice
    void badFilesChangeNothing(Device device) throws Exception {
        try (BatchNorm1d norm = trained(device)) {
            Path file = Files.write(folder.resolve("bad.safetensors"), new byte[] {1, 2, 3});
            assertRefused(norm, CheckpointException.class, "bad.safetensors", () ->
                    norm.loadStateDict(StateDict.load(file)));
        }
    }

    @Test
    void nothingCanBeLoadedFromNull() {
        assertThrows(NullPointerException.class, () -> new BatchNorm1d(2).loadStateDict(null));
        assertThrows(NullPointerException.class, () -> new BatchNorm1d(2).loadStateDict(null, false));
    }

    @Test
    void writingParametersOfTheWrongLength() {
        BatchNorm1d norm = new BatchNorm1d(2);
        StateDict before = norm.stateDict();
        assertEquals("expected 2 values for weight of shape [2], got 3",
                assertThrows(IllegalArgumentException.class, () -> norm.weight().write(1, 2, 3)).getMessage());
        assertEquals(before, norm.stateDict());
    }
}
