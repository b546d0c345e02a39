package org.clnorm.plan;

import java.util.HashMap;
import java.util.Map;

/**
 * How work-items hold rows of one length in registers, see {@code gpu/row.cl}. The length is a row's, or a chunk's
 * where rows are cut.
 *
 * @param length elements of a row
 * @param pack   elements in 16 bytes
 * @param items  work-items of a team, which has a row; a power of two
 * @param teams  teams of a work-group; a power of two
 * @param packs  whole packs that a work-item holds, at most
 */
record GpuRowTeam(long length, int pack, long items, long teams, long packs) {
    /** Work-items of a team, at most: NVIDIA's have 128 registers each then. */
    private static final long MOST_ITEMS = 512;
    /** The same elsewhere: 512 would have 128 registers on AMD's GCN too, of which its compilers need more. */
    private static final long MOST_ITEMS_ELSEWHERE = 256;
    /** Fewer read less than 128 contiguous bytes at a time, which costs half the speed. From the literature. */
    private static final long FEWEST_ITEMS = 8;
    /** Up to here teams share a work-group, because those of one warp need no barrier. */
    private static final long WARP = 32;
    /** Work-items that teams of a warp or less fill a work-group with; reasoned. */
    private static final long SHARED_WORK_GROUP = 128;
    /** Registers of a work-item, at most: compilers take more than they need, and 128 leave room for 512 work-items. */
    private static final int REGISTERS = 128;
    /** Registers of a compute unit, NVIDIA's since 2012; others have as many or more. */
    private static final long REGISTER_FILE = 65_536;
    /** Local memory that reductions of a forward pass need of a work-item: two sums and a magnitude. */
    private static final long SLOT_BYTES = 12;
    /** For what a kernel or a compiler keeps there besides. */
    private static final long SPARE_BYTES = 64;

    /** The fewest items with at most so many elements each, or as many as there may be. */
    static GpuRowTeam of(long length, int pack, long elementsEach, Traits traits) {
        long whole = Math.max(1, length / pack);
        long items = fewest(pack);
        while (items < most(traits) && items * elementsEach / pack < whole) {
            items *= 2;
        }
        return new GpuRowTeam(length, pack, items, 1, Gpu.ceil(whole, items));
    }

    /** The edges of a row, up to two packs less two elements, need a work-item each. */
    private static long fewest(int pack) {
        return Math.max(FEWEST_ITEMS, GpuTeam.powerAbove(2L * pack - 2));
    }

    private static long most(Traits traits) {
        long items = traits.reduction() == Reduction.SHUFFLES ? MOST_ITEMS : MOST_ITEMS_ELSEWHERE;
        return Math.min(items, GpuTeam.mostItems(traits));
    }

    /** Whether a device has work-groups large enough. */
    static boolean possible(int pack, Traits traits) {
        return fewest(pack) <= most(traits);
    }

    /** The same team beside others in its work-group, where there are rows enough to keep compute units busy. */
    GpuRowTeam shared(long rows, Traits traits) {
        long most = items > WARP ? 1 : Math.max(1, Math.min(SHARED_WORK_GROUP, most(traits)) / items);
        return rows < 2 * most * traits.computeUnits() ? this : new GpuRowTeam(length, pack, items, most, packs);
    }

    /** How many of these work-groups a compute unit runs at once, by the registers of a work-item. */
    long resident(long registers) {
        return Math.max(1, REGISTER_FILE / (registers * workGroup()));
    }

    GpuRowTeam holding(long packsEach) {
        return new GpuRowTeam(length, pack, items, teams, packsEach);
    }

    boolean aligned() {
        return length % pack == 0;
    }

    long elementsEach() {
        return packs * pack;
    }

    long workGroup() {
        return items * teams;
    }

    /** How far apart two rows are that begin alike. */
    long phases() {
        long phases = 1;
        while (phases * length % pack != 0) {
            phases *= 2;
        }
        return phases;
    }

    /** Packs that every work-item has of every row, wherever it begins. */
    private long full() {
        long fewest = aligned() ? length / pack : Math.max(0, (length - pack + 1) / pack);
        return Math.min(packs, fewest / items);
    }

    /** The build options, to which a plan adds its own; FULL is left out where not all rows are this long. */
    Map<String, Integer> options(boolean oneLength) {
        Map<String, Integer> options = new HashMap<>();
        options.put("ITEMS", (int) items);
        options.put("TEAMS", (int) teams);
        options.put("PACKS", (int) packs);
        options.put("FULL", oneLength ? (int) full() : 0);
        options.put("ALIGNED", Gpu.flag(aligned()));
        options.put("REGISTERS", REGISTERS);
        return options;
    }

    /** Packs of a work-item that fit local memory besides what reductions need, at most so many. */
    long localPacks(long wanted, Traits traits) {
        long free = Math.max(0, traits.localBytes() - SLOT_BYTES * workGroup() - SPARE_BYTES);
        return Math.min(wanted, free / (Gpu.PACK_BYTES * workGroup()));
    }
}
