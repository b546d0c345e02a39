package org.clnorm.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;

/**
 * Whether a plan can be launched on a device and does all of its task once. What each kernel makes of its numbers is
 * written down here as the kernels' sources have it: which pieces a work-group takes.
 */
final class PlanCheck {
    private static final long COLUMNS = 1024;
    /** Local memory, in bytes: a slot of three floats, what merging keeps a lane, and single numbers. */
    private static final long SLOT = 12;
    private static final long KEPT_A_LANE = 4;
    private static final long SPARE = 64;
    private static final long PAIR = 8;
    private static final long TWO_PAIRS = 16;

    private final Task task;
    private final Traits traits;
    private final Step step;
    private final Map<String, Long> scalars;
    private final long pack;

    private PlanCheck(Task task, Traits traits, Step step) {
        this.task = task;
        this.traits = traits;
        this.step = step;
        this.scalars = step.scalars();
        this.pack = Gpu.pack(task);
    }

    static void check(NormPlan plan, Task task, Traits traits) {
        assertTrue(!plan.steps().isEmpty() && plan.minimumBytes() > 0 && !plan.reason().isBlank());
        plan.scratch().forEach((name, floats) -> assertTrue(floats > 0, name + " of " + floats));
        plan.steps().forEach(step -> new PlanCheck(task, traits, step).check());
        sums(plan, task);
    }

    /** Parameter gradients come last, from as many partial sums as there is room for, or from a kernel of its own. */
    private static void sums(NormPlan plan, Task task) {
        List<Step> sums = plan.steps().stream().filter(step -> step.kernel().equals("sum_partials")).toList();
        if (sums.isEmpty()) {
            return;
        }
        Step last = plan.steps().get(plan.steps().size() - (plan.scratch().containsKey("dx") ? 2 : 1));
        assertEquals(List.of(last), sums);
        assertTrue(task.parameters());
        assertEquals(task.view().parameters(), last.scalars().get("parameters"));
        long needed = 2 * last.scalars().get("blocks") * task.view().parameters();
        assertTrue(plan.scratch().get("partials") >= needed);
    }

    private void check() {
        assertTrue(step.groups() > 0 && step.workGroup() > 0, () -> "nothing to do: " + step);
        assertTrue(step.workGroup() <= traits.maxWorkGroup(), () -> "too many work-items: " + step);
        Math.multiplyExact(step.groups(), step.workGroup());
        scalars.forEach((name, value) -> assertTrue(value >= 0, () -> name + " below 0: " + step));
        assertTrue(local() <= traits.localBytes(), () -> local() + " bytes of local memory: " + step);
        assertEquals(groups(), step.groups(), () -> "work-groups of " + step);
        long elements = elements();
        assertTrue(elements == 0 || elements == task.view().elements(), () -> elements + " elements in " + step);
    }

    private long of(String name) {
        return scalars.get(name);
    }

    private long option(String name) {
        return step.options().getOrDefault(name, 0);
    }

    /** How many pieces of a size make all: none is empty, and all but the last are whole. */
    private long pieces(long all, long piece) {
        assertTrue(piece > 0 && all > 0, () -> "pieces of " + piece + " of " + all + " in " + step);
        return all / piece + (all % piece == 0 ? 0 : 1);
    }

    /** The same where the kernel is told how many they are. */
    private long pieces(String count, long all, String piece) {
        return pieces(count, all, of(piece));
    }

    private long pieces(String count, long all, long piece) {
        long pieces = pieces(all, piece);
        assertEquals(pieces, of(count), () -> count + " of " + step);
        return pieces;
    }

    /** The elements that a launch speaks of, 0 where it speaks of none. */
    private long elements() {
        if (scalars.containsKey("size0")) {
            return of("size0") * of("size1") * of("size2") * of("size3");
        }
        if (scalars.containsKey("samples")) {
            return scalars.getOrDefault("sheets", 1L) * of("samples") * of("channels") * of("span");
        }
        if (scalars.containsKey("outer")) {
            // a launch over several batches has a work-item for each channel of each of them
            long batches = scalars.containsKey("parts") ? 1 : step.groups() / of("channels");
            return batches * of("outer") * of("channels") * of("span");
        }
        if (scalars.containsKey("all")) {
            return of("all") * of("channels");
        }
        if (scalars.containsKey("planes")) {
            return of("groups") * of("planes") * of("span");
        }
        if (scalars.containsKey("rows")) {
            return of("rows") * length();
        }
        return scalars.getOrDefault("elements", 0L);
    }

    private long length() {
        return scalars.containsKey("segments") ? of("segments") * of("span") : of("length");
    }

