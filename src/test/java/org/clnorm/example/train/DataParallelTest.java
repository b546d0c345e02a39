package org.clnorm.example.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.clnorm.TestDevices;
import org.clnorm.engine.opencl.OpenClDevice;
import org.clnorm.state.StateDict;
import org.clnorm.sync.Collective;
import org.clnorm.sync.LocalCollective;
import org.clnorm.tensor.DeviceInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Ranks that train together, as threads with a device each, against one that trains alone. */
class DataParallelTest {
    private static final int STEPS = 8;
    /**
     * Sums of the same numbers in another order: a few units in the last place of a float (2^-23) in the first step,
     * of losses around 2 and weights below 1, which grow with the steps, but stay below 10 of them until one element of
     * a ReLU or a maximum is decided otherwise; 1e-5 is over 40 at a loss of 2. A part that is weighted wrongly shows at
     * 1e-2 in the second step.
     */
    private static final double BOUND = 1e-5;
    private static final Images LEARNED = Digits.draw(1, 160);
    private static final Images HELD_OUT = Digits.draw(2, 43);

    /** What a rank has after some steps. */
    private record Result(Outcome outcome, StateDict weights) {
    }

    private static Result alone(Settings settings) {
        return train(settings, null);
    }

    private static Result train(Settings settings, DataParallel parallel) {
        List<DeviceInfo> devices = TestDevices.openCl();
        assumeFalse(devices.isEmpty(), "there is no OpenCL device");
        try (OpenClDevice device = Training.open(devices.get(0).selector());
                Training training = new Training(device, settings, LEARNED, HELD_OUT, parallel)) {
            for (int step = 0; step < STEPS; step++) {
                training.step();
            }
            training.measure();
            return new Result(training.outcome(), training.weights());
        }
    }

    private static List<Result> together(int ranks, Settings settings, int bucket) throws Exception {
        assumeFalse(TestDevices.openCl().isEmpty(), "there is no OpenCL device");
        ExecutorService threads = Executors.newFixedThreadPool(ranks);
        try {
            List<Future<Result>> running = new ArrayList<>();
            for (Collective one : LocalCollective.of(ranks)) {
                running.add(threads.submit(() -> train(settings, new DataParallel(one, bucket))));
            }
            List<Result> results = new ArrayList<>();
            for (Future<Result> one : running) {
                results.add(one.get());
            }
            return results;
        } finally {
            threads.shutdown();
        }
    }

    @ParameterizedTest
    @CsvSource({"batch_norm, 1, 16", "batch_norm, 2, 16", "batch_norm, 3, 16", "batch_norm, 4, 16", "batch_norm, 4, 3",
        "layer_norm, 3, 16", "instance_norm, 2, 13", "group_norm, 4, 3", "none, 3, 2"})
    void anyNumberOfRanksComesToTheSame(String norm, int ranks, int batch) throws Exception {
        Settings settings = Settings.QUICK.withGemm(GemmKind.PLAIN).withBatch(batch).withNorm(Normalization.of(norm));
        Result expected = alone(settings);
        List<Result> results = together(ranks, settings, DataParallel.BUCKET_BYTES);
        for (Result result : results) {
            assertEquals(results.get(0), result, "the same bits on all ranks");
        }
        assertEquals(expected.outcome().accuracies(), results.get(0).outcome().accuracies());
        double losses = apart(expected.outcome().loss(), results.get(0).outcome().loss());
        double weights = apart(values(expected), values(results.get(0)));
        assertTrue(losses < BOUND && weights < BOUND, "losses apart by " + losses + ", weights by " + weights);
    }

    private static List<Double> values(Result result) {
        return result.weights.tensors().keySet().stream().flatMap(name -> Arrays.stream(result.weights.get(name).toDoubles())
                .boxed()).toList();
    }

    private static double apart(List<Double> a, List<Double> b) {
        assertEquals(a.size(), b.size());
        return IntStream.range(0, a.size()).mapToDouble(i -> Math.abs(a.get(i) - b.get(i))).max().orElseThrow();
    }
}
