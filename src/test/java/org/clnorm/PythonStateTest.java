package org.clnorm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.clnorm.state.StateDict;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Scope;
import org.clnorm.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** To PyTorch and back, with its own loader and Python's own writer. */
class PythonStateTest {
    @TempDir
    Path folder;

    /** Trained here, so that values have all their digits; loaded there with strict=True. */
    @Test
    void roundTripThroughPyTorch() throws Exception {
        StateDict state;
        try (Device device = Device.cpu(); Scope scope = device.scope(); LayerTree tree = EightLayers.tree()) {
            tree.on(device);
            tree.parameters().forEach((name, parameter) -> parameter.write(
                    Values.normal(name.hashCode(), parameter.shape().size())));
            for (int i = 0; i < 3; i++) {
                forward(device, tree, i);
            }
            state = tree.stateDict();
        }
        state.putMetadata("format", "pt").save(folder.resolve("ours.safetensors"));
        List<String> versions = PythonPeer.run("peer.py", "load", PythonPeer.argument(folder));
        assertEquals(state, StateDict.load(folder.resolve("theirs.safetensors")), versions.toString());
        assertArrayEquals(Files.readAllBytes(folder.resolve("ours.safetensors")),
                Files.readAllBytes(folder.resolve("theirs.safetensors")));
        LayerTree back = EightLayers.tree();
        assertTrue(back.loadStateDict(StateDict.load(folder.resolve("theirs.safetensors"))).isComplete());
        assertEquals(state.tensors(), back.stateDict().tensors());
    }

    private static void forward(Device device, LayerTree tree, int seed) {
        tree.get("layer1.0.bn1").forward(Values.normal(device, seed, 5, 3));
        tree.get("layer1.0.bn2").forward(Values.normal(device, seed, 5, 4, 2, 2));
        tree.get("layer1.0.bn3").forward(Values.normal(device, seed, 5, 2, 2, 2, 2));
        tree.get("instance.0").forward(Values.normal(device, seed, 5, 3, 7));
        Tensor volume = Values.normal(device, seed, 5, 5, 2, 2, 2);
        tree.get("instance.2").forward(volume);
    }

    /** The recorded files are what today's Python makes. */
    @Test
    void theGoldenFilesAreStillTheSame() throws Exception {
        PythonPeer.run("golden.py", PythonPeer.argument(folder));
        try (Stream<Path> made = Files.list(folder)) {
            List<Path> files = made.toList();
            assertEquals(10, files.size());
            for (Path file : files) {
                assertArrayEquals(Files.readAllBytes(EightLayers.file(file.getFileName().toString())),
                        Files.readAllBytes(file), file.getFileName().toString());
            }
        }
    }
}
