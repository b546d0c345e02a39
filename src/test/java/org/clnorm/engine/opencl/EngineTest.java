package org.clnorm.engine.opencl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.clnorm.engine.BackwardCall;
import org.clnorm.engine.ForwardCall;
import org.clnorm.engine.NormEngine;
import org.clnorm.engine.RunningStatistics;
import org.clnorm.engine.RunningUpdate;
import org.clnorm.engine.SavedStatistics;
import org.clnorm.plan.Axis;
import org.clnorm.plan.NormView;
import org.clnorm.tensor.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What the host adds to kernels: running statistics, accumulated and absent gradients; and values that are not
 * ordinary.
 */
class EngineTest {
    private static final float INF = Float.POSITIVE_INFINITY;
    private static final float NAN = Float.NaN;
    private static final NormView ROWS = NormView.of(Axis.kept(4, 3, 0), Axis.reduced(3, 1, 1));
    /** Two samples of two channels, as InstanceNorm sees them. */
    private static final NormView SAMPLES = NormView.of(Axis.kept(2, 6, 0), Axis.kept(2, 3, 1), Axis.reduced(3, 1, 0));

    private OpenClDevice device;
    private NormEngine engine;

    private void open(String kernels) {
        device = TestDevices.open(kernels, "plain");
        engine = NormEngine.of(device);
    }

    @AfterEach
    void close() {
        if (device != null) {
            device.close();
        }
    }

    private Tensor tensor(float... values) {
        return device.tensor(values, values.length);
    }

