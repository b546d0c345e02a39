package org.clnorm.state;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Names of other frameworks become PyTorch's, and back. What the frameworks compute: FrameworksTest. */
class FrameworkTest {
    private static final HostTensor ONE = HostTensor.ofFloats(new float[] {1}, 1);
    private static final HostTensor TWO = HostTensor.ofFloats(new float[] {2}, 1);
    private static final HostTensor COUNT = HostTensor.ofLongs(new long[1]);

    private static StateDict dict(Object... namesAndTensors) {
        StateDict dict = new StateDict();
        for (int i = 0; i < namesAndTensors.length; i += 2) {
            dict.put((String) namesAndTensors[i], (HostTensor) namesAndTensors[i + 1]);
        }
        return dict;
    }

    @ParameterizedTest
    @CsvSource({
        "KERAS, gamma, weight", "KERAS, beta:0, bias", "KERAS, bn/moving_mean, bn.running_mean",
        "KERAS, a/b/moving_variance:0, a.b.running_var", "KERAS, model.bn.gamma, model.bn.weight",
        "KERAS, moving_gamma, moving_gamma", "KERAS, conv/kernel, conv/kernel", "KERAS, gammas, gammas",
        "ONNX, scale, weight", "ONNX, Scale, weight", "ONNX, B, bias", "ONNX, bias, bias", "ONNX, mean, running_mean",
        "ONNX, bn1.input_mean, bn1.running_mean", "ONNX, /bn1/input_var, .bn1.running_var", "ONNX, x_var, x_var",
        "DJL, gamma, weight", "DJL, 01BatchNorm_gamma, 01BatchNorm.weight",
        "DJL, 02Block_01BatchNorm_runningMean, 02Block_01BatchNorm.running_mean", "DJL, runningVar, running_var",
        "DL4J, 0_gamma, 0.weight", "DL4J, bn_1_beta, bn_1.bias", "DL4J, 12_mean, 12.running_mean",
        "DL4J, var, running_var", "DL4J, 0_W, 0_W", "DL4J, 0_variance, 0_variance"})
    void namesBecomePyTorchs(Framework framework, String theirs, String ours) {
        assertTrue(framework.toPyTorch(dict(theirs, ONE)).contains(ours));
    }

    @ParameterizedTest
    @EnumSource
    void thereAndBack(Framework framework) {
        StateDict state = dict("layer1.0.bn.weight", ONE, "layer1.0.bn.bias", TWO, "layer1.0.bn.running_mean", ONE,
                "layer1.0.bn.running_var", TWO, "layer1.0.bn.num_batches_tracked", COUNT, "ln.weight", TWO, "ln.bias",
                ONE).putMetadata("format", "pt");
        StateDict theirs = framework.fromPyTorch(state);
        assertEquals(6, theirs.tensors().size());
        assertEquals(state, framework.toPyTorch(theirs));
        StateDict single = dict("weight", ONE, "bias", TWO, "running_mean", ONE, "running_var", TWO);
        assertEquals(single.put("num_batches_tracked", COUNT),
                framework.toPyTorch(framework.fromPyTorch(single)));
    }

    @Test
    void namesOfTheFrameworks() {
        StateDict state = dict("a.weight", ONE, "a.bias", ONE, "a.running_mean", ONE, "a.running_var", ONE);
        assertEquals(Set.of("a/gamma", "a/beta", "a/moving_mean", "a/moving_variance"), keys(Framework.KERAS, state));
        assertEquals(Set.of("a.scale", "a.B", "a.input_mean", "a.input_var"), keys(Framework.ONNX, state));
        assertEquals(Set.of("a_gamma", "a_beta", "a_runningMean", "a_runningVar"), keys(Framework.DJL, state));
        assertEquals(Set.of("a_gamma", "a_beta", "a_mean", "a_var"), keys(Framework.DL4J, state));
    }

    private static Set<String> keys(Framework framework, StateDict state) {
        return framework.fromPyTorch(state).tensors().keySet();
    }

