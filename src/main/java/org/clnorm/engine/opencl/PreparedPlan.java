package org.clnorm.engine.opencl;

import java.util.List;

/** A plan whose kernels are compiled and whose arguments are looked up. */
final class PreparedPlan {
    /**
     * One launch.
     *
     * @param kernel the kernel, which belongs to this launch
     * @param global work-items
     * @param local  work-items a group
     */
    record Launch(BoundKernel kernel, long[] global, long[] local) {
    }

    private final long groups;
    private final Launch[] launches;
    private final long[] scratch;
    /** When it was launched last, counted in launches; written by one thread at a time. */
    private volatile long lastUse;

    /**
     * Puts a plan together.
     *
     * @param groups   the number of groups, 0 where there are none
     * @param launches its launches, with those of given and running statistics around them
     * @param scratch  the sizes of the scratch buffers in floats
     */
    PreparedPlan(long groups, List<Launch> launches, long[] scratch) {
        this.groups = groups;
        this.launches = launches.toArray(Launch[]::new);
        this.scratch = scratch;
    }

    long groups() {
        return groups;
    }

    /** In order; not to be changed. */
    Launch[] launches() {
        return launches;
    }

    /** Not to be changed. */
    long[] scratch() {
        return scratch;
    }

    long lastUse() {
        return lastUse;
    }

    void used(long when) {
        lastUse = when;
    }
}
