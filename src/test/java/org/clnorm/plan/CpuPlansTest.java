package org.clnorm.plan;

import static org.clnorm.plan.Axis.kept;
import static org.clnorm.plan.Axis.reduced;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import org.clnorm.plan.Task.Statistics;
import org.clnorm.tensor.DataType;
import org.junit.jupiter.api.Test;

/** How the CPU kernel set divides work; what the kernels rely on. */
class CpuPlansTest {
    private static final Traits TWO_CORES = new Traits(KernelSet.CPU, 2, 4096, 32768, 16);
    private static final NormView LAYER_NORM = NormView.of(kept(4096, 1024, 0), reduced(1024, 1, 1));
    private static final NormView LONG_ROWS = NormView.of(kept(2, 1 << 20, 0), reduced(1 << 20, 1, 1));
    private static final NormView GROUP_NORM = NormView.of(kept(16, 262_144, 0), kept(32, 8192, 8),
            reduced(8, 1024, 1), reduced(1024, 1, 0));
    private static final NormView BATCH_NORM = NormView.of(reduced(32, 64 * 3136, 0), kept(64, 3136, 1),
            reduced(3136, 1, 0));
    private static final NormView FEW_CHANNELS = NormView.of(reduced(8, 3 * 50_176, 0), kept(3, 50_176, 1),
            reduced(50_176, 1, 0));
    private static final NormView COLUMNS = NormView.of(reduced(8192, 600, 0), kept(600, 1, 1));

    private static NormPlan forward(NormView view, Statistics statistics) {
        return Planner.plan(Task.forward(view, statistics, true, true), TWO_CORES, "");
    }

    private static NormPlan backward(NormView view, Statistics statistics) {
        return Planner.plan(Task.backward(view, statistics, true, true, true), TWO_CORES, "");
    }

    private static List<String> kernels(NormPlan plan) {
        return plan.steps().stream().map(Step::kernel).toList();
    }

    @Test
    void eachPatternHasItsVariant() {
        assertEquals("cpu/rows", forward(LAYER_NORM, Statistics.BATCH).variant());
        assertEquals("cpu/rows", forward(GROUP_NORM, Statistics.BATCH).variant());
        assertEquals("cpu/planes", forward(BATCH_NORM, Statistics.BATCH).variant());
        assertEquals("cpu/planes", forward(BATCH_NORM, Statistics.GIVEN).variant());
        assertEquals("cpu/columns", forward(COLUMNS, Statistics.BATCH).variant());
        assertEquals("cpu/columns", forward(COLUMNS, Statistics.GIVEN).variant());
    }

    /** Channels last, in groups of some members each. */
    private static NormView groupsLast(long samples, long pixels, long groups, long members) {
        long channels = groups * members;
        return NormView.of(kept(samples, pixels * channels, 0), reduced(pixels, channels, 0),
                kept(groups, members, members), reduced(members, 1, 1));
    }

    @Test
    void channelsLastAreColumns() {
        NormView fewLarge = groupsLast(2, 90_000, 64, 1);
        for (NormView view : List.of(groupsLast(32, 3136, 64, 1), groupsLast(16, 1024, 32, 8), fewLarge,
                groupsLast(1, 1024, 1, 256),
                NormView.of(kept(8, 96 * 3136, 0), reduced(96, 3136, 1), kept(3136, 1, 0)))) {
            for (Statistics statistics : List.of(Statistics.BATCH, Statistics.GIVEN)) {
                assertEquals("cpu/columns", forward(view, statistics).variant(), view.toString());
                assertEquals("cpu/columns", backward(view, statistics).variant(), view.toString());
            }
        }
        assertEquals(List.of("columns_forward"), kernels(forward(groupsLast(16, 1024, 32, 8), Statistics.BATCH)));
        assertEquals(List.of("columns_shared", "sum_partials"),
                kernels(backward(groupsLast(16, 1024, 32, 8), Statistics.BATCH)));
        assertEquals(List.of("columns_moments", "columns_merge", "columns_apply"),
                kernels(forward(fewLarge, Statistics.BATCH)));
        assertEquals(List.of("columns_sums", "columns_fold", "columns_dx", "sum_partials"),
                kernels(backward(fewLarge, Statistics.BATCH)));
        Task dxAlone = Task.backward(fewLarge, Statistics.BATCH, true, true, false);
        assertEquals(List.of("columns_sums", "columns_fold", "columns_dx"),
                kernels(Planner.plan(dxAlone, TWO_CORES, "")));
    }

