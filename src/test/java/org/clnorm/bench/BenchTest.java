package org.clnorm.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.clnorm.OnEveryDevice;
import org.clnorm.engine.Explanation;
import org.clnorm.plan.Task;
import org.clnorm.tensor.Device;
import org.junit.jupiter.api.Test;

class BenchTest {
    private static final BenchLine LAYER = BenchLine.of("layer_norm 32x65 normalized_shape=65");
    private static final BenchLine EVAL = BenchLine.of("batch_norm 4x6x5x7 mode=eval");
    private static final BenchLine FORWARD_ONLY = BenchLine.of("group_norm 4x6x5x7 groups=3 backward=false");

    @OnEveryDevice
    void checksThenTimesEveryPass(Device device) {
        List<String> notes = new ArrayList<>();
        Bench bench = new Bench(device, Checker::againstReference, 2);
        for (BenchLine line : List.of(LAYER, EVAL, FORWARD_ONLY)) {
            bench.run(line, notes::add);
        }
        BenchReport report = bench.report();
        assertEquals(List.of(), report.failures());
        assertEquals(List.of("checking " + LAYER.text(), "timing " + LAYER.text()), notes.subList(0, 2));
        assertEquals(List.of("forward", "backward", "forward", "backward", "forward"),
                report.rows().stream().map(BenchRow::pass).toList());
        assertEquals(3, report.copies().size());
        for (BenchRow row : report.rows()) {
            assertTrue(row.minUs() > 0 && row.minUs() <= row.medianUs(), row.toString());
            assertTrue(row.wallMedianUs() > 0 && Double.isFinite(row.gbPerS()), row.toString());
            assertTrue(row.copyFraction() > 0 && Double.isFinite(row.copyFraction()), row.toString());
            assertTrue(List.of("cpu", "gpu", "java").contains(row.kernels()), row.toString());
            assertEquals(device.name(), row.device());
        }
    }

    @OnEveryDevice
    void memoryDoesNotGrowWithTheRuns(Device device) {
        long before = device.liveTensors();
        Bench bench = new Bench(device, (any, workload) -> Optional.empty(), 3);
        bench.run(LAYER, note -> { });
        bench.run(EVAL, note -> { });
        assertEquals(before, device.liveTensors());
        assertEquals(0, device.leakedTensors());
    }

    @OnEveryDevice
    void comparesWhatWasTimed(Device device) {
        Bench bench = new Bench(device, (any, workload) -> Optional.empty(), 2);
        List.of(LAYER, EVAL, FORWARD_ONLY).forEach(line -> bench.run(line, note -> { }));
        long before = device.liveTensors();
        bench.compare(LAYER, EVAL, note -> { });
        bench.compare(FORWARD_ONLY, LAYER, note -> { });
        bench.compare(LAYER, BenchLine.of("layer_norm 9x9 normalized_shape=9"), note -> { });
        assertEquals(before, device.liveTensors());
        List<TurnTimes> turns = bench.report().turns();
        assertEquals(List.of("forward", "backward", "forward"), turns.stream().map(TurnTimes::pass).toList());
        assertEquals(List.of(LAYER.text(), LAYER.text(), FORWARD_ONLY.text()),
                turns.stream().map(TurnTimes::workload).toList());
        assertEquals(List.of(EVAL.text(), EVAL.text(), LAYER.text()), turns.stream().map(TurnTimes::beside).toList());
        assertTrue(turns.stream().allMatch(one -> one.medianRatio() > 0 && one.minRatio() > 0), turns::toString);
    }

    @Test
    void turnsAreComparedByMediansAndMinima() {
        Samples own = new Samples();
        List.of(40L, 30L, 90L).forEach(own::add);
        Samples others = new Samples();
        List.of(20L, 10L, 20L).forEach(others::add);
        assertEquals(new TurnTimes(LAYER.text(), EVAL.text(), "forward", 2, 3),
                TurnTimes.of(LAYER, EVAL, "forward", own, others));
    }

    @Test
    void bytesAreCountedOnceATensor() {
        Samples micros = new Samples();
        micros.add(1_000_000);
        BenchRow forward = row(Task.Pass.FORWARD, micros);
        BenchRow backward = row(Task.Pass.BACKWARD, micros);
        assertEquals(2, forward.gbPerS(), 1e-12);
        assertEquals(0.5, forward.copyFraction(), 1e-12);
        assertEquals(3, backward.gbPerS(), 1e-12);
        assertEquals(0.75, backward.copyFraction(), 1e-12);
    }

    /** A tensor of 10⁶ bytes that is copied in 500 microseconds. */
    private static BenchRow row(Task.Pass pass, Samples samples) {
        return BenchRow.of("line", pass, 1_000_000, samples, samples, 500,
                new Explanation(null, "cpu", "cpu/rows", "why"), "device");
    }

    @Test
    void noRunsAreRefused() {
        try (Device device = Device.cpu()) {
            assertThrows(IllegalArgumentException.class, () -> new Bench(device, Checker::againstReference, 0));
        }
    }
}
