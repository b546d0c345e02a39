package org.clnorm.engine.opencl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.clnorm.AddNorm;
import org.clnorm.BatchNorm2d;
import org.clnorm.GroupNorm;
import org.clnorm.InstanceNorm2d;
import org.clnorm.LayerNorm;
import org.clnorm.NormAdd;
import org.clnorm.NormLayer;
import org.clnorm.RMSNorm;
import org.clnorm.engine.HostProbe;
import org.clnorm.plan.Activation;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Shape;
import org.clnorm.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** After {@code warmUp} the first step makes no OpenCL object and waits for nothing, and nothing has moved. */
class WarmUpTest {
    private static final Shape SHAPE = Shape.of(2, 4, 3, 5);
    private static final Shape LAST = Shape.of(1, 4, 3, 5);

    private final Ledger ledger = new Ledger();

    private OpenClDevice open(String kernels) {
        return TestDevices.open(new Setup(FaultPlan.NONE, ledger, System.getenv()), kernels, "");
    }

    private static List<NormLayer> network(OpenClDevice device) {
        return List.of(new BatchNorm2d(4).on(device), new BatchNorm2d(4).on(device), new GroupNorm(2, 4).on(device),
                new LayerNorm(3, 5).on(device), new BatchNorm2d(4).on(device).eval(),
                InstanceNorm2d.builder(4).affine(true).trackRunningStats(true).build().on(device));
    }

