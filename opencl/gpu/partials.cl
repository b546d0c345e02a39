// Fewer partial sums from many, so that the last step, which adds them up one parameter to a work-item, stays short.
#include "gpu/reduce.cl"

// Adds blocks of partials from `raw` on, [2][raw_blocks][parameters], up to [2][blocks][parameters] at the front.
FIXED_WORK_GROUP
__kernel void fold_partials(__global float *partials, long raw_blocks, long blocks, long parameters, long raw) {
    const long tiles = (parameters + WORK_GROUP - 1) / WORK_GROUP;
    const long block = get_group_id(0) / tiles;
    const long p = get_group_id(0) % tiles * WORK_GROUP + get_local_id(0);
    if (p >= parameters) {
        return;
    }
    __global const float *from = partials + raw + p;
    tally t = empty_tally();
    for (long b = block; b < raw_blocks; b += blocks) {
        t = add_first(t, from[b * parameters]);
        t = add_second(t, from[(raw_blocks + b) * parameters]);
    }
    partials[block * parameters + p] = both(t.first, t.first_low);
    partials[(blocks + block) * parameters + p] = both(t.second, t.second_low);
}