    private long groups() {
        return switch (step.program()) {
            case "cpu/columns", "cpu/columns_backward" -> tiles();
            case "cpu/columns_merge" -> of("sheets")
                    * pieces(of(step.kernel().equals("columns_fold") ? "parameters" : "channels"), option("WIDTH"));
            case "cpu/partials" -> pieces(of("parameters"), option("WIDTH"));
            case "cpu/planes", "cpu/planes_backward" -> cpuPlanes();
            case "cpu/rows", "cpu/rows_short", "cpu/rows_segments" -> cpuRows();
            case "cpu/rows_dense" -> dense();
            case "gpu/columns" -> gpuColumns();
            case "gpu/planes", "gpu/segments", "gpu/plane_slices", "gpu/planes_ticketed" -> gpuPlanes();
            case "gpu/rows", "gpu/rows_backward" -> gpuRows();
            case "gpu/rows_split", "gpu/rows_sums" -> gpuChunks();
            case "gpu/partials" -> of("blocks") * pieces(of("parameters"), option("WORK_GROUP"));
            case "common/plain" -> plain();
            case "common/bitwise" -> bitwise();
            case "common/statistics" -> pieces(of("parameters"), step.workGroup());
            case "common/aside" -> pieces(of("elements"), of("stretch"));
            default -> throw new AssertionError("a program that nothing is said of: " + step);
        };
    }

    private long tiles() {
        boolean all = List.of("columns_forward", "columns_backward", "columns_shared").contains(step.kernel());
        long block = of("block");
        if (of("blocks") == 1 || all) {
            assertTrue(block == of("samples") && of("blocks") == 1, step::toString);
        } else {
            assertTrue(block > 0 && of("blocks") * block <= of("samples"), step::toString);
        }
        assertTrue(of("blocks") == 1 || block % of("fused") == 0, step::toString);
        assertTrue(of("fused") > 0 && of("fused") <= of("samples"), step::toString);
        assertTrue(of("fused") == 1 || of("parts") == 1, step::toString);
        assertTrue(of("fused") * of("part") * of("span") <= COLUMNS, step::toString);
        assertTrue(of("sheets") == 1 || !step.kernel().equals("columns_backward"), step::toString);
        return of("sheets") * pieces("parts", of("channels"), "part") * of("blocks");
    }

    private long cpuPlanes() {
        if (!scalars.containsKey("parts")) {
            long batches = task.view().elements() / (of("outer") * of("channels") * of("span"));
            assertTrue(batches == 1 || task.view().groups() == batches * of("channels"), step::toString);
            return batches * of("channels");
        }
        long parts = pieces("parts", of("span"), "part");
        assertTrue(parts == 1 || of("slices") == 1, step::toString);
        if (!scalars.containsKey("pieces")) {
            return pieces(of("outer") * of("channels"), of("slices")) * parts;
        }
        assertEquals(pieces(of("outer"), of("slices")) * parts, of("pieces"), step::toString);
        boolean each = step.kernel().equals("planes_merge") || step.kernel().equals("planes_fold");
        return of("channels") * (each ? 1 : of("pieces"));
    }

    private long cpuRows() {
        return switch (step.kernel()) {
            case "rows_forward", "rows_short", "segments_backward" -> pieces(of("rows"), of("block"));
            case "rows_moments" -> of("rows") * pieces("parts", length(), "part");
            case "rows_apply" -> pieces("parts", length(), "part") * pieces(of("rows"), of("block"));
            case "segments_sums", "segments_dx" -> of("rows") * of("segments") * pieces("parts", of("span"), "part");
            default -> of("rows");
        };
    }

    private long dense() {
        return switch (step.kernel()) {
            case "dense_sums" -> of("rows") * pieces("parts", of("length"), "part");
            case "dense_fold" -> of("rows");
            case "dense_columns" -> pieces(of("length"), option("COLUMNS"));
            default -> {
                assertEquals(0, of("rows") % of("row_groups"), step::toString);
                assertTrue(of("by_four") == 0 || of("block") % 4 == 0, step::toString);
                yield pieces(of("row_groups"), of("chunk"))
                        * pieces(of("rows") / of("row_groups"), of("block"));
            }
        };
    }

    private long gpuColumns() {
        long width = option("LANES") * pack;
        assertEquals(option("LANES") * option("DEPTH"), step.workGroup(), step::toString);
        assertEquals(1, Long.bitCount(step.workGroup()), step::toString);
        if (step.kernel().startsWith("merge")) {
            return pieces(of("channels"), width);
        }
        assertEquals(0, of("repeat") * of("channels") % pack, step::toString);
        long rows = pieces(of("all"), of("repeat"));
        assertTrue(option("HOLDS") == 0 || rows <= option("DEPTH") * option("BLOCK"), step::toString);
        return pieces(of("repeat") * of("channels"), width) * pieces("chunks", rows, "chunk_rows");
    }

