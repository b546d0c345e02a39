package org.clnorm.plan;

import static org.clnorm.plan.Axis.kept;
import static org.clnorm.plan.Axis.reduced;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.clnorm.plan.Task.Statistics;
import org.clnorm.tensor.DataType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class GpuPlansTest {
    private static final Traits LARGE = new Traits(KernelSet.GPU, 132, 1024, 49_152, 4);
    private static final Traits SMALL = new Traits(KernelSet.GPU, 2, 1024, 32_768, 4);
    private static final Traits TINY = new Traits(KernelSet.GPU, 1, 64, 8_192, 4);
    private static final List<Variant> VARIANTS = List.of(new GpuRowsVariant(), new GpuColumnsVariant(),
            new GpuPlanesVariant(), new GpuTicketedVariant());

    static Stream<NormView> views() {
        return Stream.of(layer(4096, 1024), layer(512, 8192), layer(200_000, 31), layer(16, 262_144), layer(1, 1),
                layer(2, 4_000_001), layer(65_536, 16_384), layer(3, 3), groups(16, 64, 1, 16_384),
                groups(20, 100, 1, 35 * 45), groups(8, 32, 10, 4096), groups(1, 4, 8, 65_536), groups(9, 3, 5, 1),
                groups(4096, 2, 3, 5), planes(32, 64, 3136), planes(8, 256, 784), planes(8192, 512, 1),
                planes(100_001, 3, 1), planes(17, 13, 1), planes(64, 2048, 49), planes(2, 1, 300_001), planes(1, 5, 7));
    }

    @ParameterizedTest
    @MethodSource("views")
    void everyLaunchFitsTheDeviceAndItsBuffers(NormView view) {
        for (Traits traits : List.of(LARGE, SMALL, TINY)) {
            for (Task task : tasks(view)) {
                for (Variant variant : VARIANTS) {
                    variant.plan(task, traits).ifPresent(plan -> check(plan, task, traits));
                }
            }
        }
    }

    @Test
    void runningStatisticsTakeNoLaunchOfTheirOwnWhereKernelsCan() {
        for (NormView view : List.of(planes(32, 64, 3136), planes(8, 1024, 784), planes(8192, 512, 1),
                planes(100_001, 3, 1), planes(17, 13, 1))) {
            Task still = Task.forward(view, Statistics.BATCH, true, true);
            Task moving = still.moving(view.groups());
            assertEquals(kernels(Planner.plan(still, LARGE, "")), launches(moving, ""), view.toString());
            Task given = Task.forward(view, Statistics.GIVEN, true, true);
            assertEquals(List.of("apply"), launches(given, ""), view.toString());
        }
        Task ticketed = Task.forward(planes(32, 64, 3136), Statistics.BATCH, true, true).moving(64);
        assertEquals(List.of("clear_tickets", "forward", "running_update"), launches(ticketed, "gpu/planes-ticketed"));
    }

    private static List<String> launches(Task task, String variant) {
        NormPlan plan = Planner.plan(task, LARGE, variant);
        return StatisticsSteps.around(task, plan, LARGE).stream().map(Step::kernel).toList();
    }

    private static void check(NormPlan plan, Task task, Traits traits) {
        String said = plan + " for " + task;
        for (Step step : plan.steps()) {
            assertTrue(step.groups() > 0 && step.workGroup() > 0, said);
            assertTrue(step.workGroup() <= traits.maxWorkGroup(), said);
            if (step.options().containsKey("LANES") || step.options().containsKey("ITEMS")) {
                long teams = step.options().getOrDefault("TEAMS", 1);
                long items = step.options().containsKey("ITEMS") ? option(step, "ITEMS")
                        : option(step, "LANES") * option(step, "DEPTH");
                assertEquals(items * teams, step.workGroup(), said);
                assertEquals(1, Long.bitCount(items * teams), said);
                assertTrue(items * teams * 20 * step.options().getOrDefault("WIDTH", 1) <= traits.localBytes(), said);
            }
            if (step.options().getOrDefault("HOLDS", 0) == 1) {
                Map<String, Long> scalars = step.scalars();
                long visits = scalars.containsKey("span") ? (scalars.get("span") + 3) / 4 * scalars.get("planes")
                        : (scalars.get("all") + scalars.get("repeat") - 1) / scalars.get("repeat");
                long visitors = step.options().containsKey("ITEMS") ? option(step, "ITEMS") : option(step, "DEPTH");
                assertTrue(visits <= visitors * option(step, "BLOCK"), said);
            }
        }
        boolean sums = plan.steps().stream().anyMatch(step -> step.kernel().equals("sum_partials"));
        assertEquals(task.parameters(), sums, said);
        if (sums) {
            Step last = plan.steps().get(plan.steps().size() - 1);
            assertEquals("sum_partials", last.kernel(), said);
            assertEquals(task.view().parameters(), last.scalars().get("parameters"), said);
            long needed = 2 * last.scalars().get("blocks") * task.view().parameters();
            assertTrue(plan.scratch().get("partials") >= needed, said);
        }
    }

    @Test
    void rowsOfAWorkGroupBeginAtOneAlignment() {
        for (DataType type : List.of(DataType.F32, DataType.F16)) {
            long pack = 16 / type.bytes();
            for (long length : List.of(24L, 25L, 26L, 28L, 1023L)) {
                NormView view = layer(200_000, length);
                for (Task task : List.of(Task.forward(view, Statistics.BATCH, true, true),
                        Task.backward(view, Statistics.BATCH, true, true, true))) {
                    Step step = new GpuRowsVariant().plan(task.in(type, DataType.F32), LARGE).orElseThrow().steps()
                            .get(0);
                    long phases = step.scalars().get("phases");
                    assertEquals(0, step.groups() % phases, step.toString());
                    assertEquals(0, phases * length % pack, step.toString());
                }
            }
        }
    }

    @Test
    void rowsAreHeldAsTheyFit() {
        assertEquals(List.of(8, 16, 4, 0), held(layer(65_536, 128), DataType.F32));
        assertEquals(List.of(32, 4, 8, 0), held(layer(65_536, 1024), DataType.F32));
        assertEquals(List.of(32, 4, 4, 0), held(layer(65_536, 1024), DataType.BF16));
        assertEquals(List.of(256, 1, 8, 0), held(layer(65_536, 8192), DataType.F32));
        assertEquals(List.of(256, 1, 16, 0), held(layer(65_536, 16_384), DataType.F32));
        assertEquals(List.of(512, 1, 16, 0), held(layer(65_536, 32_768), DataType.F32));
        assertEquals(List.of(512, 1, 8, 0), held(layer(65_536, 32_768), DataType.F16));
        assertEquals(List.of(512, 1, 8, 1), held(layer(65_536, 65_536), DataType.F16));
        assertEquals(5, forwardStep(layer(65_536, 65_536), DataType.F16).options().get("LOCAL_PACKS"));
        assertEquals(1, forwardStep(layer(65_536, 1023), DataType.F16).options().get("KEEP"));
        assertEquals(null, forwardStep(layer(65_536, 1024), DataType.F16).options().get("KEEP"));
        assertEquals(List.of(512, 1, 16, 0), held(layer(65_536, 32_767), DataType.F32));
    }

    @Test
    void gradientsOfRowsAreHeldAsTheyFit() {
        assertEquals(1, backwardStep(4096, DataType.F32).options().get("HOLD"));
        assertEquals(1, backwardStep(4095, DataType.F16).options().get("KEEP"));
        assertEquals(0, backwardStep(8192, DataType.F16).options().get("HOLD"));
        assertEquals(0, backwardStep(8191, DataType.F32).options().get("HOLD"));
        assertEquals("chunk_sums", backwardStep(8191, DataType.F16).kernel());
        assertEquals("chunk_sums", backwardStep(8200, DataType.F32).kernel());
    }

    private static Step backwardStep(long length, DataType type) {
        Task task = Task.backward(layer(65_536, length), Statistics.BATCH, true, true, true).in(type, DataType.F32);
        return new GpuRowsVariant().plan(task, LARGE.with(Reduction.SHUFFLES)).orElseThrow().steps().get(0);
    }

    /** No work-item finds a pack missing that its kernel takes for granted, and all packs have one. */
    @Test
    void everyPackOfARowIsHeld() {
        for (int pack : List.of(4, 8)) {
            for (long length = 1; length < 3000; length += 7) {
                GpuRowTeam team = GpuRowTeam.of(length, pack, 32, LARGE);
                long full = team.options(true).get("FULL");
                for (long row = 0; row < pack; row++) {
                    long lead = Math.min(Math.floorMod(-row * length, pack), length);
                    long packs = (length - lead) / pack;
                    assertTrue(packs <= team.items() * team.packs(), team + " of row " + row);
                    assertTrue(packs >= team.items() * full, team + " of row " + row);
                    assertTrue(length - pack * packs <= team.items(), team + " has edges enough for row " + row);
                }
            }
        }
    }

    private static List<Integer> held(NormView view, DataType type) {
        Map<String, Integer> options = forwardStep(view, type).options();
        return List.of(options.get("ITEMS"), options.get("TEAMS"), options.get("PACKS"),
                options.getOrDefault("CHUNKED", 0));
    }

    private static Step forwardStep(NormView view, DataType type) {
        return new GpuRowsVariant().plan(Task.forward(view, Statistics.BATCH, true, true).in(type, DataType.F32),
                LARGE.with(Reduction.SHUFFLES)).orElseThrow().steps().get(0);
    }

    @Test
    void aPlanDependsOnTaskAndTraitsAlone() {
        Task task = Task.backward(layer(1000, 77), Statistics.BATCH, true, true, true);
        assertEquals(new GpuRowsVariant().plan(task, LARGE), new GpuRowsVariant().plan(task, LARGE));
    }

    @Test
    void variantsDeclineWhatTheyDoNotDo() {
        Task layer = Task.forward(layer(7, 31), Statistics.BATCH, true, true);
        assertEquals(Optional.empty(), new GpuPlanesVariant().plan(layer, LARGE));
        assertEquals(Optional.empty(), new GpuColumnsVariant().plan(layer, LARGE));
        Task batch = Task.forward(planes(3, 5, 7), Statistics.BATCH, true, true);
        assertEquals(Optional.empty(), new GpuRowsVariant().plan(batch, LARGE));
        assertEquals(Optional.empty(), new GpuColumnsVariant().plan(batch, LARGE));
        Task oneSample = Task.forward(planes(1, 5, 7), Statistics.GIVEN, true, true);
        assertEquals(Optional.empty(), new GpuRowsVariant().plan(oneSample, LARGE));
    }

    @Test
    void manyGroupsTakeOneLaunchAndFewAreCut() {
        assertEquals(List.of("forward"), forward(new GpuPlanesVariant(), planes(32, 512, 784)));
        assertEquals(List.of("chunk_moments", "apply_merged"), forward(new GpuPlanesVariant(), planes(32, 64, 3136)));
        assertEquals(List.of("forward"), forward(new GpuRowsVariant(), layer(4096, 1024)));
        assertEquals(List.of("chunk_moments", "apply"), forward(new GpuRowsVariant(), layer(16, 262_144)));
        assertEquals(List.of("forward"), forward(new GpuRowsVariant(), groups(16, 64, 1, 16_384)));
        assertEquals(List.of("forward"), forward(new GpuColumnsVariant(), planes(64, 512, 1)));
        assertEquals(List.of("chunk_moments", "merge_moments", "apply"),
                forward(new GpuColumnsVariant(), planes(8192, 512, 1)));
        assertEquals(List.of("chunk_moments", "apply_merged"), forward(new GpuColumnsVariant(), planes(700, 512, 1)));
    }

    @Test
    void aTicketWaitsForSmallerOnesOnly() {
        for (Traits traits : List.of(LARGE, SMALL, TINY)) {
            for (NormView view : List.of(planes(4, 128, 1 << 20), planes(3, 5, 7), planes(32, 64, 3136))) {
                Task task = Task.backward(view, Statistics.BATCH, true, true, true);
                Step step = new GpuTicketedVariant().plan(task, traits).orElseThrow().steps().get(1);
                long slices = step.scalars().get("chunks");
                assertTrue(step.scalars().get("lag") >= slices, step.toString());
                assertEquals(step.scalars().get("groups") * slices + step.scalars().get("lag"), step.groups());
                assertEquals(1, option(step, "TEAMS"));
            }
        }
    }

    @Test
    void ticketsAreDrawnOnlyWhenAskedFor() {
        Task task = Task.forward(planes(4, 128, 1 << 20), Statistics.BATCH, true, true);
        assertEquals("gpu/planes", Planner.plan(task, LARGE, "").variant());
        assertEquals("gpu/planes-ticketed", Planner.plan(task, LARGE, "gpu/planes-ticketed").variant());
    }

    @Test
    void groupsThatFitAreHeldInRegisters() {
        assertEquals(1, option(first(planes(32, 2048, 49)), "HOLDS"));
        assertEquals(1, option(first(planes(8, 256, 784)), "HOLDS"));
        assertEquals(0, option(first(planes(32, 512, 784)), "HOLDS"));
    }

    private static Step first(NormView view) {
        return new GpuPlanesVariant().plan(Task.forward(view, Statistics.BATCH, true, true), LARGE).orElseThrow()
                .steps().get(0);
    }

    @Test
    void everyNumberOfColumnsIsReadInPacks() {
        for (long channels : new long[] {2, 3, 6, 13, 35, 64, 100, 1001, 4096}) {
            Task task = Task.forward(planes(100_000, channels, 1), Statistics.BATCH, true, true);
            Step step = new GpuColumnsVariant().plan(task, LARGE).orElseThrow().steps().get(0);
            long columns = step.scalars().get("repeat") * channels;
            assertEquals(0, columns % 4, step.toString());
            assertTrue(columns >= 64, step.toString());
        }
    }

    @Test
    void tinyTensorsTakeOneLaunchForwardAndTwoBackward() {
        for (NormView view : List.of(layer(64, 256), groups(4, 8, 4, 64), planes(8, 32, 49), planes(32, 16, 1))) {
            List<NormPlan> plans = Stream.of(Task.forward(view, Statistics.BATCH, true, true),
                    Task.backward(view, Statistics.BATCH, true, true, true)).map(task -> VARIANTS.stream()
                            .flatMap(variant -> variant.plan(task, LARGE).stream()).findFirst().orElseThrow()).toList();
            assertEquals(1, plans.get(0).steps().size(), view.toString());
            assertEquals(2, plans.get(1).steps().size(), view.toString());
        }
    }

    @Test
    void partialSumsStaySmallBesideTheTensor() {
        for (NormView view : List.of(layer(4096, 1024), layer(65_536, 1024), layer(65_536, 16_384), layer(512, 8192),
                layer(200_000, 31), layer(16, 262_144), layer(128, 32_768))) {
            NormPlan plan = backward(view, true, LARGE);
            assertTrue(plan.scratch().get("partials") <= view.elements() / 3, view + ": " + plan);
        }
    }

    @Test
    void longRowsAreDoneByColumns() {
        NormPlan plan = backward(layer(16, 262_144), true, LARGE);
        assertEquals(List.of("chunk_sums", "merge_sums", "row_gradients", "sum_partials"), kernels(plan));
        NormPlan noDx = backward(layer(16, 262_144), false, LARGE);
        assertEquals(List.of("row_gradients", "sum_partials"), kernels(noDx));
    }

    @Test
    void manyPartialSumsAreFolded() {
        NormPlan plan = backward(groups(4096, 2, 3, 5), true, LARGE);
        assertEquals(List.of("backward", "fold_partials", "sum_partials"), kernels(plan));
        Step fold = plan.steps().get(1);
        assertEquals(4096, fold.scalars().get("raw_blocks"));
        assertEquals(plan.scratch().get("partials"), fold.scalars().get("raw") + 2 * 4096 * 6);
        assertEquals(fold.scalars().get("raw"), plan.steps().get(0).scalars().get("raw"));
    }

    @Test
    void bytesAreCountedOnceATensor() {
        NormView view = planes(4, 8, 16);
        long tensor = 4 * view.elements();
        assertEquals(2 * tensor, bytes(Task.forward(view, Statistics.BATCH, true, true)));
        assertEquals(3 * tensor, bytes(Task.backward(view, Statistics.BATCH, true, true, true)));
        assertEquals(2 * tensor, bytes(Task.backward(view, Statistics.GIVEN, true, true, false)));
    }

    private static long bytes(Task task) {
        return new GpuPlanesVariant().plan(task, LARGE).orElseThrow().minimumBytes();
    }

    private static NormPlan backward(NormView view, boolean dx, Traits traits) {
        return new GpuRowsVariant().plan(Task.backward(view, Statistics.BATCH, true, dx, true), traits).orElseThrow();
    }

    private static List<String> forward(Variant variant, NormView view) {
        return kernels(variant.plan(Task.forward(view, Statistics.BATCH, true, true), LARGE).orElseThrow());
    }

    private static List<String> kernels(NormPlan plan) {
        return plan.steps().stream().map(Step::kernel).toList();
    }

    private static long option(Step step, String name) {
        return step.options().get(name);
    }

    private static List<Task> tasks(NormView view) {
        List<Task> tasks = new ArrayList<>();
        for (Statistics statistics : List.of(Statistics.BATCH, Statistics.GIVEN)) {
            tasks.add(Task.forward(view, statistics, true, true));
            tasks.add(Task.forward(view, statistics, false, false));
            tasks.add(Task.backward(view, statistics, true, true, true));
            tasks.add(Task.backward(view, statistics, true, true, false));
            tasks.add(Task.backward(view, statistics, false, true, false));
            tasks.add(Task.backward(view, statistics, true, false, true));
        }
        return tasks;
    }

    private static NormView layer(long rows, long length) {
        return NormView.of(kept(rows, length, 0), reduced(length, 1, 1));
    }

    private static NormView groups(long samples, long groups, long channels, long span) {
        return NormView.of(kept(samples, groups * channels * span, 0), kept(groups, channels * span, channels),
                reduced(channels, span, 1), reduced(span, 1, 0));
    }

    private static NormView planes(long outer, long channels, long span) {
        return NormView.of(reduced(outer, channels * span, 0), kept(channels, span, 1), reduced(span, 1, 0));
    }
}
