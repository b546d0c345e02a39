package org.clnorm;

import static org.clnorm.Values.normal;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.clnorm.LoadReport.Fault;
import org.clnorm.LoadReport.Kind;
import org.clnorm.state.ElementType;
import org.clnorm.state.HostTensor;
import org.clnorm.state.StateDict;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Layers of a model by name: their state as one, and what a loop does to all of them. */
class LayerTreeTest {
    @TempDir
    Path folder;

    private static LayerTree block() {
        return new LayerTree().put("bn1", new BatchNorm2d(2)).put("norm.0", new LayerNorm(2, 3))
                .put("norm.1", new InstanceNorm1d(4));
    }

    private static LayerTree model() {
        return new LayerTree().put("stem", new GroupNorm(1, 2)).put("layer1.0", block());
    }

    private static HostTensor floats(double start, long... shape) {
        double[] values = new double[(int) Arrays.stream(shape).reduce(1, (a, b) -> a * b)];
        Arrays.setAll(values, i -> start + i);
        return HostTensor.of(ElementType.F32, values, shape);
    }

    /** A state for {@link #model()} that differs from the layers' own in every value. */
    private static StateDict other() {
        return new StateDict().put("stem.weight", floats(2, 2)).put("stem.bias", floats(4, 2))
                .put("layer1.0.bn1.weight", floats(6, 2)).put("layer1.0.bn1.bias", floats(8, 2))
                .put("layer1.0.bn1.running_mean", floats(10, 2)).put("layer1.0.bn1.running_var", floats(12, 2))
                .put("layer1.0.bn1.num_batches_tracked", HostTensor.ofLongs(new long[] {14}))
                .put("layer1.0.norm.0.weight", floats(15, 2, 3)).put("layer1.0.norm.0.bias", floats(21, 2, 3));
    }

    @Test
    void keysAreTheNamesOfModulesAndTheirState() {
        LayerTree tree = model();
        assertEquals(List.copyOf(other().tensors().keySet()), List.copyOf(tree.stateDict().tensors().keySet()));
        assertEquals(other().tensors().keySet(), tree.keys());
        assertEquals(List.of("stem", "layer1.0.bn1", "layer1.0.norm.0", "layer1.0.norm.1"),
                List.copyOf(tree.layers().keySet()));
        assertEquals("""
                LayerTree(
                  (stem): GroupNorm(1, 2, eps=1e-05, affine=True)
                  (layer1.0.bn1): BatchNorm2d(2, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True)
                  (layer1.0.norm.0): LayerNorm((2, 3), eps=1e-05, elementwise_affine=True)
                  (layer1.0.norm.1): InstanceNorm1d(4, eps=1e-05, momentum=0.1, affine=False, \
                track_running_stats=False)
                )""", tree.toString());
        assertEquals("LayerTree()", new LayerTree().toString());
    }

    @OnEveryDevice
    void whatWasSavedIsLoaded(Device device) {
        Path file = folder.resolve("model.safetensors");
        try (LayerTree tree = model().on(device); LayerTree placed = model().on(device); LayerTree host = model()) {
            assertTrue(tree.loadStateDict(other()).isComplete());
            assertEquals(other(), tree.stateDict());
            tree.get("layer1.0.bn1").forward(normal(device, 1, 3, 2, 4, 4));
            tree.stateDict().save(file);
            placed.loadStateDict(StateDict.load(file));
            host.loadStateDict(StateDict.load(file));
            assertEquals(tree.stateDict(), placed.stateDict());
            assertEquals(tree.stateDict(), host.stateDict());
            assertArrayEquals(new long[] {15}, host.stateDict().longs("layer1.0.bn1.num_batches_tracked"));
        }
    }

    private static void assertNothingChanged(LayerTree tree, Runnable call) {
        StateDict before = tree.stateDict();
        assertThrows(RuntimeException.class, call::run);
        assertEquals(before, tree.stateDict());
    }