    private long gpuPlanes() {
        assertEquals(option("ITEMS") * option("TEAMS"), step.workGroup(), step::toString);
        assertEquals(1, Long.bitCount(step.workGroup()), step::toString);
        if (step.kernel().equals("clear_tickets")) {
            return pieces(1 + 2 * of("groups"), step.workGroup());
        }
        long teams = pieces(of("groups"), option("TEAMS"));
        if (!scalars.containsKey("chunks")) {
            long packs = of("planes") * pieces(of("span"), pack);
            assertTrue(option("HOLDS") == 0 || packs <= option("ITEMS") * option("BLOCK"), step::toString);
            return teams;
        }
        long spans = pieces("span_chunks", of("span"), "chunk_span");
        assertTrue(spans == 1 || of("chunk_planes") == 1, step::toString);
        assertTrue(spans == 1 || of("chunk_span") % pack == 0, step::toString);
        assertEquals(spans * pieces(of("planes"), of("chunk_planes")), of("chunks"), step::toString);
        if (!scalars.containsKey("lag")) {
            return teams * of("chunks");
        }
        assertTrue(of("lag") >= of("chunks") && option("TEAMS") == 1, step::toString);
        return of("groups") * of("chunks") + of("lag");
    }

    private long gpuRows() {
        long phases = of("phases");
        boolean alike = option("KEEP") == 1 || step.program().equals("gpu/rows_backward");
        assertEquals(0, alike ? phases * of("length") % pack : 0, step::toString);
        assertTrue(option("CHUNKED") == 1 || option("ITEMS") * option("PACKS") >= of("length") / pack, step::toString);
        assertEquals(option("ITEMS") * option("TEAMS"), step.workGroup(), step::toString);
        if (step.program().equals("gpu/rows_backward")) {
            assertEquals(0, of("blocks") % phases, step::toString);
            return of("blocks");
        }
        assertTrue(of("strands") <= pieces(of("rows"), option("TEAMS")), step::toString);
        return phases * of("strands");
    }

    private long gpuChunks() {
        if (step.kernel().equals("merge_sums")) {
            return of("rows");
        }
        assertEquals(0, of("chunk_span") % pack, step::toString);
        return of("rows") * pieces("chunks", of("length"), "chunk_span");
    }

    private long plain() {
        boolean parameters = step.kernel().equals("parameter_gradients");
        long all = parameters ? of("parameters") * of("shared_by") : of("groups") * of("group_size");
        assertEquals(task.view().elements(), all, step::toString);
        return parameters ? of("parameters") : of("groups");
    }

    private long bitwise() {
        long sequences = step.kernel().equals("parameter_gradients") ? of("parameters") : of("groups");
        assertEquals(task.view().elements(), sequences * of("sequence_size"), step::toString);
        assertEquals(step.workGroup(), option("TILE") * option("WORKERS"), step::toString);
        assertTrue(option("WORKERS") <= of("lanes") && of("lanes") % option("WORKERS") == 0, step::toString);
        boolean across = option("ACROSS") == 1;
        assertTrue(across || of("neighbours") == 1 && option("TILE") == 1, step::toString);
        assertEquals(0, sequences % of("neighbours"), step::toString);
        long tile = across ? option("WIDTH") * option("TILE") : 1;
        return sequences / of("neighbours") * pieces("tiles", of("neighbours"), tile);
    }

    /** Local memory that a work-group takes, in bytes. */
    private long local() {
        long items = step.workGroup();
        long wide = pack * Float.BYTES;
        return switch (step.program()) {
            case "common/plain" -> PAIR * items;
            case "common/bitwise" -> TWO_PAIRS * items;
            case "gpu/columns" -> wide * (items + KEPT_A_LANE * option("LANES")) + Integer.BYTES;
            case "gpu/rows_backward" -> SLOT * items + (option("TEAMS") > 1 ? wide * items : 0);
            case "gpu/rows" -> SLOT * items + Gpu.PACK_BYTES * option("LOCAL_PACKS") * items + Integer.BYTES;
            case "gpu/planes", "gpu/segments", "gpu/plane_slices", "gpu/planes_ticketed", "gpu/rows_split",
                    "gpu/rows_sums" -> SLOT * items + SPARE;
            default -> 0;
        };
    }
}
