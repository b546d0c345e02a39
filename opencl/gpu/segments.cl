// Backward over groups whose planes have a parameter each (group normalization): LANES work-items of a team take a
// plane, so that its two sums are its own; weighted, they add up to the group's. A lane's part of a plane that is no
// longer than BLOCK packs a lane is read once for the sums and once, from cache, for dx: 5T, of which 2T are the
// cache's.

#ifndef LANES  // work-items to a plane, a power of two up to ITEMS
#define LANES 32
#endif
#define SEGMENTED 1

#include "gpu/normalize.cl"

// partials from `raw` on: [2][groups / row_groups][row_groups * planes].
FIXED_WORK_GROUP
__kernel void backward(__global const element *restrict x, __global const element *restrict dy,
                       __global const element *restrict dsum, __global element *restrict dx,
                       __global const parameter *restrict weight, __global const parameter *restrict bias,
                       __global const float *restrict stats, __global float *restrict partials, long groups,
                       long planes, long span, long row_groups, long raw) {
    __local slot slots[SLOTS];
    const long group = group_here(1);
    const region r = group_region(group, cut_of(groups, planes, span, planes, span, 1, 1));
    const group_stats s = load_stats(stats, groups, min(group, groups - 1));
    const long parameter = parameter_of(group, 0, planes, row_groups);
    tally t = empty_tally();
    for (int first = 0; first < planes; first += ITEMS / LANES) {
        const int plane = first + item() / LANES;
        region own = r;
        own.first += plane * span;
        own.planes = plane < r.planes ? 1 : 0;
        place p;
        p.packs = packs_of(own);
        p.plane = 0;
        p.pack = item() % LANES;
        p.plane = p.pack / p.packs;
        p.next_plane = 0;
        p.next_pack = LANES;
        tally sums = products(empty_tally(), x, dy, own, p, s, weight, bias, parameter + plane);
        team_total(&sums, slots, LANES, SUMS);
        if (own.planes > 0 && item() % LANES == 0) {
#if WANT_PARAMETERS
            store_partials(partials + raw, groups / row_groups, row_groups * planes, group / row_groups,
                           parameter + plane, sums);
#endif
            const float w = weight_at(weight, parameter + plane);
            t = add_first(t, w * sums.first);
            t = add_second(t, w * sums.second);
        }
    }
    team_total(&t, slots, ITEMS, SUMS);
#if WANT_DX
    gradient_of(x, dy, dsum, dx, weight, bias, r, s, parameter,
                CENTERED ? t.second / size_of(r) : 0.0f, t.first / size_of(r));
#endif
}