    /** In the last layer as in the first, of every kind. */
    @OnEveryDevice
    void oneFaultAnywhereAndNothingChanges(Device device) {
        try (LayerTree tree = model().on(device)) {
            for (String key : other().tensors().keySet()) {
                StateDict misshapen = other().put(key, floats(0, 3, 3));
                StateDict mistyped = other().put(key, HostTensor.ofBytes(ElementType.BOOL,
                        new byte[other().get(key).count()], other().get(key).shape()));
                for (boolean strict : new boolean[] {true, false}) {
                    assertNothingChanged(tree, () -> tree.loadStateDict(misshapen, strict));
                    assertNothingChanged(tree, () -> tree.loadStateDict(mistyped, strict));
                    assertEquals(List.of(key), assertThrows(StateMismatchException.class,
                            () -> tree.loadStateDict(misshapen, strict)).report().keys(Kind.MISSHAPEN));
                    assertEquals(List.of(key), assertThrows(StateMismatchException.class,
                            () -> tree.loadStateDict(mistyped, strict)).report().keys(Kind.MISTYPED));
                }
                if (!key.endsWith("num_batches_tracked")) {
                    StateDict missing = other().filter(name -> !name.equals(key));
                    assertNothingChanged(tree, () -> tree.loadStateDict(missing));
                }
            }
            assertNothingChanged(tree, () -> tree.loadStateDict(other().put("layer1.0.norm.1.weight", floats(0, 4))));
        }
    }

    @Test
    void aWholeModelHoldsMoreThanTheLayers() {
        StateDict whole = other().put("layer1.0.conv1.weight", floats(0, 2, 2, 3, 3)).put("fc.bias", floats(0, 5));
        Path file = folder.resolve("whole.safetensors");
        whole.putMetadata("format", "pt").save(file);
        LayerTree tree = model();
        StateMismatchException e = assertThrows(StateMismatchException.class, () -> tree.loadStateDict(whole));
        assertEquals("expected a state that fits the layers, got unexpected keys [layer1.0.conv1.weight, fc.bias]",
                e.getMessage());
        LoadReport report = tree.loadStateDict(whole, false);
        assertEquals(List.of("layer1.0.conv1.weight", "fc.bias"), report.unexpected());
        assertEquals(List.of(), report.missing());
        assertEquals(other().tensors().keySet(), Set.copyOf(report.loaded()));
        assertEquals(other(), tree.stateDict());

        LayerTree again = model();
        StateDict read = StateDict.load(file, again.keys()::contains);
        assertEquals(Map.of("format", "pt"), read.metadata());
        assertTrue(again.loadStateDict(read).isComplete());
        assertEquals(other(), again.stateDict());
    }

    @Test
    void aPartOfAModel() {
        LayerTree tree = model();
        LayerTree part = tree.under("layer1.0");
        assertSame(tree.get("layer1.0.bn1"), part.get("bn1"));
        part.loadStateDict(other().under("layer1.0"));
        assertEquals(other().under("layer1.0"), tree.stateDict().under("layer1.0"));
        assertEquals(new GroupNorm(1, 2).stateDict(), tree.stateDict().under("stem"));
        for (String none : List.of("layer1.", "layer", "layer1.0.bn1", "")) {
            assertThrows(IllegalArgumentException.class, () -> tree.under(none));
        }
        assertThrows(IllegalArgumentException.class, () -> tree.get("bn1"));
    }

    @Test
    void prefixesAreTakenOffWhenAskedFor() {
        StateDict parallel = other().rename(name -> "module." + name);
        LayerTree tree = model();
        StateMismatchException e = assertThrows(StateMismatchException.class, () -> tree.loadStateDict(parallel));
        assertTrue(e.getMessage().endsWith("names begin with 'module.', which StateDict.withoutPrefix takes off"),
                e.getMessage());
        assertEquals(new StateDict().tensors().keySet(), Set.copyOf(tree.loadStateDict(parallel, false).loaded()));
        tree.loadStateDict(parallel.withoutPrefix("module."));
        assertEquals(other(), tree.stateDict());
    }

