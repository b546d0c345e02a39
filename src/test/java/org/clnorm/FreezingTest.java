package org.clnorm;

import static org.clnorm.Values.normal;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.clnorm.state.StateDict;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Tensor;

/** Parameters and statistics that are not to move. */
class FreezingTest {
    @OnEveryDevice
    void aFrozenParameterGetsNoGradient(Device device, DataType type) {
        for (String frozen : new String[] {"weight", "bias"}) {
            String free = frozen.equals("weight") ? "bias" : "weight";
            try (GroupNorm norm = new GroupNorm(2, 6).on(device); GroupNorm other = new GroupNorm(2, 6).on(device)) {
                Tensor x = normal(device, type, 1, 4, 6, 5);
                Tensor dy = normal(device, type, 2, 4, 6, 5);
                norm.requiresGrad(frozen, false);
                assertFalse(norm.parameters().get(frozen).requiresGrad());
                assertTrue(norm.parameters().get(free).requiresGrad());
                norm.forward(x);
                other.forward(x);
                assertArrayEquals(other.backward(dy).read(), norm.backward(dy).read());
                assertFalse(norm.parameters().get(frozen).hasGrad());
                assertArrayEquals(other.parameters().get(free).grad().read(), norm.parameters().get(free).grad()
                        .read());
                String message = assertThrows(IllegalStateException.class, norm.parameters().get(frozen)::grad)
                        .getMessage();
                assertTrue(message.contains("requiresGrad is false"), message);
            }
        }
    }

    @OnEveryDevice
    void anEarlierGradientIsNotTouched(Device device, DataType type) {
        for (boolean accumulate : new boolean[] {false, true}) {
            try (GroupNorm norm = new GroupNorm(2, 6).on(device)) {
                norm.accumulateGradients(accumulate);
                Tensor x = normal(device, type, 1, 4, 6, 5);
                norm.forward(x);
                norm.backward(normal(device, type, 2, 4, 6, 5));
                float[] before = norm.weight().grad().read();
                float[] moving = norm.bias().grad().read();
                norm.weight().requiresGrad(false);
                norm.forward(x);
                norm.backward(normal(device, type, 3, 4, 6, 5));
                assertArrayEquals(before, norm.weight().grad().read());
                assertFalse(Arrays.equals(moving, norm.bias().grad().read()));
            }
        }
    }

    @OnEveryDevice
    void allAtOnce(Device device, DataType type) {
        try (LayerNorm norm = new LayerNorm(6).on(device)) {
            Tensor x = normal(device, type, 1, 4, 6);
            norm.requiresGrad(false);
            norm.forward(x);
            norm.backward(x);
            norm.forward(x);
            norm.backwardParameters(x);
            assertThrows(IllegalStateException.class, () -> norm.backwardParameters(x));
            assertFalse(norm.weight().hasGrad());
            assertFalse(norm.bias().hasGrad());
            norm.requiresGrad(true);
            norm.forward(x);
            norm.backward(x);
            assertTrue(norm.weight().hasGrad());
            assertTrue(norm.bias().hasGrad());
        }
    }

    @OnEveryDevice
    void anUnknownNameIsRefused(Device device) {
        try (GroupNorm norm = GroupNorm.builder(1, 2).bias(false).build().on(device)) {
            Snapshot.assertRefused(norm, "expected one of [weight], got 'bias'", () ->
                    norm.requiresGrad("bias", false));
            assertTrue(norm.weight().requiresGrad());
        }
    }

    @OnEveryDevice
    void frozenStatisticsSurviveTrain(Device device, DataType type) {
        try (BatchNorm2d norm = new BatchNorm2d(3).on(device); BatchNorm2d evaluated = new BatchNorm2d(3).on(device)) {
            Tensor x = normal(device, type, 1, 4, 3, 2, 2);
            Tensor dy = normal(device, type, 2, 4, 3, 2, 2);
            norm.forward(x);
            evaluated.forward(x);
            evaluated.eval();
            StateDict before = norm.stateDict();
            norm.freezeStatistics();
            for (boolean mode : new boolean[] {true, false, true}) {
                norm.train(mode);
                assertTrue(norm.statisticsFrozen());
                assertArrayEquals(evaluated.forward(x).read(), norm.forward(x).read());
                assertArrayEquals(evaluated.backward(dy).read(), norm.backward(dy).read());
                assertArrayEquals(evaluated.weight().grad().read(), norm.weight().grad().read());
                assertEquals(before, norm.stateDict());
            }
            norm.unfreezeStatistics();
            norm.forward(x);
            assertEquals(2, norm.numBatchesTracked());
        }
    }

    @OnEveryDevice
    void frozenInstanceStatistics(Device device, DataType type) {
        try (InstanceNorm1d norm = InstanceNorm1d.builder(3).trackRunningStats(true).build().on(device)) {
            Tensor x = normal(device, type, 1, 4, 3, 6);
            norm.forward(x);
            StateDict before = norm.stateDict();
            norm.freezeStatistics();
            float[] frozen = norm.forward(x).read();
            assertEquals(before, norm.stateDict());
            norm.eval();
            assertArrayEquals(norm.forward(x).read(), frozen);
        }
    }

    @OnEveryDevice
    void frozenStatisticsTakeASingleValue(Device device, DataType type) {
        try (BatchNorm1d norm = new BatchNorm1d(3).on(device)) {
            norm.freezeStatistics();
            norm.forward(normal(device, type, 1, 1, 3));
            assertEquals(0, norm.numBatchesTracked());
        }
    }
}
