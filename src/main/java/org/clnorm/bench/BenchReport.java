package org.clnorm.bench;

import java.util.List;

/**
 * What came of timing some workloads.
 *
 * @param rows     two for each workload that passed its check, one without a backward pass; in the workloads' order
 * @param failures what was not timed, and why: a line for each workload
 * @param copies   the speed of the fastest copy of each workload's tensors, in 10⁹ bytes read and written a second
 * @param turns    pairs of workloads that were timed in turns, a pass each
 */
public record BenchReport(List<BenchRow> rows, List<String> failures, List<Double> copies, List<TurnTimes> turns) {
    /**
     * Copies the lists.
     *
     * @param rows     the timed passes
     * @param failures what was not timed
     * @param copies   the speed of copies
     * @param turns    pairs of workloads
     */
    public BenchReport {
        rows = List.copyOf(rows);
        failures = List.copyOf(failures);
        copies = List.copyOf(copies);
        turns = List.copyOf(turns);
    }
}
