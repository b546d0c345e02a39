// Groups of planes that are many: a team of work-items owns one, all of it. A team that HOLDS reads its group once and
// keeps it in registers: 2T forward (x, y), 3T backward (x, dy, dx). A longer group is walked twice, the second time
// from cache: 3T and 5T, of which T and 2T are the cache's.
#include "gpu/normalize.cl"

FIXED_WORK_GROUP
__kernel void forward(__global const element *restrict x, __global const element *restrict residual,
                      __global element *restrict y,
                      __global const parameter *restrict weight, __global const parameter *restrict bias,
                      __global float *restrict stats, __global float *restrict running_mean,
                      __global float *restrict running_var, long groups, long planes, long span, long row_groups,
                      float eps, int zero_rstd, float momentum, float keep, float correction) {
    __local slot slots[SLOTS];
    __local int answer;
    const cut c = cut_of(groups, planes, span, planes, span, 1, 1);
    const long group = group_here(1);
    const region r = group_region(group, c);
    raw_pack held[BLOCK];
#if HOLDS
    load_block(held, x, r, first_place(r));
#endif
    moments m;
    region_moments(&m, x, held, r, size_of(r), eps, slots, &answer);
    if (r.planes > 0 && item() == 0) {
        const tracked running = TRACKED;
        store_moments(stats, groups, group, m, eps, zero_rstd);
        move_tracked(stats, groups, group, running);
    }
#if WANT_Y
    normalize(x, held, residual, y, weight, bias, r, finished(m, eps, zero_rstd),
              parameter_of(group, 0, planes, row_groups));
#endif
}

// dx and the parameters' sums of groups with one parameter each: partials from `raw` on is
// [2][groups / row_groups][row_groups], row_groups being `groups` where all have parameters of their own.
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
    tally t = empty_tally();
#if HOLDS
    raw_pack xs[BLOCK], gs[BLOCK];
    load_block(xs, x, r, first_place(r));
    load_block(gs, dy, r, first_place(r));
    t = add_products(t, xs, gs, r, first_place(r), s, weight, bias, INNER(group % row_groups));
#else
    t = products(t, x, dy, r, first_place(r), s, weight, bias, INNER(group % row_groups));
#endif
    team_total(&t, slots, ITEMS, SUMS);
#if WANT_PARAMETERS
    if (r.planes > 0 && item() == 0) {
        store_partials(partials + raw, groups / row_groups, row_groups, group / row_groups, group % row_groups, t);
    }
#endif
#if WANT_DX
    const float w = weight_at(weight, group % row_groups);
    const float mean_gx = w * t.first / size_of(r);
    const float mean_g = CENTERED ? w * t.second / size_of(r) : 0.0f;
#if HOLDS
    put_dx(dx, dsum, xs, gs, r, first_place(r), s, weight, bias, group % row_groups, mean_g, mean_gx);
#else
    gradient_of(x, dy, dsum, dx, weight, bias, r, s, group % row_groups, mean_g, mean_gx);
#endif
#endif
}
