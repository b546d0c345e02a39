package org.clnorm.plan;

/** How the work-items of a GPU work-group add up what they hold, see {@code gpu/reduce.cl}. */
public enum Reduction {
    /** Through local memory, which every device has. */
    LOCAL_MEMORY,
    /** By shuffles within warps of 32, written in PTX: NVIDIA's OpenCL has no sub-groups. */
    SHUFFLES,
    /** By the sub-groups of {@code cl_khr_subgroups}. */
    SUB_GROUPS;

    /** The value of the build option REDUCE. */
    int option() {
        return ordinal();
    }
}
