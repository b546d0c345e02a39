package org.clnorm;

import static org.clnorm.Values.normal;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Scope;
import org.clnorm.tensor.Tensor;

/** Several threads may use layers of their own on one device at once; a layer may be handed on. */
class ThreadsTest {
    private static final int THREADS = 4;

    private static float[] train(Device device, int seed) {
        try (BatchNorm1d norm = new BatchNorm1d(3).on(device)) {
            float[] dx = null;
            for (int step = 0; step < 20; step++) {
                try (Scope scope = device.scope()) {
                    norm.forward(normal(device, seed, 5 + seed, 3, 7));
                    dx = norm.backward(normal(device, step, 5 + seed, 3, 7)).read();
                }
            }
            return dx;
        }
    }

    @OnEveryDevice
    void layersOfTheirOwn(Device device) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try {
            List<Callable<float[]>> work = IntStream.range(0, THREADS)
                    .<Callable<float[]>>mapToObj(seed -> () -> train(device, seed)).toList();
            List<Future<float[]>> results = threads.invokeAll(work);
            for (int seed = 0; seed < THREADS; seed++) {
                assertArrayEquals(train(device, seed), results.get(seed).get());
            }
        } finally {
            threads.shutdown();
        }
    }

    @OnEveryDevice
    void aLayerHandedOn(Device device) throws Exception {
        ExecutorService thread = Executors.newSingleThreadExecutor();
        try (BatchNorm1d norm = new BatchNorm1d(3).on(device); BatchNorm1d other = new BatchNorm1d(3).on(device)) {
            Tensor x = normal(device, 1, 5, 3);
            Tensor dy = normal(device, 2, 5, 3);
            norm.forward(x);
            float[] elsewhere = thread.submit(() -> {
                try (Tensor dx = norm.backward(dy)) {
                    return dx.read();
                }
            }).get();
            other.forward(x);
            assertArrayEquals(other.backward(dy).read(), elsewhere);
            assertArrayEquals(other.weight().grad().read(), norm.weight().grad().read());
            assertEquals(other.stateDict(), norm.stateDict());
        } finally {
            thread.shutdown();
        }
    }
}
