package org.clnorm;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Map;
import org.clnorm.state.ElementType;
import org.clnorm.state.HostTensor;
import org.clnorm.state.StateDict;
import org.clnorm.tensor.DataType;

/** The model of {@code src/test/resources/state/golden.py}: a layer of every kind, and the state it fills them with. */
final class EightLayers {
    private EightLayers() {
    }

    static LayerTree tree() {
        return tree(DataType.F32);
    }

    static LayerTree tree(DataType type) {
        return new LayerTree()
                .put("layer1.0.bn1", BatchNorm1d.builder(3).dataType(type).build())
                .put("layer1.0.bn2", BatchNorm2d.builder(4).dataType(type).build())
                .put("layer1.0.bn3", BatchNorm3d.builder(2).dataType(type).build())
                .put("instance.0",
                        InstanceNorm1d.builder(3).affine(true).trackRunningStats(true).dataType(type).build())
                .put("instance.1", InstanceNorm2d.builder(2).affine(true).dataType(type).build())
                .put("instance.2", InstanceNorm3d.builder(5).trackRunningStats(true).dataType(type).build())
                .put("group", GroupNorm.builder(3, 6).dataType(type).build())
                .put("norm", LayerNorm.builder(2, 3, 5).dataType(type).build());
    }

    /** The values of golden.py, from the same formula, floating point ones in a type. */
    static StateDict state(ElementType type) {
        StateDict state = new StateDict();
        int k = 0;
        for (Map.Entry<String, HostTensor> entry : tree().stateDict().tensors().entrySet()) {
            state.put(entry.getKey(), value(entry.getKey(), entry.getValue(), k++, type));
        }
        return state;
    }

    private static HostTensor value(String key, HostTensor tensor, int k, ElementType type) {
        if (key.endsWith("num_batches_tracked")) {
            return HostTensor.ofLongs(new long[] {100 + k});
        }
        double[] values = new double[tensor.count()];
        for (int i = 0; i < values.length; i++) {
            double value = ((7 * i + 31 * k) % 64 - 16) / 8.0;
            values[i] = key.endsWith("running_var") ? Math.abs(value) + 0.25 : value;
        }
        return HostTensor.of(type, values, tensor.shape());
    }

    /** A file beside golden.py. */
    static Path file(String name) throws IOException {
        try {
            return Path.of(EightLayers.class.getResource("/state/" + name).toURI());
        } catch (URISyntaxException broken) {
            throw new IOException(broken);
        }
    }
}
