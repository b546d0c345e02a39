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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BenchTest {
    private static final BenchLine LAYER = BenchLine.of("layer_norm 32x65 normalized_shape=65");
    private static final BenchLine EVAL = BenchLine.of("batch_norm 4x6x5x7 mode=eval");
    private static final BenchLine FORWARD_ONLY = BenchLine.of("group_norm 4x6x5x7 groups=3 backward=false");

    private static final String MEGABYTE = "layer_norm 250x1000 normalized_shape=1000";
    private static final List<String> FORMS = List.of("rms_norm 32x65 normalized_shape=65",
            "layer_norm 32x65 normalized_shape=65 residual=before activation=silu",
            "batch_norm 4x6x5x7 residual=after activation=relu", "group_norm 4x6x5x7 groups=3 residual=after");

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
    void timesFormsAsTheyAreUsed(Device device) {
        List<BenchLine> lines = FORMS.stream().map(BenchLine::of).toList();
        Bench bench = new Bench(device, Checker::againstReference, 1);
        lines.forEach(line -> bench.run(line, note -> { }));
        assertEquals(List.of(), bench.report().failures());
        assertEquals(2 * FORMS.size(), bench.report().rows().size());
        for (BenchRow row : bench.report().rows()) {
            assertTrue(row.gbPerS() > 0 && row.copyFraction() > 0, row.toString());
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
        BenchRow forward = row(MEGABYTE, Task.Pass.FORWARD, micros);
        BenchRow backward = row(MEGABYTE, Task.Pass.BACKWARD, micros);
        assertEquals(2, forward.gbPerS(), 1e-12);
        assertEquals(0.5, forward.copyFraction(), 1e-12);
        assertEquals(3, backward.gbPerS(), 1e-12);
        assertEquals(0.75, backward.copyFraction(), 1e-12);
    }

    @ParameterizedTest
    @CsvSource({
        "layer_norm 250x1000 normalized_shape=1000 activation=gelu, 2, 3",
        "layer_norm 250x1000 normalized_shape=1000 residual=before activation=relu, 4, 4",
        "batch_norm 250x1000 residual=after, 3, 3",
        "batch_norm 250x1000 residual=after activation=relu, 3.03125, 4.03125",
        "batch_norm 500x1000 residual=after activation=relu dtype=bf16, 3.0625, 4.0625"})
    void residualsAreCountedToo(String line, double forward, double backward) {
        Samples micros = new Samples();
        micros.add(1_000_000);
        assertEquals(forward, row(line, Task.Pass.FORWARD, micros).gbPerS(), 1e-12);
        assertEquals(backward, row(line, Task.Pass.BACKWARD, micros).gbPerS(), 1e-12);
        assertEquals(backward / 4, row(line, Task.Pass.BACKWARD, micros).copyFraction(), 1e-12);
    }

    /** A tensor of 10⁶ bytes that is copied in 500 microseconds. */
    private static BenchRow row(String line, Task.Pass pass, Samples samples) {
        return BenchRow.of(BenchLine.of(line), pass, samples, samples, 500,
                new Explanation(null, "cpu", "cpu/rows", "why"), "device");
    }

    @Test
    void noRunsAreRefused() {
        try (Device device = Device.cpu()) {
            assertThrows(IllegalArgumentException.class, () -> new Bench(device, Checker::againstReference, 0));
        }
    }
}