    @Test
    void messagesAreBounded() {
        StateDict forged = new StateDict();
        for (int i = 0; i < 1000; i++) {
            forged.put("x".repeat(1000) + "\nERROR " + i, floats(0, 1));
        }
        LayerTree wide = new LayerTree();
        for (int i = 0; i < 300; i++) {
            wide.put("bn" + i, new LayerNorm(2));
        }
        StateMismatchException e = assertThrows(StateMismatchException.class, () -> wide.loadStateDict(forged));
        assertTrue(e.getMessage().length() < 2000 && e.getMessage().lines().count() == 1, e.getMessage());
        assertTrue(e.getMessage().contains("and 592 more]") && e.getMessage().contains("and 992 more]"),
                e.getMessage());
        assertEquals(1600, e.report().faults().size());
        forged.put("bn0.weight\u2028", floats(0, 1));
        assertEquals(1601, assertThrows(StateMismatchException.class, () -> wide.loadStateDict(forged)).report()
                .toString().lines().count() - 1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".", "a.", ".a", "a..b", "a.b.", "\ud800", "taken", "taken.below", "tree", "tree.bn1"})
    void namesThatCannotBe(String name) {
        LayerTree tree = new LayerTree().put("taken", new LayerNorm(2)).put("tree", block());
        assertThrows(IllegalArgumentException.class, () -> tree.put(name, new LayerNorm(2)));
        assertEquals(4, tree.layers().size());
    }

    @Test
    void aTreeIsPutAsAWholeOrNot() {
        LayerTree tree = new LayerTree().put("a.norm.0", new LayerNorm(2));
        assertThrows(IllegalArgumentException.class, () -> tree.put("a", block()));
        assertThrows(IllegalArgumentException.class, () -> tree.put("", block()));
        assertThrows(IllegalArgumentException.class, () -> tree.put("b..c", block()));
        assertEquals(List.of("a.norm.0"), List.copyOf(tree.layers().keySet()));
        tree.put("b", tree).put("a.bn", new BatchNorm1d(2)).put("1", new BatchNorm1d(2)).put("näme 1", block());
        assertEquals(List.of("a.norm.0", "b.a.norm.0", "a.bn", "1", "näme 1.bn1", "näme 1.norm.0", "näme 1.norm.1"),
                List.copyOf(tree.layers().keySet()));
        Map<String, NormLayer> map = new LinkedHashMap<>(Map.of("z", new LayerNorm(1)));
        map.put("a", new LayerNorm(2));
        assertEquals(List.of("z", "a"), List.copyOf(LayerTree.of(map).layers().keySet()));
        assertThrows(NullPointerException.class, () -> tree.put("null", (NormLayer) null));
    }

    @Test
    void aSharedLayerIsSavedUnderEachOfItsNames() {
        BatchNorm1d shared = new BatchNorm1d(1);
        LayerTree tree = new LayerTree().put("a", shared).put("b", new LayerNorm(1)).put("c", shared);
        StateDict saved = tree.stateDict();
        assertEquals(saved.under("a"), saved.under("c"));
        assertEquals(List.of("a.weight", "a.bias", "b.weight", "b.bias"), List.copyOf(tree.parameters().keySet()));

        StateDict one = saved.filter(name -> !name.startsWith("a.")).put("c.weight", floats(5, 1))
                .put("c.num_batches_tracked", HostTensor.ofLongs(new long[] {7}));
        assertTrue(tree.loadStateDict(one).isComplete());
        assertArrayEquals(new double[] {5}, shared.weight().read());
        assertEquals(7, shared.numBatchesTracked());
        tree.loadStateDict(tree.stateDict());

        StateDict torn = tree.stateDict().put("a.weight", floats(6, 1))
                .put("c.num_batches_tracked", HostTensor.ofLongs(new long[] {8}));
        StateMismatchException e = assertThrows(StateMismatchException.class, () -> tree.loadStateDict(torn, false));
        assertEquals(List.of(
                new Fault(Kind.INVALID, "c.weight", "those of a.weight, the same layer", "other values"),
                new Fault(Kind.INVALID, "c.num_batches_tracked", "7, of the same layer", "8")), e.report().faults());
        assertArrayEquals(new double[] {5}, shared.weight().read());
        assertEquals(List.of("a.weight", "c.weight"), assertThrows(StateMismatchException.class, () -> tree
                .loadStateDict(saved.filter(name -> !name.endsWith("weight")).put("b.weight", floats(0, 1))))
                .report().missing());
    }