    /** All forward passes before the first backward pass, as a network has them; then the other kinds of passes. */
    private static Runnable step(OpenClDevice device, List<NormLayer> layers, Shape shape) {
        Tensor x = device.empty(DataType.F32, shape).fill(1);
        Tensor dy = device.empty(DataType.F32, shape).fill(1);
        Tensor dx = device.empty(DataType.F32, shape);
        List<Tensor> ys = layers.stream().map(layer -> device.empty(DataType.F32, shape)).toList();
        return () -> {
            for (int i = 0; i < ys.size(); i++) {
                layers.get(i).forward(x, ys.get(i));
            }
            for (int i = ys.size() - 1; i >= 0; i--) {
                layers.get(i).backward(dy, dx);
            }
            for (NormLayer layer : layers) {
                layer.backwardFrom(x, dy, dx);
                layer.forward(x, ys.get(0));
                layer.backward(dy, dy);
                layer.forwardNoGrad(x, x);
            }
        };
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "gpu"})
    void theFirstStepMakesNothing(String kernels) {
        try (OpenClDevice device = open(kernels)) {
            List<NormLayer> layers = network(device);
            layers.forEach(layer -> layer.warmUp(SHAPE, LAST));
            // the loop's tensors, made after that, take nothing of what was made ready
            List<Runnable> steps = List.of(step(device, layers, SHAPE), step(device, layers, LAST));
            steps.forEach(step -> makesNothing(device, step));
            layers.forEach(NormLayer::close);
        }
    }

    /** With residuals as a network has them: the sum in the place of x, dx in that of dy. */
    @ParameterizedTest
    @ValueSource(strings = {"cpu", "gpu"})
    void theFirstStepWithResidualsMakesNothing(String kernels) {
        try (OpenClDevice device = open(kernels);
                RMSNorm first = new RMSNorm(3, 5).on(device);
                BatchNorm2d second = BatchNorm2d.builder(4).activation(Activation.RELU).build().on(device);
                BatchNorm2d third = new BatchNorm2d(4).on(device)) {
            AddNorm before = new AddNorm(first).warmUp(SHAPE);
            NormAdd rectified = new NormAdd(second).warmUp(SHAPE);
            NormAdd after = new NormAdd(third).warmUp(SHAPE);
            Tensor[] tensors = Stream.generate(() -> device.empty(DataType.F32, SHAPE).fill(1)).limit(8)
                    .toArray(Tensor[]::new);
            makesNothing(device, () -> {
                before.forward(tensors[0], tensors[1], tensors[0], tensors[2]);
                rectified.forward(tensors[2], tensors[1], tensors[3]);
                after.forward(tensors[3], tensors[1], tensors[4]);
                third.backward(tensors[5], tensors[5]);
                rectified.backward(tensors[5], tensors[6], tensors[7]);
                before.backward(tensors[7], tensors[6], tensors[7]);
                before.forward(tensors[0], tensors[1], tensors[0], tensors[2]);
                before.backward(tensors[7], tensors[6], tensors[5]);
            });
            String ready = ledger.toString();
            before.warmUp(SHAPE).warmUp(DataType.F32, SHAPE);
            rectified.warmUp(DataType.F32, SHAPE).warmUp();
            assertEquals(ready, ledger.toString());
            assertThrows(IllegalArgumentException.class, () -> before.warmUp(Shape.of(2, 4, 3, 6)));
            assertThrows(IllegalArgumentException.class, () -> after.warmUp(DataType.F64, SHAPE));
            assertEquals(ready, ledger.toString());
        }
    }

    /** Statistics that wait are as many as layers, and what the next layer gets ready is not taken from them. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5})
    void layersThatNeedMemoryOfOneSize(int count) {
        try (OpenClDevice device = open("cpu")) {
            Shape shape = Shape.of(8, 4, 6, 6);
            List<NormLayer> layers = IntStream.range(0, count).<NormLayer>mapToObj(
                    i -> i % 2 == 0 ? new BatchNorm2d(4).on(device) : new GroupNorm(2, 4).on(device)).toList();
            layers.forEach(layer -> layer.warmUp(shape));
            Tensor[] ys = Stream.generate(() -> device.empty(DataType.F32, shape).fill(1)).limit(count + 1)
                    .toArray(Tensor[]::new);
            makesNothing(device, () -> {
                for (int i = 0; i < count; i++) {
                    layers.get(i).forward(ys[i], ys[i + 1]);
                }
                for (int i = count - 1; i >= 0; i--) {
                    layers.get(i).backward(ys[count], ys[count]);
                }
            });
        }
    }

    private void makesNothing(OpenClDevice device, Runnable step) {
        HostProbe probe = device.service(HostProbe.class);
        device.finish(); // lets go of the events of commands
        String before = ledger.toString();
        HostProbe.Calls calls = probe.calls();
        step.run();
        HostProbe.Calls since = probe.calls().since(calls);
        device.finish();
        assertEquals(before, ledger.toString());
        assertEquals(0, since.waits(), since.toString());
        assertEquals(0, since.buffers(), since.toString());
        assertTrue(since.launches() > 0);
    }

    @Test
    void aSecondTimeCostsNothing() {
        try (OpenClDevice device = open("cpu"); BatchNorm2d layer = new BatchNorm2d(4).on(device)) {
            layer.warmUp(SHAPE).warmUp(DataType.F16, SHAPE);
            String before = ledger.toString();
            layer.warmUp(SHAPE).warmUp(DataType.F16, SHAPE);
            assertEquals(before, ledger.toString());
        }
    }

    @Test
    void nothingMoves() {
        try (OpenClDevice device = open("cpu"); BatchNorm2d layer = new BatchNorm2d(4).on(device)) {
            layer.accumulateGradients(true);
            Tensor x = device.empty(DataType.F32, SHAPE).fill(1);
            layer.warmUp(SHAPE);
            assertEquals(0, layer.numBatchesTracked());
            assertArrayEquals(new float[4], layer.runningMean().read());
            assertFalse(layer.weight().hasGrad());
            assertThrows(IllegalStateException.class, () -> layer.backward(x));
            layer.forward(x);
            layer.backward(x);
            assertArrayEquals(new float[] {30, 30, 30, 30}, layer.bias().grad().read());
        }
    }

    @Test
    void whatDoesNotFitIsRefusedBeforeAnythingIsDone() {
        try (OpenClDevice device = open("cpu"); BatchNorm2d layer = new BatchNorm2d(4).on(device)) {
            String before = ledger.toString();
            Consumer<Runnable> refused = call -> assertThrows(IllegalArgumentException.class, call::run);
            refused.accept(() -> layer.warmUp(SHAPE, Shape.of(2, 3, 3, 5)));
            refused.accept(() -> layer.warmUp(DataType.F64, SHAPE));
            assertEquals(before, ledger.toString());
            layer.warmUp(Shape.of(0, 4, 3, 5)).warmUp();
            try (BatchNorm2d nowhere = new BatchNorm2d(4)) {
                assertThrows(IllegalStateException.class, () -> nowhere.warmUp(SHAPE));
            }
        }
        BatchNorm2d closed = new BatchNorm2d(4);
        closed.close();
        assertThrows(IllegalStateException.class, () -> closed.warmUp(SHAPE));
    }
}
