package org.clnorm.example.train;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionService;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.clnorm.sync.Collective;
import org.clnorm.sync.LocalCollective;

/** Ranks that are threads of this process. */
final class LocalRanks {
    /** What a rank does. */
    interface Body {
        void run(Collective ranks) throws Exception;
    }

    private LocalRanks() {
    }

    /**
     * Runs all ranks to their end; where one throws, ends the others.
     *
     * @throws RankException what the first that failed threw; a rank that does not even end at the deadline is left
     */
    static void run(int size, Duration deadline, Body body) {
        ExecutorService threads = Executors.newFixedThreadPool(size, LocalRanks::daemon);
        CompletionService<Void> ends = new ExecutorCompletionService<>(threads);
        try {
            List<Collective> all = LocalCollective.of(size, deadline);
            all.forEach(ranks -> ends.submit(() -> rank(ranks, body)));
            RankException first = null;
            for (int ended = 0; ended < size; ended++) {
                Future<Void> end = first == null ? ends.take() : ends.poll(deadline.toMillis(), TimeUnit.MILLISECONDS);
                first = end == null || first != null ? first : failure(end);
            }
            if (first != null) {
                throw first;
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", interrupted);
        } finally {
            threads.shutdownNow();
        }
    }

    private static Thread daemon(Runnable body) {
        Thread thread = new Thread(body);
        thread.setDaemon(true);
        return thread;
    }

    private static Void rank(Collective ranks, Body body) {
        try (ranks) {
            body.run(ranks);
            return null;
        } catch (Exception failed) {
            ranks.abort(RankException.reason(failed));
            throw new RankException(ranks.rank(), failed);
        }
    }

    private static RankException failure(Future<Void> end) throws InterruptedException {
        try {
            end.get();
            return null;
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof RankException known) {
                return known;
            }
            throw new IllegalStateException(failed.getCause());
        }
    }
}
