package org.clnorm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import org.clnorm.conformance.Workload;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.DeviceInfo;
import org.clnorm.tensor.DeviceRequest;
import org.clnorm.tensor.Scope;
import org.clnorm.tensor.Tensor;
import org.junit.jupiter.api.Test;

/**
 * Every run of a workload gives the same bits, whatever else the device does. {@code -Dclnorm.repeats=100} and
 * {@code -Dclnorm.repeatShapes=FILE} for more of it.
 */
class SameBitsTest {
    private static final int REPEATS = Integer.getInteger("clnorm.repeats", 20);
    private static final List<String> LINES = List.of("layer_norm 300x257 normalized_shape=257",
            "layer_norm 3x70001 normalized_shape=70001", "batch_norm 8x6x14x14", "batch_norm 40x2x33x33",
            "batch_norm 700x33", "group_norm 4x12x9x9 groups=3", "instance_norm 4x6x50x50 affine=true",
            "batch_norm 6x5x7x7 mode=eval", "layer_norm 300x100 normalized_shape=100 dtype=bf16");

    @Test
    void repeatedWhileAnotherThreadWorks() throws Exception {
        for (DeviceInfo info : TestDevices.openCl()) {
            for (String kernels : List.of("cpu", "gpu")) {
                try (Device device = Device.open(DeviceRequest.of(info.selector()).withKernels(kernels))) {
                    besideOtherWork(device);
                }
            }
        }
    }

    private static void besideOtherWork(Device device) throws Exception {
        AtomicBoolean done = new AtomicBoolean();
        Thread other = new Thread(() -> {
            try (LayerNorm norm = new LayerNorm(64).on(device); Scope scope = device.scope()) {
                Tensor x = device.zeros(500, 64).fill(1);
                Tensor y = device.zeros(500, 64);
                while (!done.get()) {
                    norm.forward(x, y);
                    device.finish();
                }
            }
        });
        other.start();
        try {
            for (String line : lines()) {
                repeat(device, line);
            }
        } finally {
            done.set(true);
            other.join();
        }
    }

    private static List<String> lines() throws IOException {
        String file = System.getProperty("clnorm.repeatShapes", "");
        return file.isEmpty() ? LINES : Files.readAllLines(Path.of(file)).stream()
                .map(line -> line.replaceFirst("#.*", "").strip()).filter(line -> !line.isEmpty()).toList();
    }

    private static void repeat(Device device, String line) {
        Workload workload = Workload.parse(line);
        try (NormLayer layer = workload.layer().on(device); Scope scope = device.scope()) {
            Tensor x = random(device, workload, 1);
            Tensor dy = random(device, workload, 2);
            Tensor y = device.empty(workload.dataType(), workload.stored());
            Tensor dx = device.empty(workload.dataType(), workload.stored());
            List<Integer> first = null;
            for (int run = 0; run < REPEATS; run++) {
                y.fill(run);
                dx.fill(run);
                layer.forward(x, y);
                layer.backward(dy, dx);
                List<Integer> bits = new ArrayList<>(List.of(hash(y), hash(dx)));
                layer.parameters().values().forEach(parameter -> bits.add(hash(parameter.grad())));
                first = first == null ? bits : first;
                assertEquals(first, bits, device + ", run " + run + " of " + line);
            }
        }
    }

    private static Tensor random(Device device, Workload workload, long seed) {
        float[] values = new float[(int) workload.shape().size()];
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextDouble(-2, 2);
        }
        return device.empty(workload.dataType(), workload.stored()).write(values);
    }

    private static int hash(Tensor tensor) {
        return Arrays.hashCode(tensor.read());
    }
}
