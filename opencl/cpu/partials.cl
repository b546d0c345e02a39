// The last step of a backward pass on a CPU device: sum_partials of common/statistics.cl, WIDTH parameters a work-item.
#include "cpu/vectors.cl"

// In four sums, because each addition to one waits for the one before.
static inline vec total_of(__global const float *partials, long blocks, long parameters) {
    vec_pair total[4];
    for (int k = 0; k < 4; k++) {
        total[k].hi = total[k].lo = (vec)(0.0f);
    }
    long b = 0;
    for (; b + 4 <= blocks; b += 4) {
        for (int k = 0; k < 4; k++) {
            vec_pair_add(&total[k], load(partials + (b + k) * parameters));
        }
    }
    for (; b < blocks; b++) {
        vec_pair_add(&total[0], load(partials + b * parameters));
    }
    for (int k = 1; k < 4; k++) {
        vec_pair_add(&total[0], total[k].hi);
        vec_pair_add(&total[0], total[k].lo);
    }
    return total[0].hi + total[0].lo;
}

// partials: [2][blocks][parameters], dweight's first. The last work-item's vector overlaps the one before it.
__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void sum_partials(__global const float *partials, __global parameter *dweight, __global parameter *dbias, long blocks,
                  long parameters, int want_dweight, int want_dbias, int accumulate) {
    const long p = get_group_id(0) * WIDTH;
    const long at = min(p, parameters - WIDTH);
    const long left = parameters - p;
    if (want_dweight) {
        put_gradient(total_of(partials + at, blocks, parameters), left, dweight + at, accumulate);
    }
    if (want_dbias) {
        put_gradient(total_of(partials + blocks * parameters + at, blocks, parameters), left, dbias + at, accumulate);
    }
}
