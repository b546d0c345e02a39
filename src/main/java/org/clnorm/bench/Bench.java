package org.clnorm.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.clnorm.NormLayer;
import org.clnorm.conformance.Workload;
import org.clnorm.plan.Task;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Tensor;

/** Checks workloads, then times them; what fails its check is not timed. */
public final class Bench {
    private final Device device;
    private final Checker checker;
    private final int runs;
    private final List<BenchRow> rows = new ArrayList<>();
    private final List<String> failures = new ArrayList<>();
    private final List<Double> copies = new ArrayList<>();
    private final List<TurnTimes> turns = new ArrayList<>();
    private SideBySide others;

    /**
     * A run on a device.
     *
     * @param device  where to run
     * @param checker decides what is fit to be timed
     * @param runs    how often each pass is timed, at least once
     */
    public Bench(Device device, Checker checker, int runs) {
        if (runs < 1) {
            throw new IllegalArgumentException("expected at least 1 run, got " + runs);
        }
        this.device = device;
        this.checker = checker;
        this.runs = runs;
    }

    /**
     * Times other libraries too.
     *
     * @param libraries the others
     * @return this
     */
    public Bench beside(SideBySide libraries) {
        others = libraries;
        return this;
    }

    /**
     * Checks and times a workload.
     *
     * @param line     the workload
     * @param progress told what is being done
     * @throws org.clnorm.tensor.DeviceException if the device fails; what was timed before is kept
     */
    public void run(BenchLine line, Consumer<String> progress) {
        progress.accept("checking " + line.text());
        try {
            checkAccepted(line.workload());
            Optional<String> fault = checker.fault(device, line.workload());
            if (fault.isPresent()) {
                failures.add(line.text() + ": failed its check, not timed: " + fault.get());
                return;
            }
            progress.accept("timing " + line.text());
            time(line, progress);
        } catch (IllegalArgumentException declined) {
            failures.add(line.text() + ": cannot be run here: " + declined.getMessage());
        }
    }

    /** Throws if the device cannot hold the workload, or the variant it was opened with does not do it. */
    private void checkAccepted(Workload workload) {
        try (NormLayer layer = workload.layer().on(device);
                Tensor x = device.empty(workload.dataType(), workload.stored())) {
            workload.explain(layer, x, Task.Pass.FORWARD);
            if (workload.backward()) {
                workload.explain(layer, x, Task.Pass.BACKWARD);
            }
        }
    }

    private void time(BenchLine line, Consumer<String> progress) {
        boolean backward = line.workload().backward();
        try (Subject subject = new Subject(device, line.workload())) {
            Timings timings = new Timings(device, subject, backward);
            timings.warmUp();
            for (int i = 0; i < runs; i++) {
                timings.round();
            }
            double copyUs = timings.copyMedian();
            copies.add(BenchRow.copyGbPerS(line.workload(), copyUs));
            SideBySide.Times beside = beside(line, subject, progress);
            rows.add(BenchRow.of(line, Task.Pass.FORWARD, timings.forward(), timings.forwardWall(), copyUs,
                    subject.explain(Task.Pass.FORWARD), device.name()).beside(beside.forward()));
            if (backward) {
                rows.add(BenchRow.of(line, Task.Pass.BACKWARD, timings.backward(), timings.backwardWall(), copyUs,
                        subject.explain(Task.Pass.BACKWARD), device.name()).beside(beside.backward()));
            }
        }
    }

    /**
     * Times two workloads in turns, if both have passed their checks and been timed alone.
     *
     * @param line     a workload
     * @param other    what to compare it with
     * @param progress told what is being done
     * @throws org.clnorm.tensor.DeviceException if the device fails; what was timed before is kept
     */
    public void compare(BenchLine line, BenchLine other, Consumer<String> progress) {
        if (!timed(line) || !timed(other)) {
            return;
        }
        progress.accept("comparing " + line.text());
        boolean backward = line.workload().backward() && other.workload().backward();
        try (Subject one = new Subject(device, line.workload()); Subject two = new Subject(device, other.workload())) {
            Timings own = new Timings(device, one, backward);
            Timings others = new Timings(device, two, backward);
            own.warmUp();
            others.warmUp();
            for (int i = 0; i < runs; i++) {
                own.passes();
                others.passes();
            }
            turns.add(TurnTimes.of(line, other, BenchRow.label(Task.Pass.FORWARD), own.forward(), others.forward()));
            if (backward) {
                turns.add(TurnTimes.of(line, other, BenchRow.label(Task.Pass.BACKWARD), own.backward(),
                        others.backward()));
            }
        }
    }

    private boolean timed(BenchLine line) {
        return rows.stream().anyMatch(row -> row.workload().equals(line.text()));
    }

    private SideBySide.Times beside(BenchLine line, Subject subject, Consumer<String> progress) {
        return others == null ? new SideBySide.Times(List.of(), List.of())
                : others.times(line.workload(), subject, new Stopwatch(device), progress,
                        fault -> failures.add(line.text() + ": " + fault));
    }

    /**
     * What has come of it so far.
     *
     * @return a snapshot
     */
    public BenchReport report() {
        return new BenchReport(rows, failures, copies, turns);
    }
}
