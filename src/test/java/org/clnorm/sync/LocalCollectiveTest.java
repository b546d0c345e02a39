package org.clnorm.sync;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LocalCollectiveTest {
    private static final Duration SOON = Duration.ofMillis(300);

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4})
    void everythingOverThreads(int ranks) throws Exception {
        List<Throwable> failures = run(ranks, Duration.ofSeconds(60), all -> {
            CollectiveChecks.all(all);
            try (Collective part = all.split(all.rank() % 2)) {
                CollectiveChecks.all(part);
                assertEquals(all.rank() / 2, part.rank());
            }
        });
        assertEquals(List.of(), failures);
    }

    @Test
    void aRankThatHangsIsNamed() throws Exception {
        List<Throwable> failures = run(3, SOON, all -> {
            if (all.rank() != 1) {
                all.barrier();
            }
        }, false);
        assertEquals(2, failures.size());
        failures.forEach(failure -> named(failure, 1, "within 0.3 s"));
    }

    @Test
    void aRankThatLeavesIsNamedAtOnce() throws Exception {
        List<Throwable> failures = run(3, Duration.ofSeconds(60), all -> {
            if (all.rank() != 2) {
                all.barrier();
            }
        });
        assertEquals(2, failures.size());
        failures.forEach(failure -> named(failure, 2, "has left"));
    }

    @Test
    void aRankThatGivesUpEndsAll() throws Exception {
        List<Throwable> failures = run(3, Duration.ofSeconds(60), all -> {
            if (all.rank() == 0) {
                all.abort("out of memory");
            } else {
                all.barrier();
            }
        });
        assertEquals(2, failures.size());
        failures.forEach(failure -> named(failure, 0, "out of memory"));
    }

    @Test
    void otherLengthsAreFound() throws Exception {
        List<Throwable> failures = run(3, Duration.ofSeconds(60),
                all -> all.allGather(new double[all.rank() == 1 ? 5 : 6]));
        assertEquals(3, failures.size());
        assertTrue(failures.stream().anyMatch(failure -> failure.getMessage()
                .equals("expected 6 values of every rank, got 5 of rank 1")), failures.toString());
    }

    @Test
    void refuses() {
        assertThrows(IllegalArgumentException.class, () -> LocalCollective.of(0));
        assertThrows(IllegalArgumentException.class, () -> LocalCollective.of(2, Duration.ZERO));
        Collective closed = LocalCollective.of(1).get(0);
        closed.close();
        closed.close();
        assertThrows(IllegalStateException.class, closed::barrier);
    }

    private static void named(Throwable failure, int rank, String text) {
        CollectiveException known = (CollectiveException) failure;
        assertEquals(OptionalInt.of(rank), known.rank(), known.getMessage());
        assertTrue(known.getMessage().contains(text), known.getMessage());
    }

    private static List<Throwable> run(int ranks, Duration deadline, Consumer<Collective> body) throws Exception {
        return run(ranks, deadline, body, true);
    }

    /** What the bodies threw, one a rank. */
    private static List<Throwable> run(int ranks, Duration deadline, Consumer<Collective> body, boolean close)
            throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(ranks);
        try {
            List<Future<?>> futures = new ArrayList<>();
            for (Collective one : LocalCollective.of(ranks, deadline)) {
                futures.add(threads.submit(() -> {
                    try {
                        body.accept(one);
                    } finally {
                        if (close) {
                            one.close();
                        }
                    }
                }));
            }
            List<Throwable> failures = new ArrayList<>();
            for (Future<?> future : futures) {
                try {
                    future.get();
                } catch (ExecutionException failed) {
                    failures.add(failed.getCause());
                }
            }
            return failures;
        } finally {
            threads.shutdownNow();
        }
    }
}
