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
import java.util.concurrent.atomic.AtomicReference;
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
            AtomicReference<RankException> first = new AtomicReference<>();
            all.forEach(ranks -> ends.submit(() -> rank(ranks, body, first)));
            for (int ended = 0; ended < size; ended++) {
                checkNoError(first.get() == null ? ends.take() : ends.poll(deadline.toMillis(), TimeUnit.MILLISECONDS));
            }
            if (first.get() != null) {
                throw first.get();
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

    private static Void rank(Collective ranks, Body body, AtomicReference<RankException> first) {
        try (ranks) {
            try {
                body.run(ranks);
            } catch (Exception failed) {
                // before the others hear of it, by abort or close: they throw too then, and may end sooner
                first.compareAndSet(null, new RankException(ranks.rank(), failed));
                ranks.abort(RankException.reason(failed));
            }
        }
        return null;
    }

    /** Of a rank that has ended; null for none. */
    private static void checkNoError(Future<Void> end) throws InterruptedException {
        try {
            if (end != null) {
                end.get();
            }
        } catch (ExecutionException failed) {
            throw new IllegalStateException(failed.getCause());
        }
    }
}
