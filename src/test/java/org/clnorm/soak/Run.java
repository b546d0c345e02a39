package org.clnorm.soak;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.UnaryOperator;
import java.util.stream.LongStream;
import org.clnorm.conformance.ReferenceCheck;
import org.clnorm.engine.opencl.Site;
import org.clnorm.state.StateDict;
import org.clnorm.tensor.Device;

/** Threads at work for some time, looked at every few seconds while all of them pause. */
final class Run implements AutoCloseable {
    /** Nothing that a thread does takes so long, on a machine with other work either. */
    private static final int HANGING_SECONDS = 300;
    private static final int MOST_FAILURES = 10;

    private final Tally tally = new Tally();
    private final List<Sample> samples = new ArrayList<>();
    private final List<Site> shared = new ArrayList<>();
    private final List<Worker> workers = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();
    /** Held by workers during a job, and by whoever looks at them. */
    private final ReentrantReadWriteLock work = new ReentrantReadWriteLock(true);
    private final double slack;
    private boolean hanging;

    /** Opens the devices that threads share. */
    Run(String selector, List<String> kernels, int threads, int workloads, long seed, Path folder,
            UnaryOperator<StateDict> tamper) {
        long[] drawn = LongStream.range(0, workloads).map(i -> seed * 1_000 + i).toArray();
        kernels.forEach(set -> shared.add(new Site(selector, set + "-shared")));
        slack = slack(shared.get(0).device());
        List<String> kinds = kernels.stream().flatMap(set -> List.of(set, set + "-lent").stream()).toList();
        for (int i = 0; i < threads; i++) {
            Place place = new Place(Device.cpu(), slack, folder.resolve("state-" + i + ".safetensors"), tally, tamper);
            workers.add(new Worker(selector, kinds, shared, place, work.readLock(), drawn, seed * 1_000_003 + i));
        }
    }

    /** What results may differ by on a device without denormals. */
    static double slack(Device device) {
        try (ReferenceCheck check = new ReferenceCheck()) {
            return check.keepsDenormals(device) ? 0 : Float.MIN_NORMAL;
        }
    }

    Tally tally() {
        return tally;
    }

    List<Sample> samples() {
        return samples;
    }

    /**
     * Works for so long, or until too much is wrong; tells of each sample. Devices come and go in the first half, and
     * stay in the second, so that what drivers keep of those that were closed does not look like a leak.
     */
    void run(double seconds, double interval, Runnable sampled) throws InterruptedException {
        for (Worker worker : workers) {
            Thread thread = new Thread(worker, "worker " + threads.size());
            thread.setDaemon(true);
            threads.add(thread);
            thread.start();
        }
        long begin = System.nanoTime();
        double now = 0;
        while (now < seconds && !hanging && tally.failures().size() < MOST_FAILURES) {
            double before = now;
            long passes = tally.passes.sum();
            Thread.sleep(Math.round(1000 * Math.min(interval, seconds - now)));
            hanging = !work.writeLock().tryLock(HANGING_SECONDS, TimeUnit.SECONDS);
            now = (System.nanoTime() - begin) / 1e9;
            if (!hanging) {
                try {
                    look(now, (tally.passes.sum() - passes) / (now - before));
                } finally {
                    work.writeLock().unlock();
                }
                sampled.run();
                if (now > seconds / 2) {
                    workers.forEach(Worker::settle);
                }
                now = (System.nanoTime() - begin) / 1e9;
            }
        }
    }

    private void look(double now, double speed) {
        double bytes = 0;
        double objects = 0;
        for (Site site : shared) {
            long open = site.device().liveTensors();
            long expected = workers.stream().mapToLong(worker -> worker.tensorsOn(site)).sum();
            if (open != expected && tally.failures().isEmpty()) {
                tally.failed(new Failure("",
                        "expected " + expected + " open tensors on " + site.kind() + ", got " + open));
            }
            bytes += site.bytes();
            objects += site.liveObjects();
        }
        for (Worker worker : workers) {
            if (worker.own() != null) {
                bytes += worker.own().bytes();
                objects += worker.own().liveObjects();
            }
        }
        samples.add(new Sample(now, speed, Sample.reachable(), Sample.inMemory(), bytes, objects, tally.faults.sum()));
    }

    /** Lets the threads end, and closes all; what does not end or is not released is a failure. */
    @Override
    public void close() {
        workers.forEach(Worker::stop);
        for (int i = 0; i < threads.size(); i++) {
            if (!ended(threads.get(i))) {
                StringBuilder where = new StringBuilder("hangs");
                for (StackTraceElement frame : threads.get(i).getStackTrace()) {
                    where.append(" at ").append(frame);
                }
                tally.failed(new Failure(workers.get(i).job(), where.toString()));
            }
        }
        if (threads.stream().noneMatch(Thread::isAlive)) {
            workers.forEach(worker -> closing(worker.job(), worker));
            shared.forEach(site -> closing("open " + site.kind(), site));
        }
    }

    private boolean ended(Thread thread) {
        try {
            thread.join(TimeUnit.SECONDS.toMillis(hanging ? 1 : HANGING_SECONDS));
        } catch (InterruptedException asked) {
            Thread.currentThread().interrupt();
        }
        return !thread.isAlive();
    }

    private void closing(String job, AutoCloseable what) {
        try {
            what.close();
        } catch (Exception failed) {
            tally.failed(new Failure(job, failed.toString()));
        }
    }
}