    @Test
    void spansThatTilesHaveNoRoomForAreLeft() {
        assertEquals("plain", forward(groupsLast(2, 90, 2, 1025), Statistics.BATCH).variant());
        assertEquals("cpu/columns", forward(groupsLast(2, 90, 2, 1024), Statistics.BATCH).variant());
    }

    @Test
    void rowsDeclineGivenStatistics() {
        Task task = Task.forward(NormView.of(kept(5, 700, 1), reduced(700, 1, 0)), Statistics.GIVEN, true, true);
        assertEquals(Optional.empty(), new CpuRowsVariant().plan(task, TWO_CORES));
        assertEquals("cpu/planes", Planner.plan(task, TWO_CORES, "").variant());
    }

    @Test
    void enoughGroupsNeedOneLaunch() {
        assertEquals(List.of("rows_forward"), kernels(forward(LAYER_NORM, Statistics.BATCH)));
        assertEquals(List.of("planes_forward"), kernels(forward(BATCH_NORM, Statistics.BATCH)));
        assertEquals(List.of("planes_apply"), kernels(forward(BATCH_NORM, Statistics.GIVEN)));
        assertEquals(List.of("columns_apply"), kernels(forward(COLUMNS, Statistics.GIVEN)));
        assertEquals(List.of("dense_backward", "sum_partials"), kernels(backward(LAYER_NORM, Statistics.BATCH)));
        assertEquals(List.of("segments_backward", "sum_partials"), kernels(backward(GROUP_NORM, Statistics.BATCH)));
        assertEquals(List.of("planes_backward"), kernels(backward(BATCH_NORM, Statistics.GIVEN)));
    }

    @Test
    void runningStatisticsTakeNoLaunchOfTheirOwn() {
        NormView oneSample = NormView.of(kept(64, 3136, 1), reduced(3136, 1, 0));
        NormView large = view(new Planes(4000, 64, 7));
        for (NormView view : List.of(BATCH_NORM, FEW_CHANNELS, COLUMNS, large, oneSample)) {
            Task moving = Task.forward(view, Statistics.BATCH, true, true).moving(view.groups());
            assertEquals(kernels(forward(view, Statistics.BATCH)), launches(moving, ""), view.toString());
            assertEquals(1, launches(Task.forward(view, Statistics.GIVEN, true, true), "").size(), view.toString());
        }
    }

    @Test
    void whatKernelsDoNotDoIsALaunch() {
        Task given = Task.forward(BATCH_NORM, Statistics.GIVEN, true, true);
        assertEquals(List.of("given_statistics", "forward"), launches(given, "plain"));
        Task moving = Task.forward(BATCH_NORM, Statistics.BATCH, true, true).moving(64);
        assertEquals(List.of("forward", "running_update"), launches(moving, "plain"));
        NormView instances = NormView.of(kept(8, 64 * 3136, 0), kept(64, 3136, 1), reduced(3136, 1, 0));
        Task shared = Task.forward(instances, Statistics.BATCH, true, true).moving(64);
        assertEquals(List.of("rows_forward", "running_update"), launches(shared, ""));
        assertEquals(List.of("planes_backward"), launches(Task.backward(BATCH_NORM, Statistics.GIVEN, true, true,
                true), ""));
    }

    private static List<String> launches(Task task, String variant) {
        NormPlan plan = Planner.plan(task, TWO_CORES, variant);
        return StatisticsSteps.around(task, plan, TWO_CORES).stream().map(Step::kernel).toList();
    }

