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

    private static BenchRow row(SweepPoint point, String pass, double median, double min) {
        return new BenchRow(point.line().text(), pass, median, min, median, 1, 1, "cpu", "cpu/rows", "device",
                List.of());
    }

    @Test
    void ratiosAreOfTimesPerByte() {
        List<SweepStep> steps = SweepStep.all(POINTS, List.of(row(BELOW, "forward", 30, 20),
                row(POWER, "forward", 10, 10), row(ABOVE, "forward", 12, 9)));
        assertEquals(List.of(1000L, 1024L, 1025L), steps.stream().map(step -> step.point().length()).toList());
        assertEquals(List.of(POWER, POWER, POWER), steps.stream().map(SweepStep::neighbour).toList());
        assertEquals(3.0 * 1024 / 1000, steps.get(0).medianRatio(), 1e-12);
        assertEquals(2.0 * 1024 / 1000, steps.get(0).minRatio(), 1e-12);
        assertEquals(1, steps.get(1).ratio());
        assertEquals(1.2 * 4096 / 3075, steps.get(2).medianRatio(), 1e-12);
        assertEquals(0.9 * 4096 / 3075, steps.get(2).ratio(), 1e-12);
    }

    @Test
    void passesAreComparedWithTheirOwn() {
        List<SweepStep> steps = SweepStep.all(POINTS, List.of(row(POWER, "forward", 10, 10),
                row(POWER, "backward", 100, 100), row(BELOW, "forward", 10, 10), row(BELOW, "backward", 200, 200)));
        assertEquals(List.of("forward", "backward", "forward", "backward"),
                steps.stream().map(step -> step.row().pass()).toList());
        assertEquals(1.024, steps.get(0).ratio(), 1e-12);
        assertEquals(2.048, steps.get(1).ratio(), 1e-12);
    }

    @Test
    void withoutItsNeighbourALengthStandsForItself() {
        SweepStep alone = SweepStep.all(POINTS, List.of(row(ABOVE, "forward", 10, 10))).get(0);
        assertEquals(ABOVE, alone.neighbour());
        assertEquals(1, alone.ratio());
        assertEquals(List.of(), SweepStep.all(POINTS, List.of()));
        assertEquals(List.of(), SweepStep.all(List.of(), List.of(row(ABOVE, "forward", 10, 10))));
    }

    @Test
    void theWorstOfEachSeriesAndPass() {
        SweepPoint other = new SweepPoint(Sweep.PLANES, "batch_norm", 1024, BenchLine.of("batch_norm 2x2x1024"));
        List<SweepStep> steps = SweepStep.all(List.of(BELOW, POWER, ABOVE, other), List.of(
                row(BELOW, "forward", 90, 10), row(POWER, "forward", 10, 10), row(ABOVE, "forward", 11, 11),
                row(POWER, "backward", 10, 10), row(BELOW, "backward", 20, 20), row(other, "forward", 5, 5)));
        List<SweepStep> worst = SweepStep.worst(steps);
        // 90 against 10 was a disturbance: the least time was not longer
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
        return new SweepStep(BELOW, POWER, row(BELOW, "forward", 1, 1), medianRatio, minRatio);
    }
}
