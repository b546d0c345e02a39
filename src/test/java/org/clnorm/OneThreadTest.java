package org.clnorm;

import static org.clnorm.Values.normal;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.clnorm.plan.Task;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Shape;
import org.clnorm.tensor.Tensor;
import org.junit.jupiter.api.Test;

/** A layer that two threads use at once refuses the second, and stays what it was. */
class OneThreadTest {
    @Test
    void theSecondThreadIsRefused() throws Exception {
        ExecutorService other = Executors.newSingleThreadExecutor();
        try (Device device = Device.cpu(); BatchNorm1d norm = new BatchNorm1d(3).on(device);
                Tensor x = normal(device, 1, 5, 3); Tensor y = norm.forward(x)) {
            LayerTree tree = new LayerTree().put("norm", norm);
            Snapshot before = Snapshot.of(norm);
            long live = device.liveTensors();
            CountDownLatch inside = new CountDownLatch(1);
            CountDownLatch done = new CountDownLatch(1);
            Future<Boolean> holder = other.submit(() -> norm.alone(() -> {
                inside.countDown();
                return wait(done);
            }));
            assertTrue(inside.await(10, TimeUnit.SECONDS));
            for (Runnable call : List.<Runnable>of(() -> norm.forward(x), () -> norm.forward(x, y),
                    () -> norm.forwardNoGrad(x), () -> norm.forwardNoGrad(x, x), () -> norm.backward(x),
                    () -> norm.backward(x, y), () -> norm.backwardParameters(x), () -> norm.backwardFrom(x, x),
                    () -> norm.backwardFrom(x, x, y), () -> norm.explain(x, Task.Pass.FORWARD),
                    () -> norm.warmUp(Shape.of(5, 3)), norm::train, norm::eval, norm::stateDict,
                    () -> norm.loadStateDict(before.state()), norm::zeroGrad, norm::resetParameters,
                    norm::resetRunningStats, norm::freezeStatistics, () -> norm.requiresGrad(false),
                    () -> norm.requiresGrad("weight", false), () -> norm.accumulateGradients(true),
                    () -> norm.on(device), norm::close, tree::stateDict, () -> tree.loadStateDict(tree.stateDict()),
                    () -> tree.on(device), tree::close)) {
                String message = assertThrows(IllegalStateException.class, call::run).getMessage();
                assertTrue(message.contains("one thread at a time") && message.contains("BatchNorm1d(3"), message);
            }
            done.countDown();
            assertTrue(holder.get());
            assertEquals(before, Snapshot.of(norm));
            assertEquals(live, device.liveTensors());
            assertTrue(norm.weight().requiresGrad() && !norm.statisticsFrozen());
            norm.backward(x).close();
        } finally {
            other.shutdown();
        }
    }

    private static boolean wait(CountDownLatch latch) {
        try {
            return latch.await(30, TimeUnit.SECONDS);
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }

    /** All threads in one layer without order: each call works or is refused, and the layer counts those that did. */
    @OnEveryDevice
    void aCrowd(Device device) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        AtomicLong passes = new AtomicLong();
        try (BatchNorm1d norm = new BatchNorm1d(3).on(device); BatchNorm1d alone = new BatchNorm1d(3).on(device);
                Tensor x = normal(device, 1, 5, 3)) {
            List<Callable<Void>> work = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                work.add(() -> {
                    for (int k = 0; k < 200; k++) {
                        try (Tensor y = norm.forward(x)) {
                            passes.incrementAndGet();
                            norm.backwardFrom(x, x).close();
                        } catch (IllegalStateException refused) {
                            assertTrue(refused.getMessage().contains("one thread at a time"), refused.getMessage());
                        }
                    }
                    return null;
                });
            }
            for (Future<Void> result : threads.invokeAll(work)) {
                result.get();
            }
            assertEquals(passes.get(), norm.numBatchesTracked());
            for (long k = 0; k < passes.get(); k++) {
                alone.forwardNoGrad(x).close();
            }
            assertEquals(alone.stateDict(), norm.stateDict());
            norm.forward(x).close();
            assertArrayEquals(alone.backwardFrom(x, x).read(), norm.backwardFrom(x, x).read());
        } finally {
            threads.shutdown();
        }
    }
}
