package org.clnorm;

import static org.clnorm.Snapshot.assertRefused;
import static org.clnorm.Values.assertClose;
import static org.clnorm.Values.normal;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.Arrays;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Tensor;

/** When backward may be called, what it writes, and what a forward pass keeps for it. */
class PassesTest {
    private static final long[] SHAPE = {4, 6, 5};
    private static final String NO_PASS = "expected a forward pass before backward";

    private static void refusesBackward(NormLayer layer, Tensor dy, String message) {
        assertRefused(layer, IllegalStateException.class, message, () -> layer.backward(dy));
        assertRefused(layer, IllegalStateException.class, message, () -> layer.backwardParameters(dy));
    }

    @OnEveryDevice
    void backwardBeforeForward(Device device, DataType type) {
        try (GroupNorm norm = new GroupNorm(2, 6).on(device)) {
            refusesBackward(norm, normal(device, type, 1, SHAPE), NO_PASS);
        }
    }

    @OnEveryDevice
    void backwardTwice(Device device, DataType type) {
        try (GroupNorm norm = new GroupNorm(2, 6).on(device)) {
            Tensor dy = normal(device, type, 1, SHAPE);
            norm.forward(normal(device, type, 2, SHAPE));
            norm.backward(dy);
            refusesBackward(norm, dy, NO_PASS);
        }
    }

    @OnEveryDevice
    void afterTheOutputIsClosed(Device device, DataType type) {
        try (GroupNorm norm = new GroupNorm(2, 6).on(device)) {
            long live = device.liveTensors();
            try (Tensor x = normal(device, type, 2, SHAPE)) {
                norm.forward(x).close();
                assertEquals(1, x.storage().holders());
            }
            assertEquals(live, device.liveTensors());
            refusesBackward(norm, normal(device, type, 1, SHAPE), NO_PASS);
        }
    }

    @OnEveryDevice
    void aClosedOutputUncoversThePassBefore(Device device, DataType type) {
        try (GroupNorm norm = new GroupNorm(2, 6).on(device)) {
            Tensor dy = normal(device, type, 1, SHAPE);
            Tensor first = normal(device, type, 2, SHAPE);
            norm.forward(first);
            float[] expected = norm.backward(dy).read();
            norm.forward(first);
            norm.forward(normal(device, type, 3, SHAPE)).close();
            assertArrayEquals(expected, norm.backward(dy).read());
        }
    }

    @OnEveryDevice
    void theInputMayBeClosedBeforeBackward(Device device, DataType type) {
        try (GroupNorm norm = new GroupNorm(2, 6).on(device)) {
            Tensor dy = normal(device, type, 1, SHAPE);
            norm.forward(normal(device, type, 2, SHAPE));
            float[] expected = norm.backward(dy).read();
            Tensor x = normal(device, type, 2, SHAPE);
            norm.forward(x);
            x.close();
            // the memory must not be taken by another tensor meanwhile
            device.zeros(type, SHAPE);
            assertArrayEquals(expected, norm.backward(dy).read());
        }
    }

    @OnEveryDevice
    void afterTheInputIsWritten(Device device, DataType type) {
        try (GroupNorm norm = new GroupNorm(2, 6).on(device)) {
            Tensor dy = normal(device, type, 1, SHAPE);
            Tensor x = normal(device, type, 2, SHAPE);
            norm.forward(x);
            x.fill(1);
            refusesBackward(norm, dy, "expected x as it was in the forward pass");
            norm.forward(x);
            x.write(new float[120]);
            refusesBackward(norm, dy, "expected x as it was in the forward pass");
            norm.forward(x);
            norm.forward(dy, x);
            norm.backward(dy);
            refusesBackward(norm, dy, "expected x as it was in the forward pass");
        }
    }

    @OnEveryDevice
    void afterTheWeightIsWritten(Device device, DataType type) {
        try (GroupNorm norm = new GroupNorm(2, 6).on(device)) {
            Tensor dy = normal(device, type, 1, SHAPE);
            Tensor x = normal(device, type, 2, SHAPE);
            String message = "expected weight as it was in the forward pass";
            norm.forward(x);
            norm.weight().write(1, 2, 3, 4, 5, 6);
            refusesBackward(norm, dy, message);
            norm.forward(x);
            norm.weight().value().fill(1);
            refusesBackward(norm, dy, message);
            norm.forward(x);
            norm.resetParameters();
            refusesBackward(norm, dy, message);
            norm.forward(x);
            norm.loadStateDict(norm.stateDict());
            refusesBackward(norm, dy, message);
            norm.forward(x);
            norm.bias().write(1, 2, 3, 4, 5, 6);
            norm.backward(dy);
        }
    }

    @OnEveryDevice
    void runningStatisticsMayMoveBeforeBackward(Device device, DataType type) {
        try (BatchNorm1d norm = new BatchNorm1d(6).on(device)) {
            Tensor dy = normal(device, type, 1, SHAPE);
            Tensor x = normal(device, type, 2, SHAPE);
            norm.eval();
            norm.forward(x);
            float[] expected = norm.backward(dy).read();
            float[] dweight = norm.weight().grad().read();
            norm.forward(x);
            norm.runningMean().fill(7);
            norm.runningVar().fill(7);
            assertArrayEquals(expected, norm.backward(dy).read());
            assertArrayEquals(dweight, norm.weight().grad().read());
        }
    }

    @OnEveryDevice
    void aStatisticThatMovedIsWritten(Device device, DataType type) {
        try (BatchNorm1d batch = new BatchNorm1d(6).on(device); LayerNorm layer = new LayerNorm(6).on(device)) {
            layer.forward(batch.runningMean());
            batch.forward(normal(device, type, 1, SHAPE));
            refusesBackward(layer, normal(device, 2, 6), "expected x as it was in the forward pass");
        }
    }

