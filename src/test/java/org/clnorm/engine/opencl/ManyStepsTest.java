package org.clnorm.engine.opencl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import org.clnorm.NormLayer;
import org.clnorm.state.ElementType;
import org.clnorm.tensor.Scope;
import org.clnorm.tensor.Tensor;
import org.junit.jupiter.api.Test;

/** Long training; many threads: {@code -Dclnorm.steps=100000 -Dclnorm.threads=32 -Dclnorm.passes=10000}. */
class ManyStepsTest {
    private static final int STEPS = Integer.getInteger("clnorm.steps", 5_000);
    private static final int THREADS = Integer.getInteger("clnorm.threads", 32);
    private static final int PASSES = Integer.getInteger("clnorm.passes", 100);
    /** The device need not be asked after each pass. */
    private static final int LOOK = 50;

    private final Ledger ledger = new Ledger();

    private OpenClDevice device(String kernels) {
        return TestDevices.open(new Setup(FaultPlan.NONE, ledger, System.getenv()), kernels, "");
    }

    /** A step with new tensors, of all layers in turn. */
    @Test
    void theCountsStayWhatTheyAre() {
        try (OpenClDevice device = device("cpu")) {
            List<NormLayer> layers = new ArrayList<>();
            FaultyLayers.layers().values().forEach(maker -> layers.add(maker.get().on(device)));
            float[] values = FaultyLayers.values(1);
            long objects = 0;
            long tensors = 0;
            for (int step = 0; step < STEPS; step++) {
                if (step == 10 * layers.size()) {
                    device.finish(); // lets go of the events of commands
                    objects = ledger.live();
                    tensors = device.liveTensors();
                }
                NormLayer layer = layers.get(step % layers.size());
                try (Scope scope = device.scope()) {
                    Tensor x = device.tensor(values, FaultyLayers.SHAPE);
                    layer.forward(x);
                    layer.backward(x);
                }
            }
            device.finish();
            assertEquals(objects, ledger.live(), ledger.toString());
            assertEquals(tensors, device.liveTensors());
            layers.forEach(NormLayer::close);
            assertEquals(0, device.liveTensors());
        }
        assertEquals(0, ledger.live(), ledger.toString());
    }

    /** All on one device, each with a layer of its own, while others do the same: each finds what it finds alone. */
    @Test
    void manyThreads() throws Exception {
        List<Supplier<NormLayer>> makers = new ArrayList<>(FaultyLayers.layers().values());
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try (OpenClDevice device = device("cpu")) {
            List<float[]> alone = new ArrayList<>();
            for (Supplier<NormLayer> maker : makers) {
                alone.add(train(device, maker, LOOK, null));
            }
            List<Callable<float[]>> work = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                int kind = i % makers.size();
                work.add(() -> train(device, makers.get(kind), PASSES, alone.get(kind)));
            }
            for (Future<float[]> result : threads.invokeAll(work)) {
                result.get();
            }
            assertEquals(0, device.liveTensors());
        } finally {
            threads.shutdown();
        }
        assertEquals(0, ledger.live(), ledger.toString());
    }

    /** Trains, with the state brought back every so often, where what came out must be what it was the first time. */
    private static float[] train(OpenClDevice device, Supplier<NormLayer> maker, int passes, float[] expected) {
        float[] found = null;
        try (NormLayer layer = maker.get().on(device); Tensor x = device.tensor(FaultyLayers.values(1),
                FaultyLayers.SHAPE); Tensor dy = device.tensor(FaultyLayers.values(2), FaultyLayers.SHAPE)) {
            for (int pass = 1; pass <= passes; pass++) {
                try (Tensor y = layer.forward(x); Tensor dx = layer.backward(dy)) {
                    if (pass % LOOK == 0) {
                        found = join(y.read(), dx.read(), state(layer));
                        if (expected != null) {
                            assertArrayEquals(expected, found, layer + ", pass " + pass);
                        }
                        layer.resetParameters();
                    }
                }
            }
        }
        return found;
    }

    private static List<float[]> state(NormLayer layer) {
        return layer.stateDict().tensors().values().stream().filter(tensor -> tensor.type() == ElementType.F32)
                .map(tensor -> floats(tensor.toDoubles())).toList();
    }

    private static float[] floats(double[] values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            floats[i] = (float) values[i];
        }
        return floats;
    }

    private static float[] join(float[] y, float[] dx, List<float[]> state) {
        List<float[]> parts = new ArrayList<>(List.of(y, dx));
        parts.addAll(state);
        float[] all = new float[parts.stream().mapToInt(part -> part.length).sum()];
        int at = 0;
        for (float[] part : parts) {
            System.arraycopy(part, 0, all, at, part.length);
            at += part.length;
        }
        return all;
    }
}
