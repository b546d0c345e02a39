package org.clnorm.bench;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.clnorm.engine.Explanation;
import org.clnorm.engine.Tunable;
import org.clnorm.plan.Candidates;
import org.clnorm.plan.Choice;
import org.clnorm.plan.NormPlan;
import org.clnorm.plan.Task;
import org.clnorm.plan.Tuning;
import org.clnorm.tensor.Device;

/**
 * Finds the fastest way to do the passes of workloads on a device. From the plan the device takes by itself it goes to
 * the fastest of those that one change leads to, another variant or another value of one threshold, and on from there
 * as long as that gains something. A plan is checked before it is timed; candidates are timed in turns.
 */
public final class Tuner {
    /** What a change must gain to be worth a line: more than the noise of medians. */
    private static final double GAIN = 0.97;
    private static final int MOST_CHANGES = 4;
    /** Candidates this many times slower than the one to beat are not timed again. */
    private static final double HOPELESS = 2;

    private final Device device;
    private final Tunable tunable;
    private final Checker checker;
    private final int runs;
    private final List<Tuned> results = new ArrayList<>();
    private final List<String> failures = new ArrayList<>();

    /**
     * A tuner of a device.
     *
     * @param device  an OpenCL device
     * @param checker decides what is fit to be timed
     * @param runs    how often each candidate is timed, at least once
     * @throws IllegalArgumentException if the device has no plans to choose from, or runs is below 1
     */
    public Tuner(Device device, Checker checker, int runs) {
        if (runs < 1) {
            throw new IllegalArgumentException("expected at least 1 run, got " + runs);
        }
        this.device = device;
        this.tunable = device.service(Tunable.class);
        this.checker = checker;
        this.runs = runs;
    }

    /**
     * Tunes a workload, forward and, where it has one, backward.
     *
     * @param line     the workload
     * @param progress told what is being done
     * @throws org.clnorm.tensor.DeviceException if the device fails; what was found before is kept
     */
    public void run(BenchLine line, Consumer<String> progress) {
        try {
            run(line, Task.Pass.FORWARD, progress);
            if (line.workload().backward()) {
                run(line, Task.Pass.BACKWARD, progress);
            }
        } catch (IllegalArgumentException declined) {
            failures.add(line.text() + ": cannot be run here: " + declined.getMessage());
        } finally {
            tunable.tune(Tuning.NONE);
        }
    }

    private void run(BenchLine line, Task.Pass pass, Consumer<String> progress) {
        try (Subject subject = new Subject(device, line.workload())) {
            Explanation start = subject.explain(pass);
            Search search = new Search(line, subject, start.task(), progress);
            Choice first = new Choice(start.variant(), Map.of());
            Choice best = first;
            for (int change = 0; change < MOST_CHANGES; change++) {
                Choice next = search.best(best);
                if (next.equals(best)) {
                    break;
                }
                best = next;
            }
            search.note(first, best);
        }
    }

    /**
     * What was found so far.
     *
     * @return a row for each pass
     */
    public List<Tuned> results() {
        return List.copyOf(results);
    }

    /**
     * What could not be tuned, or candidates that failed their check.
     *
     * @return a line each
     */
    public List<String> failures() {
        return List.copyOf(failures);
    }

    /**
     * The choices that are faster than the device's own.
     *
     * @return a tuning for this device
     */
    public Tuning tuning() {
        Map<String, Choice> choices = new LinkedHashMap<>();
        results.stream().filter(Tuned::changed).forEach(result -> choices.put(result.task().key(), result.choice()));
        return new Tuning(device.name(), choices);
    }

    /** The search for one pass of one workload. */
    private final class Search {
        private final BenchLine line;
        private final Subject subject;
        private final Task task;
        private final Consumer<String> progress;
        private final Map<Choice, Tuning> right = new HashMap<>();
        private final Set<Choice> wrong = new HashSet<>();
        private final Map<Choice, Samples> times = new HashMap<>();

        Search(BenchLine line, Subject subject, Task task, Consumer<String> progress) {
            this.line = line;
            this.subject = subject;
            this.task = task;
            this.progress = progress;
        }

        /** The fastest of what one change leads to, or where it started. */
        Choice best(Choice from) {
            List<Choice> candidates = new ArrayList<>();
            for (Map.Entry<Choice, NormPlan> candidate
                    : Candidates.around(task, tunable.traits(), from).entrySet()) {
                if (isRight(candidate.getKey())) {
                    candidates.add(candidate.getKey());
                }
            }
            time(candidates);
            double limit = GAIN * times.get(from).median();
            Choice best = from;
            for (Choice candidate : candidates) {
                double median = times.get(candidate).median();
                if (median < limit) {
                    limit = median;
                    best = candidate;
                }
            }
            return best;
        }

        private boolean isRight(Choice choice) {
            if (right.containsKey(choice)) {
                return true;
            }
            if (wrong.contains(choice)) {
                return false;
            }
            progress.accept("checking " + choice + " for " + line.text());
            Tuning tuning = new Tuning(device.name(), Map.of(task.key(), choice));
            tunable.tune(tuning);
            Optional<String> fault = checker.fault(device, line.workload());
            if (fault.isPresent()) {
                wrong.add(choice);
                failures.add(line.text() + ": " + choice + " failed its check: " + fault.get());
                return false;
            }
            right.put(choice, tuning);
            return true;
        }

        private void time(List<Choice> candidates) {
            progress.accept("timing " + candidates.size() + " ways for " + line.text());
            times.clear();
            Stopwatch watch = new Stopwatch(device);
            candidates.forEach(candidate -> times.put(candidate, new Samples()));
            List<Choice> left = new ArrayList<>(candidates);
            for (Choice candidate : candidates) {
                turn(candidate, watch); // warms up
            }
            for (int run = 0; run < runs; run++) {
                for (Choice candidate : left) {
                    times.get(candidate).add(turn(candidate, watch));
                }
                double limit = HOPELESS * times.get(candidates.get(0)).min();
                left.removeIf(candidate -> times.get(candidate).min() > limit);
            }
        }

        /** A pass that follows one of its kind, as in {@link Timings}. */
        private long turn(Choice choice, Stopwatch watch) {
            tunable.tune(right.get(choice));
            subject.forward();
            if (task.pass() == Task.Pass.FORWARD) {
                device.finish();
                return watch.wall(subject::forward);
            }
            subject.backward();
            subject.forward();
            device.finish();
            return watch.wall(subject::backward);
        }

        /** The first and the last once more against each other, so that luck does not stay in the file. */
        void note(Choice first, Choice best) {
            List<Choice> both = first.equals(best) ? List.of(first) : List.of(first, best);
            time(both);
            double before = times.get(first).median();
            double after = times.get(best).median();
            Choice kept = after < GAIN * before ? best : first;
            results.add(new Tuned(line.text(), task, before, kept.equals(first) ? before : after, kept,
                    !kept.equals(first), right.size()));
        }
    }
}
