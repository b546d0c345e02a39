package org.clnorm.plan;

import java.util.HashMap;
import java.util.Map;

/**
 * How the GPU kernels share a work-group: teams of lanes × depth work-items, powers of two, a group of the view to each
 * team.
 *
 * @param lanes work-items side by side along contiguous elements
 * @param depth planes that a team visits at once
 * @param teams groups that a work-group does at once
 */
record GpuTeam(long lanes, long depth, long teams) {
    /** Work-items a group when they are not tied to one long row; from experience elsewhere, not measured. */
    static final long WORK_GROUP = 256;
    /** Packs (16 bytes) that make a work-item worth its part in the reductions; reasoned, not measured. */
    static final long PACKS_EACH = 4;
    /** Fewer work-items than this read less than a 128-byte line at a time. */
    private static final long FEWEST = 8;
    /** From one size of a team to the next. */
    private static final long STEP = 4;
    /** Lanes that read 512 contiguous bytes, which a GPU does at full speed. */
    private static final long FULL_LANES = 32;
    /** Local memory of a work-item: two sums and a magnitude, and a pack of eight floats to share. */
    private static final long LOCAL_BYTES = 44;

    /**
     * A team for groups of planes.
     *
     * @param planes planes a team visits
     * @param span   contiguous elements of a plane
     * @param groups teams wanted
     * @param most   the most work-items a team may have
     * @param pack   elements in 16 bytes
     * @param traits the device
     * @return the team, with as many others in its work-group as keep every compute unit busy
     */
    static GpuTeam of(long planes, long span, long groups, long most, int pack, Traits traits) {
        long packs = packs(span, pack);
        long items = Math.min(stepAbove(Gpu.ceil(planes * packs, PACKS_EACH)),
                stepBelow(Math.min(most, mostItems(traits))));
        long wide = Math.max(Math.min(packs, FULL_LANES), Gpu.ceil(packs, PACKS_EACH));
        long lanes = planes == 1 ? items : Math.min(items, stepBelow(wide));
        return new GpuTeam(lanes, items / lanes, teams(items, groups, traits));
    }

    /** The least size of a team that is no smaller. Few sizes, because each is another program to compile. */
    private static long stepAbove(long value) {
        long step = FEWEST;
        while (step < value) {
            step *= STEP;
        }
        return step;
    }

    /** The largest size of a team that is no larger; 1 where even the smallest is. */
    static long stepBelow(long value) {
        long step = 1;
        for (long next = FEWEST; next <= value; next *= STEP) {
            step = next;
        }
        return step;
    }

    /** The most work-items a group may have on a device. */
    static long mostItems(Traits traits) {
        return powerBelow(Math.min(traits.maxWorkGroup(), traits.localBytes() / LOCAL_BYTES));
    }

    /**
     * How many teams make a work-group: as many as fit, or one where there would not be two work-groups a compute
     * unit.
     */
    private static long teams(long items, long groups, Traits traits) {
        long most = Math.max(1, Math.min(WORK_GROUP, mostItems(traits)) / items);
        return groups < 2 * most * traits.computeUnits() ? 1 : most;
    }

    /** The aligned packs that elements of a row may touch, wherever it begins. */
    static long packs(long span, int pack) {
        return span % pack == 0 ? span / pack : Gpu.ceil(span + pack - 1, pack);
    }

    static long powerAbove(long value) {
        return value <= 1 ? 1 : Long.highestOneBit(value - 1) * 2;
    }

    static long powerBelow(long value) {
        return Math.max(1, Long.highestOneBit(value));
    }

    long items() {
        return lanes * depth;
    }

    long workGroup() {
        return items() * teams;
    }

    /** Work-groups for this many groups of the view. */
    long workGroups(long groups) {
        return Gpu.ceil(groups, teams);
    }

    /** The build options of a kernel run by such teams, to which a plan adds its own. */
    Map<String, Integer> options(boolean aligned) {
        Map<String, Integer> options = new HashMap<>();
        options.put("LANES", (int) lanes);
        options.put("DEPTH", (int) depth);
        options.put("TEAMS", (int) teams);
        options.put("ALIGNED", aligned ? 1 : 0);
        return options;
    }
}
