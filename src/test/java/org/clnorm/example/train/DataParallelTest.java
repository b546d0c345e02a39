package org.clnorm.example.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
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
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Ranks that train together, as threads with a device each, against one that trains alone. */
class DataParallelTest {
    private static final int STEPS = 8;
    /**
     * Sums of the same numbers in another order: a few units in the last place of a float (2^-23) in the first step,
     * of losses around 2 and weights below 1, which grow with the steps, but stay below 10 of them until one element of
     * a ReLU or a maximum is decided otherwise.
     */
    private static final double BOUND = 1e-5;
    private static final Settings SMALL = Settings.QUICK.withGemm(GemmKind.PLAIN);
    private static final Images LEARNED = Digits.draw(1, 160);
    private static final Images HELD_OUT = Digits.draw(2, 43);

    @TempDir
    Path folder;

    /** What a rank has after some steps. */
    private record Result(Outcome outcome, StateDict weights) {
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
    @CsvSource({"batch_norm, 16, 1 2 3 4", "batch_norm, 3, 4", "layer_norm, 16, 3", "instance_norm, 13, 2",
        "group_norm, 3, 4", "none, 2, 3"})
    void anyNumberOfRanksComesToTheSame(String norm, int batch, String numbers) throws Exception {
        Settings settings = SMALL.withBatch(batch).withNorm(Normalization.of(norm));
        Result expected = train(settings, DataParallel.alone());
        for (String ranks : numbers.split(" ")) {
            agrees(expected, Integer.parseInt(ranks), settings);
        }
    }

    private static void agrees(Result expected, int ranks, Settings settings) throws Exception {
        List<Result> results = together(ranks, settings, DataParallel.BUCKET_BYTES);
        for (Result result : results) {
            assertEquals(results.get(0), result, "the same bits on all ranks");
        }
        assertEquals(expected.outcome().accuracies(), results.get(0).outcome().accuracies());
        double losses = apart(expected.outcome().loss(), results.get(0).outcome().loss());
        double weights = apart(values(expected), values(results.get(0)));
        assertTrue(losses < BOUND && weights < BOUND, "losses apart by " + losses + ", weights by " + weights);
    }

    @Test
    void oneBucketOrManyIsTheSame() throws Exception {
        List<Result> many = together(2, SMALL.withBatch(13), 1);
        assertEquals(many, together(2, SMALL.withBatch(13), 1 << 20));
    }

    @Test
    void shardsAreEven() {
        for (int batch : new int[] {0, 1, 3, 64, 65, 1000}) {
            for (int ranks = 1; ranks < 10; ranks++) {
                int next = 0;
                for (int rank = 0; rank < ranks; rank++) {
                    Shard shard = Shard.of(batch, ranks, rank);
                    assertEquals(next, shard.first());
                    assertTrue(shard.count() == batch / ranks || shard.count() == (batch + ranks - 1) / ranks);
                    next += shard.count();
                }
                assertEquals(batch, next);
            }
        }
    }

    @Test
    void ranksThatWereToldOtherThingsAreFound() {
        assumeFalse(TestDevices.openCl().isEmpty(), "there is no OpenCL device");
        String selector = TestDevices.openCl().get(0).selector();
        RankException found = assertThrows(RankException.class, () -> LocalRanks.run(2, Duration.ofSeconds(8),
                ranks -> {
                    try (OpenClDevice device = Training.open(selector);
                            Training training = new Training(device, SMALL.withRate(0.1 + ranks.rank()), LEARNED,
                                    HELD_OUT, new DataParallel(ranks, 1))) {
                        training.checkAgreement();
                    }
                }));
        assertEquals("expected the same settings and images on all ranks, got others on rank 1 than on rank 0",
                found.getMessage());
    }

    /** Often, because the others, whom it ends, may end sooner than it. */
    @RepeatedTest(200)
    void aRankThatThrowsEndsTheOthersAndIsNamed() {
        RankException failed = assertThrows(RankException.class, () -> LocalRanks.run(3, Duration.ofSeconds(60),
                ranks -> {
                    if (ranks.rank() == 1) {
                        throw new IOException("no space left");
                    }
                    ranks.barrier();
                }));
        assertEquals(1, failed.rank());
        assertEquals("no space left", failed.getMessage());
    }

    @Test
    void aRankThatHangsIsNamed() {
        CountDownLatch never = new CountDownLatch(1);
        RankException failed = assertThrows(RankException.class, () -> LocalRanks.run(2, Duration.ofMillis(300),
                ranks -> {
                    if (ranks.rank() == 1) {
                        never.await();
                    }
                    ranks.barrier();
                }));
        assertEquals(0, failed.rank());
        assertEquals("expected all ranks within 0.3 s, got nothing of rank 1", failed.getMessage());
    }

    @Test
    void filesNameTheRank() throws IOException {
        assertEquals(Path.of("a", "run.safetensors"), RankFile.of(Path.of("a", "run.safetensors"), 0));
        assertEquals(Path.of("a", "run.rank3.safetensors"), RankFile.of(Path.of("a", "run.safetensors"), 3));
        assertEquals(Path.of("run.rank3"), RankFile.of(Path.of("run"), 3));
        Path whole = folder.resolve("run");
        assertEquals(whole, RankFile.toRead(whole, 1));
        Path own = Files.createFile(RankFile.of(whole, 1));
        assertEquals(own, RankFile.toRead(whole, 1));
        Files.createFile(whole);
        assertEquals(whole, RankFile.toRead(whole, 1));
    }

    private static List<Double> values(Result result) {
        return result.weights.tensors().keySet().stream()
                .flatMap(name -> Arrays.stream(result.weights.get(name).toDoubles()).boxed()).toList();
    }

    private static double apart(List<Double> a, List<Double> b) {
        assertEquals(a.size(), b.size());
        return IntStream.range(0, a.size()).mapToDouble(i -> Math.abs(a.get(i) - b.get(i))).max().orElseThrow();
    }
}
