package org.clnorm.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.clnorm.engine.HostProbe;
import org.clnorm.plan.Task;
import org.clnorm.tensor.Device;

/** Checks workloads, then measures what their calls cost the host, whatever the device does with them. */
public final class HostBench {
    private final Device device;
    private final Checker checker;
    private final int runs;
    private final List<HostRow> rows = new ArrayList<>();
    private final List<String> failures = new ArrayList<>();

    /**
     * A run on a device.
     *
     * @param device  where to run
     * @param checker decides what is fit to be measured
     * @param runs    how many batches of calls are measured, at least one
     * @throws IllegalArgumentException if the device has no {@link HostProbe}, or runs is less than 1
     */
    public HostBench(Device device, Checker checker, int runs) {
        device.service(HostProbe.class);
        if (runs < 1) {
            throw new IllegalArgumentException("expected at least 1 run, got " + runs);
        }
        this.device = device;
        this.checker = checker;
        this.runs = runs;
    }

    /**
     * Checks and measures a workload.
     *
     * @param line     the workload
     * @param progress told what is being done
     * @throws org.clnorm.tensor.DeviceException if the device fails; what was measured before is kept
     */
    public void run(BenchLine line, Consumer<String> progress) {
        progress.accept("checking " + line.text());
        try {
            Optional<String> fault = checker.fault(device, line.workload());
            if (fault.isPresent()) {
                failures.add(line.text() + ": failed its check, not measured: " + fault.get());
                return;
            }
            progress.accept("measuring " + line.text());
            measure(line);
        } catch (IllegalArgumentException declined) {
            failures.add(line.text() + ": cannot be run here: " + declined.getMessage());
        }
    }

    private void measure(BenchLine line) {
        boolean backward = line.workload().backward();
        try (HostSubject subject = new HostSubject(device, line.workload())) {
            HostTimings timings = new HostTimings(device, subject, backward);
            timings.warmUp();
            for (int i = 0; i < runs; i++) {
                timings.round();
            }
            rows.add(HostRow.of(line.text(), Task.Pass.FORWARD, timings.forward(false), timings.forward(true),
                    timings.empty(), subject.explain(Task.Pass.FORWARD), device.name()));
            if (backward) {
                rows.add(HostRow.of(line.text(), Task.Pass.BACKWARD, timings.backward(false), timings.backward(true),
                        timings.empty(), subject.explain(Task.Pass.BACKWARD), device.name()));
            }
        }
    }

    /**
     * What was measured so far.
     *
     * @return two rows a workload, one where it has no backward pass
     */
    public List<HostRow> rows() {
        return List.copyOf(rows);
    }

    /**
     * What was not measured, and why.
     *
     * @return a line for each workload
     */
    public List<String> failures() {
        return List.copyOf(failures);
    }
}
