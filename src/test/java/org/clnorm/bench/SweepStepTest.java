package org.clnorm.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class SweepStepTest {
    private static final SweepPoint POWER = point(1024, "layer_norm 4x1024 normalized_shape=1024");
    private static final SweepPoint ABOVE = point(1025, "layer_norm 3x1025 normalized_shape=1025");
    private static final SweepPoint BELOW = point(1000, "layer_norm 4x1000 normalized_shape=1000");
    private static final List<SweepPoint> POINTS = List.of(BELOW, POWER, ABOVE);

    private static SweepPoint point(long length, String line) {
        return new SweepPoint(Sweep.ROWS, "layer_norm", length, BenchLine.of(line));
    }

    private static BenchRow row(SweepPoint point, String pass) {
        return new BenchRow(point.line().text(), pass, 10, 10, 10, 1, 1, "cpu", "cpu/rows", "why", "device", List.of());
    }

    private static TurnTimes turns(SweepPoint point, String pass, double median, double min) {
        return new TurnTimes(point.line().text(), POWER.line().text(), pass, median, min);
    }

    private static List<SweepStep> steps(List<SweepPoint> points, List<BenchRow> rows, TurnTimes... turns) {
        return SweepStep.all(points, new BenchReport(rows, List.of(), List.of(), List.of(turns)));
    }

    @Test
    void ratiosAreOfTimesPerByte() {
        List<SweepStep> steps = steps(POINTS, List.of(row(BELOW, "forward"), row(POWER, "forward"),
                row(ABOVE, "forward")), turns(ABOVE, "forward", 1.2, 0.9), turns(BELOW, "forward", 3, 2));
        assertEquals(List.of(1000L, 1024L, 1025L), steps.stream().map(step -> step.point().length()).toList());
        assertEquals(List.of(POWER, POWER, POWER), steps.stream().map(SweepStep::neighbour).toList());
        assertEquals(3.0 * 1024 / 1000, steps.get(0).medianRatio(), 1e-12);
        assertEquals(2.0 * 1024 / 1000, steps.get(0).minRatio(), 1e-12);
        assertEquals(1, steps.get(1).ratio());
        assertEquals(1.2 * 4096 / 3075, steps.get(2).medianRatio(), 1e-12);
        assertEquals(0.9 * 4096 / 3075, steps.get(2).ratio(), 1e-12);
    }

    @Test
    void passesHaveTheirOwn() {
        List<SweepStep> steps = steps(POINTS, List.of(row(BELOW, "forward"), row(BELOW, "backward")),
                turns(BELOW, "forward", 1, 1), turns(BELOW, "backward", 2, 2));
        assertEquals(List.of("forward", "backward"), steps.stream().map(step -> step.row().pass()).toList());
        assertEquals(1.024, steps.get(0).ratio(), 1e-12);
        assertEquals(2.048, steps.get(1).ratio(), 1e-12);
    }

    @Test
    void withoutItsNeighbourALengthStandsForItself() {
        SweepStep alone = steps(POINTS, List.of(row(ABOVE, "forward"))).get(0);
        assertEquals(ABOVE, alone.neighbour());
        assertEquals(1, alone.ratio());
        SweepPoint stranger = new SweepPoint(Sweep.COLUMNS, "batch_norm", 1024, POWER.line());
        assertEquals(List.of(ABOVE, stranger), steps(List.of(ABOVE, stranger), List.of(row(ABOVE, "forward"),
                row(POWER, "forward")), turns(ABOVE, "forward", 9, 9)).stream().map(SweepStep::neighbour).toList());
        assertEquals(List.of(), steps(POINTS, List.of()));
        assertEquals(List.of(), steps(List.of(), List.of(row(ABOVE, "forward"))));
    }

    @Test
    void theWorstOfEachSeriesAndPass() {
        SweepPoint other = new SweepPoint(Sweep.PLANES, "batch_norm", 1024, BenchLine.of("batch_norm 2x2x1024"));
        List<SweepStep> steps = steps(List.of(BELOW, POWER, ABOVE, other), List.of(row(BELOW, "forward"),
                row(POWER, "forward"), row(ABOVE, "forward"), row(POWER, "backward"), row(BELOW, "backward"),
                row(other, "forward")), turns(BELOW, "forward", 9, 1), turns(ABOVE, "forward", 1.1, 1.1),
                turns(BELOW, "backward", 2, 2));
        List<SweepStep> worst = SweepStep.worst(steps);
        // 9 was a disturbance: the least time was not longer
        assertEquals(List.of(1025L, 1000L, 1024L), worst.stream().map(step -> step.point().length()).toList());
        assertEquals(List.of("forward", "backward", "forward"), worst.stream().map(step -> step.row().pass()).toList());
        assertEquals(List.of(Sweep.ROWS, Sweep.ROWS, Sweep.PLANES),
                worst.stream().map(step -> step.point().sweep()).toList());
    }

    @Test
    void aCliffShowsInMediansAndMinima() {
        assertTrue(step(1.61, 1.61).cliff());
        assertFalse(step(1.61, 1.6).cliff());
        assertFalse(step(1.6, 1.61).cliff());
    }

    private static SweepStep step(double medianRatio, double minRatio) {
        return new SweepStep(BELOW, POWER, row(BELOW, "forward"), medianRatio, minRatio);
    }
}
