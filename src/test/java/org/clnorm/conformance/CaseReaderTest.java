package org.clnorm.conformance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.clnorm.state.CheckpointException;
import org.clnorm.state.ElementType;
import org.clnorm.state.HostTensor;
import org.clnorm.state.StateDict;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Cases that were written by others. */
class CaseReaderTest {
    @TempDir
    private Path folder;

    private static StateDict dict(String op, long... shape) {
        int size = 1;
        for (long dim : shape) {
            size *= (int) dim;
        }
        float[] x = new float[size];
        for (int i = 0; i < size; i++) {
            x[i] = i * i % 7;
        }
        return new StateDict().putMetadata("format", "norm-case-v1").putMetadata("op", op)
                .putMetadata("step.0.mode", "train").put("0.x", HostTensor.ofFloats(x, shape));
    }

    private Case load(StateDict dict) {
        Path file = folder.resolve("foreign.safetensors");
        dict.save(file);
        return Case.load(file);
    }

    private StateDict run(StateDict dict) {
        try (Device cpu = Device.cpu()) {
            StateDict results = CaseRunner.run(load(dict), cpu);
            assertEquals(0, cpu.liveTensors());
            return results;
        }
    }

    private String refused(StateDict dict) {
        return assertThrows(CheckpointException.class, () -> load(dict)).fault();
    }

    @Test
    void tensorsOfSixteenBitsRunInThem() {
        assertEquals(DataType.F16, stored(ElementType.F16, ElementType.F32).storage(0));
        assertEquals(DataType.F32, stored(ElementType.F16, ElementType.F32).parameterType());
        assertEquals(DataType.F16, stored(ElementType.F16, ElementType.F16).parameterType());
        assertEquals(DataType.BF16, stored(ElementType.BF16, ElementType.BF16).parameterType());
        assertEquals(DataType.F32, stored(ElementType.BF16, ElementType.F16).parameterType());
        assertEquals(DataType.F32, stored(ElementType.F32, ElementType.F16).parameterType());
        assertEquals(DataType.F32, stored(ElementType.F64, ElementType.F64).storage(0));
        Case what = stored(ElementType.BF16, ElementType.BF16);
        assertEquals(DataType.BF16, what.type(0, "dx"));
        assertEquals(DataType.BF16, what.type(0, "dbias"));
        assertEquals(DataType.F32, what.type(0, "running_var"));
    }

    private Case stored(ElementType tensors, ElementType parameters) {
        double[] three = {1, 2, 3};
        return load(dict("layer_norm", 2, 3).putMetadata("normalized_shape", "3")
                .put("0.x", HostTensor.of(tensors, new double[] {1, 2, 3, 4, 5, 6}, 2, 3))
                .put("weight", HostTensor.of(parameters, three, 3)).put("bias", HostTensor.of(parameters, three, 3)));
    }

    @Test
    void fewKeysAreEnough() {
        StateDict bare = dict("instance_norm", 2, 3, 4).putMetadata("num_features", "3").putMetadata("colour", "blue")
                .put("0.mask", HostTensor.ofLongs(new long[] {1}, 1));
        Case what = load(bare);
        assertEquals("foreign", what.name());
        assertEquals(LayerKind.INSTANCE_NORM, what.kind());
        assertEquals(List.of("0.y"), List.copyOf(run(bare).tensors().keySet()));
    }

    @Test
    void tensorsSayWhatTheKeysLeaveOut() {
        StateDict dict = dict("batch_norm", 2, 3, 2, 2).putMetadata("num_features", "3");
        for (String name : List.of("weight", "bias", "running_mean", "running_var")) {
            dict.put(name, HostTensor.ofDoubles(new double[] {1, 2, 3}, 3));
        }
        dict.put("0.dy", dict.get("0.x"));
        assertEquals(List.of("0.y", "0.dx", "0.dweight", "0.dbias", "0.running_mean", "0.running_var",
                "0.num_batches_tracked"), List.copyOf(run(dict).tensors().keySet()));
    }

