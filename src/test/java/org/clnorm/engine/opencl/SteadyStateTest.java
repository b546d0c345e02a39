package org.clnorm.engine.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
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
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Tensor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A training step that repeats itself makes no objects, sets no arguments, waits for nothing and allocates nothing. */
class SteadyStateTest {
    /** What a step may allocate: nothing, but for what the virtual machine does on the thread while it compiles. */
    private static final double BYTES_PER_STEP = 8;
    /** What a step with new tensors may allocate: handles and their guards, but nothing that grows with the network. */
    private static final double NEW_TENSORS_BYTES_PER_STEP = 2_000;
    /** A backward pass from x alone makes the two calls and what holds them together anew: 728 bytes, whatever x is. */
    private static final double RECOMPUTED_BYTES_PER_STEP = 770;
    private static final int WARM_UP = 50;
    private static final int STEPS = 400;
    private static final ThreadMXBean HEAP = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private static NormLayer[] layers() {
        return new NormLayer[] {new BatchNorm2d(4), new BatchNorm2d(4), new GroupNorm(2, 4), new LayerNorm(3, 5),
            InstanceNorm2d.builder(4).affine(true).trackRunningStats(true).build(), new BatchNorm2d(4).eval()};
    }

    private static Tensor[] tensors(Device device, int count) {
        Tensor[] tensors = new Tensor[count];
        for (int i = 0; i < count; i++) {
            tensors[i] = device.zeros(2, 4, 3, 5).fill(1);
        }
        return tensors;
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "gpu"})
    void theSameTensors(String kernels) {
        try (OpenClDevice device = TestDevices.open(kernels, "")) {
            HostProbe probe = device.service(HostProbe.class);
            for (NormLayer layer : layers()) {
                try (NormLayer placed = layer.on(device)) {
                    Tensor[] tensors = tensors(device, 4);
                    Runnable step = () -> {
                        placed.forward(tensors[0], tensors[1]);
                        placed.backward(tensors[2], tensors[3]);
                    };
                    repeat(step, WARM_UP, device);
                    HostProbe.Calls before = probe.calls();
                    double bytes = bytesPerStep(step);
                    HostProbe.Calls calls = probe.calls().since(before);
                    assertEquals(new HostProbe.Calls(calls.launches(), 0, 0, 0), calls, placed.toString());
                    assertTrue(calls.launches() >= 2 * STEPS, placed + ": " + calls);
                    assertTrue(bytes < BYTES_PER_STEP, placed + ": " + bytes + " bytes a step");
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "gpu"})
    void inPlaceAndWithoutBackward(String kernels) {
        try (OpenClDevice device = TestDevices.open(kernels, "")) {
            for (NormLayer layer : layers()) {
                try (NormLayer placed = layer.on(device)) {
                    Tensor[] tensors = tensors(device, 4);
                    steady(device, placed, BYTES_PER_STEP, () -> {
                        placed.forward(tensors[0], tensors[1]);
                        placed.backward(tensors[2], tensors[2]);
                        placed.forwardNoGrad(tensors[3], tensors[3]);
                    });
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "gpu"})
    void checkpointing(String kernels) {
        try (OpenClDevice device = TestDevices.open(kernels, "")) {
            for (NormLayer layer : layers()) {
                try (NormLayer placed = layer.on(device)) {
                    Tensor[] tensors = tensors(device, 4);
                    steady(device, placed, RECOMPUTED_BYTES_PER_STEP, () -> {
                        placed.forwardNoGrad(tensors[0], tensors[1]);
                        placed.backwardFrom(tensors[0], tensors[2], tensors[3]);
                    });
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "gpu"})
    void residuals(String kernels) {
        try (OpenClDevice device = TestDevices.open(kernels, "");
                RMSNorm first = new RMSNorm(3, 5).on(device);
                BatchNorm2d second = BatchNorm2d.builder(4).activation(Activation.RELU).build().on(device)) {
            AddNorm before = new AddNorm(first);
            NormAdd after = new NormAdd(second);
            Tensor[] tensors = tensors(device, 7);
            steady(device, first, BYTES_PER_STEP, () -> {
                before.forward(tensors[0], tensors[1], tensors[2], tensors[3]);
                before.backward(tensors[4], tensors[5], tensors[6]);
            });
            steady(device, second, BYTES_PER_STEP, () -> {
                after.forward(tensors[0], tensors[1], tensors[3]);
                after.backward(tensors[4], tensors[5], tensors[6]);
            });
        }
    }

    private static void steady(OpenClDevice device, NormLayer layer, double most, Runnable step) {
        HostProbe probe = device.service(HostProbe.class);
        repeat(step, WARM_UP, device);
        HostProbe.Calls before = probe.calls();
        double bytes = bytesPerStep(step);
        HostProbe.Calls calls = probe.calls().since(before);
        assertEquals(0, calls.waits() + calls.buffers(), layer + ": " + calls);
        assertTrue(bytes < most, layer + ": " + bytes + " bytes a step");
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "gpu"})
    void newTensors(String kernels) {
        try (OpenClDevice device = TestDevices.open(kernels, "");
                BatchNorm2d layer = new BatchNorm2d(4).on(device)) {
            HostProbe probe = device.service(HostProbe.class);
            Tensor[] tensors = tensors(device, 2);
            Runnable step = () -> {
                try (Tensor y = layer.forward(tensors[0]); Tensor dx = layer.backward(tensors[1])) {
                    assertEquals(y.shape(), dx.shape());
                }
            };
            repeat(step, WARM_UP, device);
            HostProbe.Calls before = probe.calls();
            double bytes = bytesPerStep(step);
            HostProbe.Calls calls = probe.calls().since(before);
            assertEquals(new HostProbe.Calls(calls.launches(), 0, 0, 0), calls);
            assertTrue(bytes < NEW_TENSORS_BYTES_PER_STEP, bytes + " bytes a step");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "gpu"})
    void onlyWhatChangedIsSet(String kernels) {
        try (OpenClDevice device = TestDevices.open(kernels, "");
                LayerNorm layer = new LayerNorm(3, 5).on(device)) {
            HostProbe probe = device.service(HostProbe.class);
            Tensor[] tensors = tensors(device, 3);
            layer.forward(tensors[0], tensors[1]);
            HostProbe.Calls before = probe.calls();
            layer.forward(tensors[0], tensors[1]);
            layer.forward(tensors[2], tensors[1]);
            assertEquals(new HostProbe.Calls(2, 1, 0, 0), probe.calls().since(before));
            before = probe.calls();
            device.finish();
            assertEquals(new HostProbe.Calls(0, 0, 1, 0), probe.calls().since(before));
            assertTrue(probe.emptyLaunchNanos() > 0);
            assertEquals(1, probe.calls().since(before).launches());
        }
    }

    private static void repeat(Runnable step, int times, Device device) {
        for (int i = 0; i < times; i++) {
            step.run();
        }
        device.finish();
    }

    /** Of a few dozen steps at a time the least, since the virtual machine compiles when it likes. */
    private static double bytesPerStep(Runnable step) {
        int parts = 8;
        double least = Double.POSITIVE_INFINITY;
        for (int part = 0; part < parts; part++) {
            long before = HEAP.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < STEPS / parts; i++) {
                step.run();
            }
            least = Math.min(least, (HEAP.getCurrentThreadAllocatedBytes() - before) / (double) (STEPS / parts));
        }
        return least;
    }
}
