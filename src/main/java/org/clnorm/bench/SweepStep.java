package org.clnorm.bench;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A length of a sweep beside the power of two next to it, in one pass.
 *
 * @param point       the length
 * @param neighbour   the power of two it is compared with; the length itself where the sweep has none, or it failed
 * @param row         the length's times
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
     * @param rows   the timed passes, of these and other workloads
     * @return a step for each point and pass that was timed, in the points' order
     */
    public static List<SweepStep> all(List<SweepPoint> points, List<BenchRow> rows) {
        Map<String, List<BenchRow>> byLine = new HashMap<>();
        rows.forEach(row -> byLine.computeIfAbsent(row.workload(), line -> new ArrayList<>()).add(row));
        List<SweepStep> steps = new ArrayList<>();
        for (SweepPoint point : points) {
            SweepPoint neighbour = neighbour(point, points);
            for (BenchRow row : byLine.getOrDefault(point.line().text(), List.of())) {
                byLine.getOrDefault(neighbour.line().text(), List.of()).stream()
                        .filter(other -> other.pass().equals(row.pass())).findFirst()
                        .ifPresentOrElse(other -> steps.add(of(point, neighbour, row, other)),
                                () -> steps.add(of(point, point, row, row)));
            }
        }
        return steps;
    }

    private static SweepPoint neighbour(SweepPoint point, List<SweepPoint> points) {
        long length = point.sweep().neighbour(point.length());
        return points.stream().filter(other -> other.isSeriesOf(point) && other.length() == length).findFirst()
                .orElse(point);
    }

    private static SweepStep of(SweepPoint point, SweepPoint neighbour, BenchRow row, BenchRow other) {
        // the other dimension is rounded down, so sizes differ a little
        double bytes = (double) point.line().workload().bytes() / neighbour.line().workload().bytes();
        return new SweepStep(point, neighbour, row, row.medianUs() / other.medianUs() / bytes,
                row.minUs() / other.minUs() / bytes);
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