    @Test
    void unbatchedInputsAndForwardAlone() {
        StateDict dict = dict("instance_norm", 3, 4, 5).putMetadata("num_features", "3")
                .putMetadata("module", "InstanceNorm2d").putMetadata("step.0.shape", "3,4,5");
        assertArrayEquals(new long[] {3, 4, 5}, run(dict).get("0.y").shape());
    }

    @Test
    void someStepsMayHaveNoGradient() {
        StateDict dict = dict("layer_norm", 4, 5).putMetadata("normalized_shape", "5").putMetadata("affine", "false")
                .putMetadata("bias", "true").putMetadata("num_steps", "2").putMetadata("step.1.mode", "eval");
        dict.put("1.x", dict.get("0.x")).put("1.dy", dict.get("0.x"));
        assertEquals(List.of("0.y", "1.y", "1.dx"), List.copyOf(run(dict).tensors().keySet()));
    }

    @Test
    void emptyInputsRun() {
        StateDict dict = dict("batch_norm", 0, 3, 2, 2).putMetadata("num_features", "3")
                .putMetadata("track_running_stats", "true").put("running_mean", HostTensor.ofFloats(new float[3], 3))
                .put("running_var", HostTensor.ofFloats(new float[3], 3));
        dict.put("0.dy", dict.get("0.x"));
        StateDict results = run(dict);
        assertArrayEquals(new long[] {0, 3, 2, 2}, results.get("0.dx").shape());
        assertArrayEquals(new long[] {1}, results.longs("0.num_batches_tracked"));
    }

    @Test
    void scalesThatAreNotGivenAreComputed() {
        StateDict dict = dict("layer_norm", 4, 5).putMetadata("normalized_shape", "5")
                .putMetadata("step.0.y.scale", "nan");
        dict.put("0.y", HostTensor.ofDoubles(run(dict).doubles("0.y"), 4, 5));
        Case what = load(dict);
        double scale = what.steps().get(0).expected().get("y").scale();
        assertTrue(scale > 0.5 && scale < 5, "scale " + scale);
        try (Device cpu = Device.cpu()) {
            assertTrue(Comparison.verdicts(what, CaseRunner.run(what, cpu)).stream().allMatch(Verdict::passed));
        }
        assertFalse(Comparison.verdicts(what, new StateDict().put("0.y", dict.get("0.x"))).get(0).passed());
    }

    @Test
    void namesTheFault() {
        assertTrue(refused(new StateDict()).contains("format"));
        assertTrue(refused(dict("batch_norm", 2, 3)).contains("num_features"));
        assertTrue(refused(dict("group_norm", 2, 3).putMetadata("num_features", "3")).contains("num_groups"));
        assertTrue(refused(dict("layer_norm", 2, 3)).contains("normalized_shape"));
        assertTrue(refused(dict("layer_norm", 2, 3).putMetadata("normalized_shape", "3,")).contains("whole number"));
        assertTrue(refused(dict("layer_norm", 2, 3).putMetadata("normalized_shape", "3").putMetadata("affine", "true"))
                .contains("weight"));
        assertTrue(refused(dict("layer_norm", 2, 3).putMetadata("normalized_shape", "3").putMetadata("num_steps", "0"))
                .contains("num_steps of 1 or more"));
        assertTrue(refused(dict("layer_norm", 2, 3).putMetadata("normalized_shape", "3").putMetadata("num_steps",
                "9223372036854775807")).contains("1.x"));
        assertTrue(refused(dict("layer_norm", 2, 3).putMetadata("normalized_shape", "3").put("0.x",
                HostTensor.ofLongs(new long[6], 2, 3))).contains("floating point"));
        assertTrue(refused(dict("instance_norm", 2, 3, 4).putMetadata("num_features", "3")
                .putMetadata("momentum", "none")).contains("momentum"));
    }
}