    @Test
    void fewLongGroupsAreShared() {
        assertEquals(List.of("rows_moments", "rows_merge", "rows_apply"),
                kernels(forward(LONG_ROWS, Statistics.BATCH)));
        assertEquals(List.of("dense_sums", "dense_fold", "dense_columns"),
                kernels(backward(LONG_ROWS, Statistics.BATCH)));
        assertEquals(List.of("planes_moments", "planes_merge", "planes_apply"),
                kernels(forward(FEW_CHANNELS, Statistics.BATCH)));
        assertEquals(List.of("planes_sums", "planes_fold", "planes_dx", "sum_partials"),
                kernels(backward(FEW_CHANNELS, Statistics.BATCH)));
        assertEquals(List.of("planes_given", "sum_partials"), kernels(backward(FEW_CHANNELS, Statistics.GIVEN)));
    }

    /** A launch for a dx that is not there would write to address 0. */
    @Test
    void whatIsNotWantedIsNotWritten() {
        NormView fewGroups = NormView.of(kept(2, 3 << 16, 3), reduced(3, 1 << 16, 1), reduced(1 << 16, 1, 0));
        Task task = Task.backward(fewGroups, Statistics.BATCH, true, false, true);
        assertEquals(List.of("segments_sums", "segments_fold", "sum_partials"),
                kernels(Planner.plan(task, TWO_CORES, "")));
    }

    @Test
    void vectorsAreNoLongerThanRuns() {
        for (long run : new long[] {1, 2, 3, 4, 7, 8, 15, 16, 17, 1000}) {
            int width = CpuWork.width(TWO_CORES, run);
            assertTrue(width <= run && List.of(1, 4, 8, 16).contains(width), run + ": " + width);
        }
        assertEquals(4, CpuWork.width(new Traits(KernelSet.CPU, 2, 1024, 32768, 4), 1000));
    }

    @Test
    void tilesCoverAllChannelsAndSamples() {
        for (long channels : new long[] {1, 5, 16, 511, 512, 513, 1025, 5000}) {
            for (long span : new long[] {1, 2, 7, 49, 255}) {
                for (long samples : new long[] {1, 2, 31, 300, 100_000}) {
                    Planes planes = new Planes(samples, channels, span);
                    for (Statistics statistics : List.of(Statistics.BATCH, Statistics.GIVEN)) {
                        Task task = Task.forward(view(planes), statistics, true, true);
                        Sheets sheets = new Sheets(1, planes, Sheets.Parameters.CHANNEL);
                        check(ColumnTiles.of(task, sheets, TWO_CORES));
                    }
                }
            }
        }
    }

    private static NormView view(Planes planes) {
        return NormView.of(reduced(planes.outer(), planes.channels() * planes.span(), 0),
                kept(planes.channels(), planes.span(), 1), reduced(planes.span(), 1, 0));
    }

    private static void check(ColumnTiles tiles) {
        Planes planes = tiles.sheets().planes();
        String said = tiles.toString();
        assertTrue(tiles.fused() * tiles.part() * planes.span() <= ColumnTiles.COLUMNS, said);
        assertTrue(tiles.fused() == 1 || tiles.parts() == 1, said);
        assertTrue((tiles.parts() - 1) * tiles.part() < planes.channels()
                && tiles.parts() * tiles.part() >= planes.channels(), said);
        assertTrue(tiles.blocks() * tiles.block() <= planes.outer() && tiles.block() % tiles.fused() == 0
                || tiles.blocks() == 1 && tiles.block() == planes.outer(), said);
        assertTrue(tiles.block() >= tiles.fused() && tiles.narrowest() > 0, said);
    }

    @Test
    void raggedRowsHaveWideTiles() {
        assertEquals(688, partOf(1023, 2049));
        assertEquals(832, partOf(1023, 4097));
        assertEquals(528, partOf(4092, 1025));
    }

    private static long partOf(long samples, long channels) {
        Planes planes = new Planes(samples, channels, 1);
        Task task = Task.forward(view(planes), Statistics.BATCH, true, true);
        return ColumnTiles.of(task, Sheets.of(task).orElseThrow(), TWO_CORES).part();
    }

