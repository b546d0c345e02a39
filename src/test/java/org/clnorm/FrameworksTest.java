package org.clnorm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.clnorm.state.Framework;
import org.clnorm.state.HostTensor;
import org.clnorm.state.Npz;
import org.clnorm.state.StateDict;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Tensor;
import org.junit.jupiter.api.Test;

/**
 * Layers with the state of another framework compute what that framework computed, in evaluation and in training, and
 * have its running statistics afterwards. frameworks/make.py says where the files come from.
 */
class FrameworksTest {
    private static final Path FILES = Path.of("src/test/resources/org/clnorm/frameworks");

    private static final Map<String, Framework> FRAMEWORKS = Map.of("keras", Framework.KERAS, "onnx", Framework.ONNX,
            "djl", Framework.DJL, "dl4j", Framework.DL4J, "dl4jlog", Framework.DL4J);

    @OnEveryDevice
    void batchNormGoesOnAsThere(Device device) {
        FRAMEWORKS.forEach((name, framework) -> {
            StateDict values = Npz.read(FILES.resolve(name + "-values.npz"));
            BatchNorm2d norm = BatchNorm2d.builder(3).like(framework).build().on(device);
            norm.loadStateDict(state(framework, name + "-before"));
            Tensor x = tensor(device, values.get("x"));
            norm.eval();
            close(name + " eval", values.doubles("y_eval"), norm.forward(x));
            norm.train();
            close(name + " train", values.doubles("y_train"), norm.forward(x));
            StateDict after = state(framework, name + "-after");
            close(name + " mean", after.doubles("running_mean"), norm.runningMean());
            close(name + " variance", after.doubles("running_var"), norm.runningVar());
            norm.close();
        });
    }

    /** A single layer's arrays, whatever the framework calls the layer. */
    private static StateDict state(Framework framework, String file) {
        StateDict single = new StateDict();
        framework.toPyTorch(Npz.read(FILES.resolve(file + ".npz"))).tensors()
                .forEach((key, tensor) -> single.put(key.substring(key.lastIndexOf('.') + 1), tensor));
        return single;
    }

    @OnEveryDevice
    void otherLayersComputeAsThere(Device device) {
        for (String name : new String[] {"keras", "onnx"}) {
            Framework framework = FRAMEWORKS.get(name);
            compare(device, LayerNorm.builder(2, 2).like(framework).build(), framework, name + "-layer");
            compare(device, GroupNorm.builder(3, 3).like(framework).build(), framework, name + "-group");
        }
        InstanceNorm2d instance = InstanceNorm2d.builder(3).affine(true).like(Framework.ONNX).build();
        compare(device, instance, Framework.ONNX, "onnx-instance");
    }

    private static void compare(Device device, NormLayer layer, Framework framework, String name) {
        StateDict file = Npz.read(FILES.resolve(name + ".npz"));
        layer.on(device);
        layer.loadStateDict(framework.toPyTorch(file), false);
        close(name, file.doubles("y"), layer.forward(tensor(device, file.get("x"))));
        layer.close();
    }

    private static Tensor tensor(Device device, HostTensor values) {
        return device.tensor(values.toFloats(), values.shape());
    }

    /** Both are floats, and either may be off by the contract's 6e-7 of scale. */
    private static void close(String what, double[] expected, Tensor got) {
        double scale = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
        assertArrayEquals(expected, got.readDoubles(), 1.2e-6 * scale, what);
    }

    @Test
    void buildersTakeOverTheDefaults() {
        assertEquals("BatchNorm2d(3, eps=0.001, momentum=0.01, affine=True, track_running_stats=True)",
                BatchNorm2d.builder(3).like(Framework.KERAS).build().toString());
        assertEquals("LayerNorm((3,), eps=0.001, elementwise_affine=True)",
                LayerNorm.builder(3).like(Framework.KERAS).build().toString());
        for (Framework framework : new Framework[] {Framework.ONNX, Framework.DJL, Framework.DL4J}) {
            assertEquals(new BatchNorm1d(3).toString(), BatchNorm1d.builder(3).like(framework).build().toString());
        }
        assertTrue(BatchNorm1d.builder(3).like(Framework.KERAS).eps(1e-4).momentum(0.2).build().toString()
                .contains("eps=0.0001, momentum=0.2"));
    }
}
