package org.clnorm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.clnorm.LoadReport.Kind;
import org.clnorm.state.ElementType;
import org.clnorm.state.StateDict;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Files that PyTorch's and safetensors' own writers made are read, and the same state gives the same bytes.
 * {@code src/test/resources/state/golden.py} makes them; {@link PythonStateTest} makes them anew where there is Python.
 */
class GoldenFilesTest {
    @TempDir
    Path folder;

    private static StateDict golden(String name) throws IOException {
        return StateDict.load(EightLayers.file(name + ".safetensors"));
    }

    /** But for metadata. */
    private static void assertLoads(StateDict expected, LayerTree tree, StateDict saved) {
        assertTrue(tree.loadStateDict(saved).isComplete());
        assertEquals(expected, tree.stateDict());
    }

    @OnEveryDevice
    void stateOfAllEightLayers(Device device) throws IOException {
        try (LayerTree tree = EightLayers.tree().on(device)) {
            assertLoads(EightLayers.state(ElementType.F32), tree, golden("eight-layers"));
        }
    }

    @ParameterizedTest
    @CsvSource({"eight-layers, F32", "eight-layers-double, F64", "eight-layers-half, F16",
        "eight-layers-bfloat16, BF16"})
    void otherFloatingPointTypesAreConverted(String name, ElementType type) throws IOException {
        assertEquals(EightLayers.state(type), golden(name));
        assertLoads(EightLayers.state(ElementType.F32), EightLayers.tree(), golden(name));
        LayerTree doubles = EightLayers.tree(DataType.F64);
        assertLoads(EightLayers.state(ElementType.F64), doubles, golden(name));
    }

    /** Without metadata or with one key, whatever the text; Python leaves the order of several to chance. */
    @ParameterizedTest
    @ValueSource(strings = {"all-half", "all-types", "data-parallel", "eight-layers", "eight-layers-bfloat16",
        "eight-layers-double", "eight-layers-half", "eight-layers-pt", "whole-model", "without-counts"})
    void theSameStateGivesTheSameBytes(String name) throws IOException {
        Path again = folder.resolve("again.safetensors");
        golden(name).save(again);
        assertArrayEquals(Files.readAllBytes(EightLayers.file(name + ".safetensors")), Files.readAllBytes(again));
    }

    @Test
    void ourStateGivesPythonsBytes() throws IOException {
        LayerTree tree = EightLayers.tree();
        tree.loadStateDict(EightLayers.state(ElementType.F32));
        Path ours = folder.resolve("ours.safetensors");
        tree.stateDict().save(ours);
        assertArrayEquals(Files.readAllBytes(EightLayers.file("eight-layers.safetensors")), Files.readAllBytes(ours));
        tree.stateDict().putMetadata("format", "pt").save(ours);
        assertArrayEquals(Files.readAllBytes(EightLayers.file("eight-layers-pt.safetensors")),
                Files.readAllBytes(ours));
    }

    @Test
    void countsThatBecameHalves() throws IOException {
        assertLoads(EightLayers.state(ElementType.F32), EightLayers.tree(), golden("all-half"));
    }

    @Test
    void oldFilesHaveNoCounts() throws IOException {
        LayerTree tree = EightLayers.tree();
        tree.loadStateDict(golden("without-counts"));
        assertEquals(EightLayers.state(ElementType.F32).filter(key -> !key.endsWith("tracked")),
                tree.stateDict().filter(key -> !key.endsWith("tracked")));
        assertEquals(0, ((BatchNorm1d) tree.get("layer1.0.bn1")).numBatchesTracked());
    }

    @Test
    void namesOfDataParallel() throws IOException {
        LayerTree tree = EightLayers.tree();
        LoadReport report = assertThrows(StateMismatchException.class,
                () -> tree.loadStateDict(golden("data-parallel"))).report();
        assertEquals(List.of(), report.loaded());
        assertEquals(report.unexpected().size(), golden("data-parallel").tensors().size());
        StateDict stripped = golden("data-parallel").withoutPrefix("module.");
        assertEquals(Map.of("format", "pt"), stripped.metadata());
        assertLoads(EightLayers.state(ElementType.F32), tree, stripped);
    }

    @Test
    void outOfAWholeModel() throws IOException {
        Path file = EightLayers.file("whole-model.safetensors");
        LayerTree tree = EightLayers.tree();
        LoadReport report = tree.loadStateDict(StateDict.load(file), false);
        assertEquals(List.of("fc.bias", "fc.weight", "layer1.0.conv1.weight"), report.keys(Kind.UNEXPECTED));
        assertEquals(List.of(), report.missing());
        assertEquals(EightLayers.state(ElementType.F32), tree.stateDict());
        assertLoads(EightLayers.state(ElementType.F32), EightLayers.tree(),
                StateDict.load(file, tree.keys()::contains));
    }
}