    @Test
    void tilesThatFitTheCacheNeedOneLaunch() {
        NormView small = view(new Planes(42, 2048, 49));
        NormView large = view(new Planes(4000, 64, 7));
        assertEquals(List.of("columns_forward"), kernels(forward(small, Statistics.BATCH)));
        assertEquals(List.of("columns_backward"), kernels(backward(small, Statistics.BATCH)));
        assertEquals(List.of("columns_moments", "columns_merge", "columns_apply"),
                kernels(forward(large, Statistics.BATCH)));
        assertEquals(List.of("columns_sums", "columns_fold", "columns_dx"), kernels(backward(large, Statistics.BATCH)));
        assertEquals(List.of("columns_sums", "sum_partials"), kernels(backward(large, Statistics.GIVEN)));
    }

    @Test
    void partialSumsStayShort() {
        for (long rows : new long[] {40, 512, 513, 4096}) {
            NormView view = NormView.of(kept(rows, 1024, 0), reduced(1024, 1, 1));
            Step step = backward(view, Statistics.BATCH).steps().get(0);
            assertTrue(step.scalars().get("pairs") == 1 || step.scalars().get("block") <= 64, step.toString());
        }
    }

    @Test
    void shortRowsAreDoneByFour() {
        NormView view = NormView.of(kept(4096, 31, 0), reduced(31, 1, 1));
        assertEquals(List.of("rows_short"), kernels(forward(view, Statistics.BATCH)));
        assertEquals(1L, backward(view, Statistics.BATCH).steps().get(0).scalars().get("by_four"));
        NormView wide = NormView.of(kept(4096, 20_000, 0), reduced(20_000, 1, 1));
        assertEquals(0L, backward(wide, Statistics.BATCH).steps().get(0).scalars().get("by_four"));
    }

    @Test
    void raggedRunsPassTheCachesOnlyIfLong() {
        assertEquals(0, streamOf(40_000, 49));
        assertEquals(1, streamOf(40_000, 48));
        assertEquals(1, streamOf(40_000, 257));
        assertEquals(1, streamOf(40_000, 513));
    }

    @Test
    void shortRaggedRowsAreCollectedToCacheLines() {
        assertEquals(1, stagedBackward(40_000, 257));
        assertEquals(0, stagedBackward(40_000, 256));
        assertEquals(0, stagedBackward(40_000, 513));
        assertEquals(0, stagedBackward(400, 257));
    }

    @Test
    void forwardCollectsSixteenBitsOnly() {
        assertEquals(1, stagedForward(DataType.F16, 257));
        assertEquals(0, stagedForward(DataType.F16, 385));
        assertEquals(0, stagedForward(DataType.F32, 257));
    }

    private static NormView rows(long rows, long length) {
        return NormView.of(kept(rows, length, 0), reduced(length, 1, 1));
    }

    private static int stagedBackward(long rows, long length) {
        return staged(backward(rows(rows, length), Statistics.BATCH));
    }

    private static int stagedForward(DataType storage, long length) {
        Task task = Task.forward(rows(40_000, length), Statistics.BATCH, true, true).in(storage, DataType.F32);
        return staged(Planner.plan(task, TWO_CORES, ""));
    }

    private static int staged(NormPlan plan) {
        return plan.steps().get(0).options().getOrDefault("STAGED", 0);
    }

    private static int streamOf(long rows, long length) {
        return forward(rows(rows, length), Statistics.BATCH).steps().get(0).options().get("STREAM");
    }

    @Test
    void onlyLargeOutputsPassTheCaches() {
        assertEquals(1, forward(LAYER_NORM, Statistics.BATCH).steps().get(0).options().get("STREAM"));
        NormView small = NormView.of(kept(64, 1024, 0), reduced(1024, 1, 1));
        assertEquals(0, forward(small, Statistics.BATCH).steps().get(0).options().get("STREAM"));
    }

    @Test
    void bytesAreThoseOfEveryTensorOnce() {
        long tensor = 4L * BATCH_NORM.elements();
        assertEquals(2 * tensor, forward(BATCH_NORM, Statistics.BATCH).minimumBytes());
        assertEquals(3 * tensor, backward(BATCH_NORM, Statistics.BATCH).minimumBytes());
        Task eval = Task.backward(BATCH_NORM, Statistics.GIVEN, true, true, false);
        assertEquals(2 * tensor, Planner.plan(eval, TWO_CORES, "").minimumBytes());
    }
}