    @OnEveryDevice
    void whatALoopDoesToAll(Device device) {
        LayerTree tree = model();
        BatchNorm2d norm = (BatchNorm2d) tree.get("layer1.0.bn1");
        assertSame(tree, tree.on(device));
        tree.layers().values().forEach(layer -> assertSame(device, layer.device()));
        assertEquals(List.of("stem.weight", "stem.bias", "layer1.0.bn1.weight", "layer1.0.bn1.bias",
                "layer1.0.norm.0.weight", "layer1.0.norm.0.bias"), List.copyOf(tree.parameters().keySet()));
        assertSame(norm.weight(), tree.parameters().get("layer1.0.bn1.weight"));
        assertFalse(tree.eval().layers().values().stream().anyMatch(NormLayer::isTraining));
        assertTrue(tree.train().layers().values().stream().allMatch(NormLayer::isTraining));

        Tensor x = normal(device, 1, 2, 2, 3, 3);
        tree.accumulateGradients(true);
        for (int i = 0; i < 2; i++) {
            norm.forward(x);
            norm.backward(normal(device, 2, 2, 2, 3, 3));
        }
        float[] twice = norm.bias().grad().read();
        tree.zeroGrad();
        assertArrayEquals(new float[2], norm.bias().grad().read());
        tree.accumulateGradients(false);
        norm.forward(x);
        norm.backward(normal(device, 2, 2, 2, 3, 3));
        float[] once = norm.bias().grad().read();
        assertEquals(twice[0], 2 * once[0]);
        tree.requiresGrad(false);
        assertTrue(tree.parameters().values().stream().noneMatch(Parameter::requiresGrad));

        assertSame(tree, tree.freezeStatistics());
        StateDict frozen = tree.stateDict();
        norm.forward(x);
        assertTrue(norm.statisticsFrozen());
        assertEquals(frozen, tree.stateDict());
        tree.unfreezeStatistics();
        norm.forward(x);
        assertFalse(frozen.equals(tree.stateDict()));

        tree.close();
        tree.close();
        for (Runnable use : List.<Runnable>of(tree::stateDict, () -> tree.loadStateDict(other()),
                () -> tree.on(device))) {
            assertThrows(IllegalStateException.class, use::run);
        }
    }

    @OnEveryDevice
    void allMoveOrNone(Device device) {
        LayerTree tree = model().put("double", LayerNorm.builder(2).dataType(DataType.F64).build());
        if (device.supports(DataType.F64)) {
            tree.on(device).close();
            return;
        }
        long live = device.liveTensors();
        assertThrows(IllegalArgumentException.class, () -> tree.on(device));
        assertEquals(live, device.liveTensors());
        assertThrows(IllegalStateException.class, tree.get("stem")::device);
    }

    @OnEveryDevice
    void aClosedLayerStopsTheLoadingOfAll(Device device) {
        LayerTree tree = model().on(device);
        tree.get("layer1.0.norm.0").close();
        assertThrows(IllegalStateException.class, () -> tree.loadStateDict(other()));
        assertEquals(new GroupNorm(1, 2).stateDict(), tree.get("stem").stateDict());
        tree.close();
    }
}
