package org.clnorm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.function.Consumer;
import org.clnorm.state.StateDict;
import org.clnorm.sync.CollectiveException;
import org.clnorm.sync.LocalCollective;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Scope;
import org.clnorm.tensor.Shape;
import org.clnorm.tensor.Tensor;

/** A rank that hangs within a pass: the others end at the deadline, and their layers are as before the call. */
class SyncBatchNormDeadlineTest {
    private static final int RANKS = 3;
    private static final int HUNG = 1;
    /** Long enough for ranks that are late on a busy machine; kernels were compiled before. */
    private static final Duration DEADLINE = Duration.ofSeconds(1);
    private static final Duration LONGEST = Duration.ofSeconds(10);

    /** A layer in the middle of training, and what there is to take a step with. */
    private record Step(SyncBatchNorm norm, Tensor x, Tensor dy) {
    }

    @OnEveryDevice
    void forward(Device device) throws Exception {
        hangs(device, step -> step.norm.forward(step.x));
    }

    /** Calls after the one that failed do so at once. */
    @OnEveryDevice
    void backward(Device device) throws Exception {
        hangs(device, step -> step.norm.backward(step.dy), step -> step.norm.backwardParameters(step.dy),
                step -> step.norm.forwardNoGrad(step.x));
    }

    @SafeVarargs
    private static void hangs(Device device, Consumer<Step>... calls) throws Exception {
        CyclicBarrier together = new CyclicBarrier(RANKS);
        CountDownLatch ended = new CountDownLatch(RANKS - 1);
        SyncRanks.each(LocalCollective.of(RANKS, DEADLINE), ranks -> {
            try (Scope scope = device.scope(); SyncBatchNorm norm = new SyncBatchNorm(2, ranks).on(device)) {
                norm.averageGradients(true).accumulateGradients(true).warmUp(Shape.of(4, 2, 3));
                together.await();
                Step step = new Step(norm, Values.normal(device, ranks.rank(), 4, 2, 3),
                        Values.normal(device, 9, 4, 2, 3));
                norm.forward(step.x);
                norm.backward(step.dy);
                norm.forward(step.x);
                if (ranks.rank() == HUNG) {
                    ended.await();
                } else {
                    try {
                        List.of(calls).forEach(call -> fails(step, call));
                    } finally {
                        ended.countDown();
                    }
                }
                return null;
            }
        });
    }

    private static void fails(Step step, Consumer<Step> call) {
        StateDict before = step.norm.stateDict();
        Map<String, float[]> gradients = gradients(step.norm);
        long begun = System.nanoTime();
        CollectiveException failed = assertThrows(CollectiveException.class, () -> call.accept(step));
        assertTrue(System.nanoTime() - begun < LONGEST.toNanos());
        assertEquals(OptionalInt.of(HUNG), failed.rank(), failed.getMessage());
        assertEquals(before, step.norm.stateDict());
        assertEquals(2, step.norm.numBatchesTracked());
        gradients(step.norm).forEach((name, values) -> assertArrayEquals(gradients.get(name), values, name));
        assertEquals(List.of("bias", "weight"), List.copyOf(gradients.keySet()));
    }

    private static Map<String, float[]> gradients(NormLayer norm) {
        Map<String, float[]> gradients = new TreeMap<>();
        norm.parameters().forEach((name, parameter) -> gradients.put(name, parameter.grad().read()));
        return gradients;
    }
}
