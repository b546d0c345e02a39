package org.clnorm.soak;

import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.Lock;
import org.clnorm.conformance.Trainee;
import org.clnorm.engine.opencl.Site;
import org.clnorm.tensor.DeviceException;

/**
 * One thread: cases on a device of its own, of one kind after another, and on devices that all threads share, where it
 * also trains a layer.
 */
final class Worker implements Runnable, AutoCloseable {
    private static final int JOBS_OF_A_SITE = 1_000;
    private static final int STEPS_OF_A_JOB = 10;
    private static final int STEPS_OF_A_LIFE = 5_000;
    /** Kinds of layers that are trained. */
    private static final int LAYERS = 16;

    private final String selector;
    private final List<String> kinds;
    private final List<Site> shared;
    private final Place place;
    private final Lock turn;
    private final long[] drawn;
    private final Random random;
    private Site own;
    private int jobs;
    private Trainee trainee;
    private Site school;
    private long taught;
    private long born;
    private volatile String job = "";
    private volatile boolean stopped;
    private volatile boolean settled;

    /**
     * A worker.
     *
     * @param kinds  of the devices that it opens
     * @param shared those of all
     * @param turn   held during a job
     * @param drawn  the seeds of the workloads that it takes again and again
     */
    Worker(String selector, List<String> kinds, List<Site> shared, Place place, Lock turn, long[] drawn, long seed) {
        this.selector = selector;
        this.kinds = kinds;
        this.shared = shared;
        this.place = place;
        this.turn = turn;
        this.drawn = drawn;
        this.random = new Random(seed);
    }

    @Override
    public void run() {
        while (!stopped) {
            turn.lock();
            try {
                next();
            } catch (RuntimeException | Error failed) {
                failed(failed);
            } finally {
                turn.unlock();
            }
        }
    }

    private void next() {
        int kind = random.nextInt(10);
        long seed = random.nextInt(Integer.MAX_VALUE);
        long what = drawn[random.nextInt(drawn.length)];
        if (kind < 6) {
            onOwn(what, seed);
        } else if (kind < 8) {
            Site site = shared.get(random.nextInt(shared.size()));
            job = "case " + site.kind() + " " + what + " " + seed;
            place.runCase(site, what, seed);
        } else {
            train(what % LAYERS, seed);
        }
    }

    private void onOwn(long what, long seed) {
        if (own == null) {
            open();
        }
        if (settled) {
            own.last();
        }
        job = "case " + own.kind() + " " + what + " " + seed;
        try {
            place.runCase(own, what, seed);
            jobs++;
        } catch (Attempts.Lost lost) {
            place.tally().lost.increment();
            closeOwn();
        }
        if (jobs >= JOBS_OF_A_SITE && !settled) {
            closeOwn();
        }
    }

    private void open() {
        String kind = kinds.get(random.nextInt(kinds.size()));
        job = "open " + kind;
        place.tally().opened.increment();
        if (random.nextInt(3) == 0) {
            try {
                own = new Site(selector, kind, random);
                return;
            } catch (DeviceException expected) {
                place.tally().faults.increment();
            }
        }
        own = new Site(selector, kind);
    }

    private void closeOwn() {
        Site site = own;
        own = null;
        jobs = 0;
        if (random.nextBoolean()) {
            site.close();
            return;
        }
        try {
            site.close(random);
        } catch (DeviceException expected) {
            place.tally().faults.increment();
        }
    }

    private void train(long what, long seed) {
        if (trainee == null) {
            born = seed;
            school = shared.get(random.nextInt(shared.size()));
            taught = what;
            job = "layer " + school.kind() + " " + taught + " " + born + " 0";
            trainee = place.trainee(school, taught, born);
        }
        job = "layer " + school.kind() + " " + taught + " " + born + " " + (trainee.steps() + STEPS_OF_A_JOB);
        place.train(trainee, STEPS_OF_A_JOB);
        if (trainee.steps() >= STEPS_OF_A_LIFE) {
            endLife();
        }
    }

    private void endLife() {
        if (trainee != null) {
            Trainee old = trainee;
            trainee = null;
            old.close();
        }
    }

    private void failed(Throwable failure) {
        place.tally().failed(new Failure(job, failure.toString()));
        // what was open of a job that broke is of no more use
        if (job.startsWith("layer")) {
            endLife();
        } else if (own != null && job.contains(" " + own.kind() + " ")) {
            Site broken = own;
            own = null;
            broken.close();
        }
    }

    /** What it does, or did last. */
    String job() {
        return job;
    }

    /** The device of its own, null where there is none now. */
    Site own() {
        return own;
    }

    /** How many tensors its layer holds on a shared device. */
    long tensorsOn(Site site) {
        return trainee != null && school == site ? trainee.tensors() : 0;
    }

    /** From now on it keeps the device of its own, and opens no other. */
    void settle() {
        settled = true;
    }

    /** Ends after the job that it does. */
    void stop() {
        stopped = true;
    }

    /** Closes what it has, after its thread has ended. */
    @Override
    public void close() {
        endLife();
        if (own != null) {
            own.close();
            own = null;
        }
        place.cpu().close();
    }
}
