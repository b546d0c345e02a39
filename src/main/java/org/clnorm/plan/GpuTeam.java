package org.clnorm.plan;

/** How large work-groups of the GPU kernel set may be. */
final class GpuTeam {
    /** Work-items a group when they are not tied to one long row; from experience elsewhere, not measured. */
    static final long WORK_GROUP = 256;
    /** Local memory of a work-item: two sums and a magnitude, and a pack of eight floats to share. */
    private static final long LOCAL_BYTES = 44;

    private GpuTeam() {
    }

    /** The most work-items a group may have on a device. */
    static long mostItems(Traits traits) {
        return powerBelow(Math.min(traits.maxWorkGroup(), traits.localBytes() / LOCAL_BYTES));
    }

    static long powerAbove(long value) {
        return value <= 1 ? 1 : Long.highestOneBit(value - 1) * 2;
    }

    static long powerBelow(long value) {
        return Math.max(1, Long.highestOneBit(value));
    }
}
