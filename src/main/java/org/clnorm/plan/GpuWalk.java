package org.clnorm.plan;

import static org.clnorm.plan.Threshold.GPU_MANY_GROUPS;

import java.util.HashMap;
import java.util.Map;

/**
 * How teams of work-items walk planes, see {@code gpu/walk.cl}.
 *
 * @param items work-items of a team, a power of two
 * @param teams groups that a work-group does at once
 * @param block packs (16 bytes) that a work-item takes at a time
 * @param holds whether a team keeps all it reads in registers: it has no more than a block a work-item
 */
record GpuWalk(long items, long teams, long block, boolean holds) {
    /** Work-items of a work-group that shares its compute unit with others; from the literature, not measured. */
    static final long WORK_GROUP = 256;
    /**
     * Elements a work-item holds in registers: forward of x, backward of x and of dy. Compilers for sm_90 and gfx90a
     * then need 66 to 158 registers and spill none.
     */
    private static final long HELD_FORWARD = 32;
    private static final long HELD_BACKWARD = 16;
    /** The largest team, 128 registers a work-item; that of forward passes, which take more but for the simplest. */
    private static final long LARGEST = 512;
    private static final long LARGEST_FORWARD = 256;
    private static final long SMALLEST = 8;
    /** Packs a work-item has at least where there are too few groups to fill the device otherwise; reasoned. */
    private static final long FEW_PACKS = 2;
    /** Packs under way at a time in a long walk: 64 bytes a work-item; two tensors of eight elements a pack share. */
    private static final long STREAMED = 4;
    private static final long STREAMED_ELEMENTS = 16;

    /**
     * A team for all of a group, which holds it if it can.
     *
     * @param packs   packs of a group
     * @param groups  groups
     * @param pack    elements of a pack
     * @param simple  whether a group is one plane of whole packs
     * @param task    what is done
     * @param traits  the device
     * @return the team, and others beside it where groups are many
     */
    static GpuWalk whole(long packs, long groups, int pack, boolean simple, Task task, Traits traits) {
        boolean forward = task.forward();
        long most = Math.min(simple || !forward ? LARGEST : LARGEST_FORWARD, GpuTeam.mostItems(traits));
        long block = (forward ? HELD_FORWARD : HELD_BACKWARD) / pack;
        if (packs > most * block) {
            return new GpuWalk(most, 1, streamed(pack, forward), false);
        }
        boolean many = groups >= traits.threshold(GPU_MANY_GROUPS) * traits.computeUnits();
        long each = many ? block : Math.min(block, FEW_PACKS);
        long items = Math.min(most, Math.max(SMALLEST, GpuTeam.powerAbove(Gpu.ceil(packs, each))));
        return new GpuWalk(items, teams(items, groups, traits), GpuTeam.powerAbove(Gpu.ceil(packs, items)), true);
    }

    /**
     * A team for a part of a group, walked once.
     *
     * @param packs  packs of the part
     * @param parts  parts of all groups
     * @param pack   elements of a pack
     * @param task   what is done
     * @param traits the device
     * @return the team
     */
    static GpuWalk part(long packs, long parts, int pack, Task task, Traits traits) {
        long block = streamed(pack, task.forward());
        long most = Math.min(WORK_GROUP, GpuTeam.mostItems(traits));
        long items = Math.min(most, Math.max(SMALLEST, GpuTeam.powerAbove(Gpu.ceil(packs, block))));
        return new GpuWalk(items, teams(items, parts, traits), block, false);
    }

    private static long streamed(int pack, boolean forward) {
        return forward ? STREAMED : Math.min(STREAMED, STREAMED_ELEMENTS / pack);
    }

    /** As many teams as make a work-group, or one where there would not be two work-groups a compute unit. */
    private static long teams(long items, long groups, Traits traits) {
        long most = Math.max(1, Math.min(WORK_GROUP, GpuTeam.mostItems(traits)) / items);
        return groups < 2 * most * traits.computeUnits() ? 1 : most;
    }

    /** The same team with none beside it. */
    GpuWalk alone() {
        return new GpuWalk(items, 1, block, holds);
    }

    long workGroup() {
        return items * teams;
    }

    long workGroups(long groups) {
        return Gpu.ceil(groups, teams);
    }

    Map<String, Integer> options() {
        Map<String, Integer> options = new HashMap<>();
        options.put("ITEMS", (int) items);
        options.put("TEAMS", (int) teams);
        options.put("BLOCK", (int) block);
        options.put("HOLDS", Gpu.flag(holds));
        return options;
    }
}
