package org.clnorm.plan;

import static org.clnorm.plan.Axis.kept;
import static org.clnorm.plan.Axis.reduced;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.clnorm.plan.Task.Statistics;
import org.clnorm.tensor.DataType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TuningTest {
    private static final Traits CPU = new Traits(KernelSet.CPU, 2, 4096, 32768, 16);
    private static final NormView VIEW = NormView.of(kept(4096, 1024, 0), reduced(1024, 1, 1));
    private static final Task TASK = Task.forward(VIEW, Statistics.BATCH, true, true);
    private static final String KEY = "forward,batch,weight,bias,kept:4096:1024:0,reduced:1024:1:1";

    @TempDir
    private Path folder;

    @Test
    void aTaskIsNamedByAllThatDistinguishesIt() {
        assertEquals(KEY, TASK.key());
        Set<String> keys = new HashSet<>();
        List<Task> tasks = List.of(TASK, TASK.in(DataType.F16, DataType.F32), TASK.in(DataType.F16, DataType.F16),
                TASK.in(DataType.BF16, DataType.F32), Task.forward(VIEW, Statistics.GIVEN, true, true),
                Task.forward(VIEW, Statistics.BATCH, true, false),
                Task.backward(VIEW, Statistics.BATCH, true, true, true),
                Task.backward(VIEW, Statistics.BATCH, true, false, true),
                Task.backward(VIEW, Statistics.BATCH, true, true, false),
                Task.forward(NormView.of(kept(4096, 1024, 0), reduced(1024, 1, 0)), Statistics.BATCH, true, true));
        tasks.forEach(task -> keys.add(task.key()));
        assertEquals(tasks.size(), keys.size(), keys.toString());
    }

    @Test
    void whatIsWrittenIsRead() throws IOException {
        Choice choice = new Choice("cpu/rows", Map.of(Threshold.CPU_STREAM_BYTES, 77L));
        Path file = Files.write(folder.resolve("tuning"), new Tuning("a device, v1", Map.of(KEY, choice)).lines());
        Tuning read = Tuning.read(file);
        assertEquals("a device, v1", read.device());
        assertEquals(choice, read.choice(TASK).orElseThrow());
        assertTrue(read.choice(TASK.in(DataType.F16, DataType.F32)).isEmpty());
    }

    @Test
    void aTunedPlanSaysSoAndAForcedVariantComesFirst() {
        Tuning tuning = Tuning.parse(List.of("clnorm-tuning 1 D", "# a comment", "",
                KEY + " cpu/rows CPU_STREAM_BYTES=9223372036854775807 # never"), "file");
        NormPlan own = Planner.plan(TASK, CPU, "");
        NormPlan tuned = Planner.plan(TASK, CPU, "", tuning);
        assertEquals(1, own.steps().get(0).options().get("STREAM"));
        assertEquals(0, tuned.steps().get(0).options().get("STREAM"));
        assertEquals(own.reason() + "; tuned: cpu/rows CPU_STREAM_BYTES=9223372036854775807", tuned.reason());
        assertEquals(own, Planner.plan(TASK, CPU, "cpu/rows", tuning));
        Task other = Task.forward(VIEW, Statistics.BATCH, false, false);
        assertEquals(Planner.plan(other, CPU, ""), Planner.plan(other, CPU, "", tuning));
    }

    @Test
    void malformedFilesAreNamedWithTheirLine() {
        String head = "clnorm-tuning 1 D";
        expect("bad", List.of(), "clnorm-tuning 1", "nothing");
        expect("bad", List.of("hello"), "clnorm-tuning 1", "'hello'");
        expect("bad:2", List.of(head, KEY), "no variant");
        expect("bad:3", List.of(head, "# x", KEY + " cpu/none"), "cpu/rows", "'cpu/none'");
        expect("bad:2", List.of(head, KEY + " cpu/rows CPU_STREAM_BYTES"), "CPU_STREAM_BYTES");
        expect("bad:2", List.of(head, KEY + " cpu/rows CPU_STREAM_BYTES=many"), "many");
        expect("bad:2", List.of(head, KEY + " cpu/rows CPU_STREAM_BYTES=-1"), "0 or more", "-1");
        expect("bad:2", List.of(head, KEY + " cpu/rows NO_SUCH=1"), "NO_SUCH");
        expect("bad:3", List.of(head, KEY + " cpu/rows", KEY + " cpu/rows"), "again");
        Path none = folder.resolve("none");
        assertTrue(assertThrows(IllegalArgumentException.class, () -> Tuning.read(none)).getMessage()
                .contains(none.toString()));
    }

    private static void expect(String where, List<String> lines, String... words) {
        String message = assertThrows(IllegalArgumentException.class, () -> Tuning.parse(lines, "bad")).getMessage();
        assertTrue(message.contains(where), message);
        for (String word : words) {
            assertTrue(message.contains(word), message);
        }
    }

    @Test
    void candidatesAreDistinctPlansOfTheDevicesKernelSet() {
        Choice start = new Choice("cpu/rows", Map.of());
        Map<Choice, NormPlan> candidates = Candidates.around(TASK, CPU, start);
        assertEquals(start, candidates.keySet().iterator().next());
        assertTrue(candidates.keySet().stream().anyMatch(choice -> choice.variant().equals("plain")));
        assertFalse(candidates.keySet().stream().anyMatch(choice -> choice.variant().startsWith("gpu/")));
        List<NormPlan> plans = List.copyOf(candidates.values());
        for (int i = 0; i < plans.size(); i++) {
            for (int j = 0; j < i; j++) {
                assertNotEquals(plans.get(i).steps(), plans.get(j).steps());
            }
        }
    }

    @Test
    void alternativesAreSensible() {
        for (Threshold threshold : Threshold.values()) {
            assertEquals(threshold.value(), threshold.checked(threshold.value()));
            assertTrue(threshold.source().length() > 10, threshold.name());
            for (long other : threshold.alternatives(threshold.value())) {
                assertNotEquals(threshold.value(), other);
                assertEquals(other, threshold.checked(other));
            }
            assertThrows(IllegalArgumentException.class, () -> threshold.checked(-1));
        }
    }

    /** Products of sizes and numbers of a device would wrap: a plan divided by the 0 that came of it. */
    @Test
    void sizesBeyondReasonAreRefused() {
        String message = assertThrows(IllegalArgumentException.class, () -> Tuning.parse(List.of("clnorm-tuning 1 x",
                KEY + " cpu/rows GPU_SHARES=9223372036854775807"), "file")).getMessage();
        assertTrue(message.contains("expected GPU_SHARES to be 1 to 1073741824, got 9223372036854775807"), message);
    }
}
