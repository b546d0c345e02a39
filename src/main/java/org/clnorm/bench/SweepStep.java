package org.clnorm.bench;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A length of a sweep beside the power of two next to it, in one pass; both timed in turns.
 *
 * @param point       the length
 * @param neighbour   the power of two it is compared with; the length itself where the two were not timed
 * @param row         the length's times alone
 * @param medianRatio its time per byte over its neighbour's, by medians
 * @param minRatio    the same by minima
 */
public record SweepStep(SweepPoint point, SweepPoint neighbour, BenchRow row, double medianRatio, double minRatio) {
    /** A length that takes more than this many times as long per byte as its neighbour is a cliff. */
    public static final double CLIFF = 1.6;

    /**
     * Compares what was timed.
     *
     * @param points the points of any sweeps
     * @param report the timed passes, of these and other workloads, and the points timed in turns with their neighbours
     * @return a step for each point and pass that was timed, in the points' order
     */
    public static List<SweepStep> all(List<SweepPoint> points, BenchReport report) {
        Map<String, List<BenchRow>> byLine = new HashMap<>();
        report.rows().forEach(row -> byLine.computeIfAbsent(row.workload(), line -> new ArrayList<>()).add(row));
        List<SweepStep> steps = new ArrayList<>();
        for (SweepPoint point : points) {
            Optional<SweepPoint> neighbour = point.neighbour(points);
            for (BenchRow row : byLine.getOrDefault(point.line().text(), List.of())) {
                steps.add(neighbour.flatMap(other -> of(point, other, row, report.turns()))
                        .orElseGet(() -> new SweepStep(point, point, row, 1, 1)));
            }
        }
        return steps;
    }

    private static Optional<SweepStep> of(SweepPoint point, SweepPoint neighbour, BenchRow row, List<TurnTimes> turns) {
        // the other dimension is rounded down, so sizes differ a little
        double bytes = (double) point.line().workload().bytes() / neighbour.line().workload().bytes();
        return turns.stream()
                .filter(times -> times.workload().equals(row.workload()) && times.pass().equals(row.pass())
                        && times.beside().equals(neighbour.line().text()))
                .findFirst().map(times -> new SweepStep(point, neighbour, row, times.medianRatio() / bytes,
                        times.minRatio() / bytes));
    }

    /**
     * The verdict on some sweeps.
     *
     * @param steps steps of any sweeps
     * @return of each sweep, series and pass the step with the largest {@link #ratio()}, in the order in which they
     *         occur
     */
    public static List<SweepStep> worst(List<SweepStep> steps) {
        Map<List<Object>, SweepStep> worst = new LinkedHashMap<>();
        Comparator<SweepStep> byRatio = Comparator.comparingDouble(SweepStep::ratio);
        for (SweepStep step : steps) {
            worst.merge(List.of(step.point().sweep(), step.point().series(), step.row().pass()), step,
                    (first, second) -> byRatio.compare(second, first) > 0 ? second : first);
        }
        return List.copyOf(worst.values());
    }

    /**
     * How much slower the length is than its neighbour: the smaller of the two ratios. What disturbs the machine makes
     * one of them large for a moment; a length that is slow shows it in both.
     *
     * @return a ratio of times per byte
     */
    public double ratio() {
        return Math.min(medianRatio, minRatio);
    }

    /**
     * Whether the length is a cliff.
     *
     * @return true if its {@link #ratio()} exceeds {@link #CLIFF}
     */
    public boolean cliff() {
        return ratio() > CLIFF;
    }
}