    @Test
    void whatTheFrameworksDoNotKeepIsMade() {
        StateDict count = Framework.KERAS.toPyTorch(dict("moving_mean", TWO, "moving_variance", ONE));
        assertEquals(dict("running_mean", TWO, "running_var", ONE, "num_batches_tracked", COUNT), count);
        StateDict layerNorm = Framework.KERAS.toPyTorch(dict("gamma", TWO, "beta", TWO));
        assertEquals(dict("weight", TWO, "bias", TWO), layerNorm);
        HostTensor halves = HostTensor.of(ElementType.F16, new double[] {3, 4}, 2);
        StateDict unscaled = Framework.KERAS.toPyTorch(dict("bn/beta", halves));
        assertEquals(dict("bn.bias", halves, "bn.weight", HostTensor.of(ElementType.F16, new double[] {1, 1}, 2)),
                unscaled);
        StateDict kept = Framework.KERAS.toPyTorch(dict("num_batches_tracked", TWO, "moving_mean", ONE));
        assertEquals(TWO, kept.get("num_batches_tracked"));
        StateDict foreign = dict("dense/bias", ONE, "bias", ONE);
        assertEquals(foreign, Framework.KERAS.toPyTorch(foreign));
    }

    @Test
    void dl4jsLogarithmAndRows() {
        StateDict state = Framework.DL4J.toPyTorch(dict("0_gamma", HostTensor.ofFloats(new float[] {5, 6}, 1, 2),
                "0_log10stdev", HostTensor.ofDoubles(new double[] {0, 0.5}, 1, 2)));
        assertEquals(HostTensor.ofFloats(new float[] {5, 6}, 2), state.get("0.weight"));
        assertArrayEquals(new long[] {2}, state.get("0.running_var").shape());
        assertArrayEquals(new double[] {1, 10}, state.doubles("0.running_var"), 1e-14);
        HostTensor square = HostTensor.ofFloats(new float[4], 2, 2);
        assertEquals(square, Framework.DL4J.toPyTorch(dict("gamma", square)).get("weight"));
    }

    @Test
    void whatIsRefused() {
        assertThrows(IllegalArgumentException.class,
                () -> Framework.KERAS.toPyTorch(dict("gamma", ONE, "gamma:0", ONE)));
        assertThrows(IllegalArgumentException.class,
                () -> Framework.DL4J.toPyTorch(dict("var", ONE, "log10stdev", ONE)));
        assertThrows(IllegalArgumentException.class, () -> Framework.DL4J.toPyTorch(dict("log10stdev", COUNT)));
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class,
                () -> Framework.KERAS.fromPyTorch(dict("conv.kernel", ONE)));
        assertTrue(e.getMessage().contains("got 'conv.kernel'"), e.getMessage());
    }

    @Test
    void momentumIsOneMinusTheirs() {
        for (Framework framework : Framework.values()) {
            assertEquals(0.01, framework.momentum(0.99));
            assertEquals(0.9, framework.momentum(0.1));
            assertEquals(0.001, framework.momentum(0.999));
            assertEquals(0, framework.momentum(1));
            assertEquals(1, framework.momentum(0));
            for (double wrong : new double[] {-0.1, 1.1, Double.NaN}) {
                assertThrows(IllegalArgumentException.class, () -> framework.momentum(wrong));
            }
        }
    }

    @Test
    void runningVariancesOfAllLayers() {
        StateDict state = dict("running_var", TWO, "a.running_var", HostTensor.ofDoubles(new double[] {3}, 1),
                "a.weight", TWO).putMetadata("k", "v");
        StateDict unbiased = RunningVariance.unbiased(state, 4);
        assertEquals(HostTensor.ofFloats(new float[] {2 * 4f / 3}, 1), unbiased.get("running_var"));
        assertArrayEquals(new double[] {4}, unbiased.doubles("a.running_var"));
        assertEquals(TWO, unbiased.get("a.weight"));
        assertEquals(state, RunningVariance.biased(unbiased, 4));
        for (long n : List.of(1L, 0L, -1L)) {
            assertThrows(IllegalArgumentException.class, () -> RunningVariance.unbiased(state, n));
            assertThrows(IllegalArgumentException.class, () -> RunningVariance.biased(state, n));
        }
        assertThrows(IllegalArgumentException.class, () -> RunningVariance.biased(dict("running_var", COUNT), 4));
    }
}