    private SavedStatistics forward(Tensor x, Tensor y, double eps, boolean zeroRstd, RunningUpdate update) {
        return engine.forward(new ForwardCall(ROWS, x, y, null, null, eps, zeroRstd, null, update));
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "gpu"})
    void runningStatisticsAreMeansOverTheSamples(String kernels) {
        open(kernels);
        Tensor x = tensor(1, 2, 3, 10, 20, 30, 3, 6, 9, 0, 0, 0);
        RunningStatistics running = new RunningStatistics(tensor(100, 200), tensor(10, 20));
        engine.forward(new ForwardCall(SAMPLES, x, device.zeros(12), null, null, 0, true, null,
                new RunningUpdate(running, 0.25, 1.5))).close();
        assertArrayEquals(new float[] {75 + 1, 150 + 2.5f}, running.mean().read(), 1e-5f);
        assertArrayEquals(new float[] {7.5f + 1.25f, 15 + 12.5f}, running.variance().read(), 1e-5f);
    }

    /** The distance from it is not within float's range, that of quarters is. */
    @ParameterizedTest
    @CsvSource({"cpu, plain, 3", "cpu, cpu/planes, 3", "cpu, cpu/columns, 1", "gpu, gpu/planes, 3",
            "gpu, gpu/columns, 1"})
    void aGivenMeanNearTheEndOfFloatsRange(String kernels, String variant, int space) {
        device = TestDevices.open(kernels, variant);
        engine = NormEngine.of(device);
        NormView view = NormView.of(Axis.reduced(2, 2 * space, 0), Axis.kept(2, space, 1), Axis.reduced(space, 1, 0));
        int n = 4 * space;
        RunningStatistics running = new RunningStatistics(tensor(3e38f, 1), tensor(1e38f, 4));
        Tensor y = device.zeros(n);
        SavedStatistics saved = engine.forward(new ForwardCall(view, device.zeros(n).fill(-3e38f), y,
                device.zeros(2).fill(1), null, 0, false, running, null));
        Tensor dx = device.zeros(n);
        engine.backward(new BackwardCall(view, y, device.zeros(n).fill(1e19f), dx, null, null, null, false, true,
                saved));
        saved.close();
        assertEquals(-6e19f, y.read()[0], 6e13f);
        assertEquals(-1.5e38f, y.read()[n - 1], 1.5e32f);
        assertEquals(1, dx.read()[0], 1e-6f);
        assertEquals(5e18f, dx.read()[n - 1], 5e12f);
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "gpu"})
    void runningStatisticsMustFitTheGroups(String kernels) {
        open(kernels);
        Tensor x = device.zeros(12);
        RunningStatistics three = new RunningStatistics(device.zeros(3), device.zeros(3));
        assertThrows(IllegalArgumentException.class, () -> forward(x, x, 1, false, new RunningUpdate(three, 0.1, 1)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "gpu"})
    void gradientsAreAddedWhereThatIsWanted(String kernels) {
        open(kernels);
        Tensor x = tensor(-1, 0, 1, -1, 0, 1, -1, 0, 1, -1, 0, 1);
        Tensor dy = device.zeros(12).fill(1);
        Tensor y = device.zeros(12);
        SavedStatistics saved = forward(x, y, 0, false, null);
        float r = y.read()[2];
        Tensor dweight = tensor(1, 2, 3);
        Tensor dbias = tensor(4, 5, 6);
        engine.backward(new BackwardCall(ROWS, x, dy, null, null, dweight, dbias, true, false, saved));
        assertArrayEquals(new float[] {1 - 4 * r, 2, 3 + 4 * r}, dweight.read(), 1e-6f);
        assertArrayEquals(new float[] {8, 9, 10}, dbias.read());
        engine.backward(new BackwardCall(ROWS, x, dy, null, null, null, dbias, false, false, saved));
        engine.backward(new BackwardCall(ROWS, x, dy, null, null, dweight, null, false, false, saved));
        assertArrayEquals(new float[] {-4 * r, 0, 4 * r}, dweight.read(), 1e-6f);
        assertArrayEquals(new float[] {4, 4, 4}, dbias.read());
        engine.backward(new BackwardCall(ROWS, x, dy, null, null, null, null, false, false, saved));
        saved.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "gpu"})
    void groupsWithoutVariance(String kernels) {
        open(kernels);
        Tensor x = tensor(3e38f, 3e38f, 3e38f, 1e-30f, 1e-30f, 1e-30f, 0.1f, 0.1f, 0.1f, 0, 0, 0);
        Tensor y = device.zeros(12);
        forward(x, y, 1e-5, false, null).close();
        assertArrayEquals(new float[12], y.read());
        forward(x, y, 0, true, null).close();
        assertArrayEquals(new float[12], y.read());
        forward(x, y, 0, false, null).close();
        for (float value : y.read()) {
            assertEquals(NAN, value);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "gpu"})
    void valuesThatAreNotFiniteStayInTheirGroup(String kernels) {
        open(kernels);
        Tensor x = tensor(1, INF, 2, -1, 0, 1, INF, 0, -INF, 5, NAN, 1);
        Tensor y = device.zeros(12);
        RunningStatistics running = new RunningStatistics(device.zeros(4), device.zeros(4));
        forward(x, y, 0, false, new RunningUpdate(running, 0.5, 1)).close();
        float r = (float) Math.sqrt(1.5);
        assertArrayEquals(new float[] {NAN, NAN, NAN, -r, 0, r, NAN, NAN, NAN, NAN, NAN, NAN}, y.read(), 1e-6f);
        assertArrayEquals(new float[] {INF, 0, NAN, NAN}, running.mean().read());
        assertArrayEquals(new float[] {NAN, 1 / 3f, NAN, NAN}, running.variance().read(), 1e-6f);
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "gpu"})
    void squaresBeyondTheRangeOfFloats(String kernels) {
        open(kernels);
        Tensor x = tensor(-3e38f, 0, 3e38f, 1e-30f, 2e-30f, 3e-30f, 3e19f, 6e19f, 9e19f, -1, 0, 1);
        Tensor y = device.zeros(12);
        RunningStatistics running = new RunningStatistics(device.zeros(4), device.zeros(4));
        forward(x, y, 0, false, new RunningUpdate(running, 1e-3, 1)).close();
        float r = (float) Math.sqrt(1.5);
        assertArrayEquals(new float[] {-r, 0, r, -r, 0, r, -r, 0, r, -r, 0, r}, y.read(), 2e-5f);
        float variance = running.variance().read()[2];
        assertEquals(6e35f, variance, 6e35f * 1e-6f);
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "gpu"})
    void aForcedVariantThatDeclinesSaysSo(String kernels) {
        open(kernels);
        Tensor x = device.zeros(32);
        NormView five = NormView.of(Axis.kept(2, 16, 1), Axis.reduced(2, 8, 0), Axis.kept(2, 4, 2),
                Axis.reduced(2, 2, 0), Axis.kept(2, 1, 4));
        String message = assertThrows(IllegalArgumentException.class, () -> engine
                .forward(new ForwardCall(five, x, x, null, null, 1, false, null, null))).getMessage();
        assertTrue(message.contains("plain"), message);
    }
}