    @OnEveryDevice
    void aSharedLayerTakesItsPassesInReverseOrder(Device device, DataType type) {
        try (BatchNorm1d shared = new BatchNorm1d(6).on(device); BatchNorm1d one = new BatchNorm1d(6).on(device);
                BatchNorm1d two = new BatchNorm1d(6).on(device)) {
            Tensor x1 = normal(device, type, 1, SHAPE);
            Tensor x2 = normal(device, type, 2, 3, 6, 2);
            Tensor dy1 = normal(device, type, 3, SHAPE);
            Tensor dy2 = normal(device, type, 4, 3, 6, 2);
            shared.accumulateGradients(true);
            shared.forward(x1);
            shared.forward(x2);
            one.forward(x1);
            two.forward(x2);
            assertRefused(shared, "expected dy of shape [3, 6, 2], got [4, 6, 5]", () -> shared.backward(dy1));
            assertArrayEquals(two.backward(dy2).read(), shared.backward(dy2).read());
            assertArrayEquals(one.backward(dy1).read(), shared.backward(dy1).read());
            assertClose(sum(one.weight().grad(), two.weight().grad()), shared.weight().grad(), "dweight");
            assertClose(sum(one.bias().grad(), two.bias().grad()), shared.bias().grad(), "dbias");
            refusesBackward(shared, dy1, NO_PASS);
        }
    }

    private static double[] sum(Tensor a, Tensor b) {
        double[] sum = a.readDoubles();
        double[] other = b.readDoubles();
        Arrays.setAll(sum, i -> sum[i] + other[i]);
        return sum;
    }

    @OnEveryDevice
    void gradientsAreWrittenOrAccumulated(Device device, DataType type) {
        try (GroupNorm norm = new GroupNorm(2, 6).on(device)) {
            Tensor x = normal(device, type, 1, SHAPE);
            Tensor dy = normal(device, type, 2, SHAPE);
            step(norm, x, dy);
            float[] once = norm.weight().grad().read();
            Tensor grad = norm.weight().grad();
            step(norm, x, dy);
            assertSame(grad, norm.weight().grad());
            assertArrayEquals(once, norm.weight().grad().read());
            norm.accumulateGradients(true);
            double[] bias = norm.bias().grad().readDoubles();
            step(norm, x, dy);
            step(norm, x, dy);
            assertClose(Arrays.stream(bias).map(v -> 3 * v).toArray(), norm.bias().grad(), "three times dbias");
            norm.zeroGrad();
            assertArrayEquals(new float[6], norm.weight().grad().read());
            assertArrayEquals(new float[6], norm.bias().grad().read());
            step(norm, x, dy);
            assertArrayEquals(once, norm.weight().grad().read());
        }
    }

    @OnEveryDevice
    void accumulationStartsAtZero(Device device, DataType type) {
        try (GroupNorm norm = new GroupNorm(2, 6).on(device); GroupNorm writing = new GroupNorm(2, 6).on(device)) {
            Tensor x = normal(device, type, 1, SHAPE);
            norm.accumulateGradients(true);
            norm.zeroGrad();
            assertFalse(norm.weight().hasGrad());
            step(norm, x, x);
            step(writing, x, x);
            assertArrayEquals(writing.weight().grad().read(), norm.weight().grad().read());
        }
    }

    private static void step(NormLayer norm, Tensor x, Tensor dy) {
        norm.forward(x).close();
        norm.forward(x);
        norm.backward(dy);
    }

    @OnEveryDevice
    void parametersAlone(Device device, DataType type) {
        try (BatchNorm1d norm = new BatchNorm1d(6).on(device)) {
            Tensor x = normal(device, type, 1, SHAPE);
            Tensor dy = normal(device, type, 2, SHAPE);
            step(norm, x, dy);
            float[] dweight = norm.weight().grad().read();
            float[] dbias = norm.bias().grad().read();
            norm.weight().grad().fill(-1);
            norm.bias().grad().fill(-1);
            norm.forward(x);
            assertEquals(2, x.storage().holders());
            assertEquals(2, norm.weight().value().storage().holders());
            norm.backwardParameters(dy);
            assertEquals(1, x.storage().holders());
            assertEquals(1, norm.weight().value().storage().holders());
            assertArrayEquals(dweight, norm.weight().grad().read());
            assertArrayEquals(dbias, norm.bias().grad().read());
        }
    }

    @OnEveryDevice
    void theSameBitsEveryTime(Device device, DataType type) {
        try (BatchNorm1d norm = new BatchNorm1d(3).on(device)) {
            Tensor x = normal(device, type, 1, 17, 3, 301);
            Tensor dy = normal(device, type, 2, 17, 3, 301);
            float[] y = norm.forward(x).read();
            float[] dx = norm.backward(dy).read();
            float[] dweight = norm.weight().grad().read();
            for (int run = 0; run < 3; run++) {
                assertArrayEquals(y, norm.forward(x).read());
                assertArrayEquals(dx, norm.backward(dy).read());
                assertArrayEquals(dweight, norm.weight().grad().read());
            }
        }
    }

    @OnEveryDevice
    void forwardKeepsNothingOnceItsOutputIsClosed(Device device, DataType type) {
        try (BatchNorm1d norm = new BatchNorm1d(6).on(device)) {
            Tensor x = normal(device, type, 1, SHAPE);
            long live = device.liveTensors();
            for (int run = 0; run < 200; run++) {
                norm.forward(x).close();
            }
            assertEquals(live, device.liveTensors());
            assertEquals(1, x.storage().holders());
            assertEquals(1, norm.weight().value().storage().holders());
        }
    }
}
