// Groups of planes that are few and long: a group is cut into `chunks` slices, chunk_planes by chunk_span, each with a
// work-group. Forward: moments of the slices; then y, where every work-group merges the moments of its group itself.
// Backward: sums of the slices; then dx, merged alike. The second kernel of each begins where the first one ended, so
// that the end of x is read from cache: 3T forward and 5T backward, less what the cache still holds. Given statistics
// are elementwise, by slices as well: 2T forward, 3T backward.
#include "gpu/normalize.cl"

// The moments of every slice: partials is [groups][chunks] of float4.
FIXED_WORK_GROUP
__kernel void chunk_moments(__global const element *restrict x, __global float *restrict partials, long groups,
                            long planes, long span, long chunk_planes, long chunk_span, long span_chunks, long chunks,
                            float eps) {
    __local slot slots[SLOTS];
    __local int answer;
    const long group = group_here(chunks);
    const long slice = slice_here(chunks);
    const region r = slice_region(group, slice,
                                  cut_of(groups, planes, span, chunk_planes, chunk_span, span_chunks, chunks));
    raw_pack none[BLOCK];
    moments m;
    region_moments(&m, x, none, r, size_of(r), eps, slots, &answer);
    if (r.planes > 0 && item() == 0) {
        ((__global float4 *)partials)[group * chunks + slice] = (float4)(m.mean, m.delta, m.variance, m.scale);
    }
}

// y, and the statistics, from the moments of the slices. Without y a group's first work-group is all that works.
FIXED_WORK_GROUP
__kernel void apply_merged(__global const element *restrict x, __global const element *restrict residual,
                          __global element *restrict y,
                          __global const parameter *restrict weight, __global const parameter *restrict bias,
                          __global const float *restrict partials, __global float *restrict stats,
                          __global float *restrict running_mean, __global float *restrict running_var, long groups,
                          long planes, long span, long row_groups, long chunk_planes, long chunk_span,
                          long span_chunks, long chunks, float eps, int zero_rstd, float momentum, float keep,
                          float correction) {
    __local slot slots[SLOTS];
    __local int answer;
    const long group = group_turned(chunks);
    const long slice = slice_turned(chunks);
    const cut c = cut_of(groups, planes, span, chunk_planes, chunk_span, span_chunks, chunks);
    const region r = slice_region(group, slice, c);
    moments m;
    const int merges = WANT_Y || slice == 0 ? r.planes > 0 : 0;
    merge_slices(&m, (__global const float4 *)partials + min(group, groups - 1) * chunks, c, merges ? chunks : 0, eps,
                 slots, &answer);
    if (r.planes > 0 && slice == 0 && item() == 0) {
        const tracked running = TRACKED;
        store_moments(stats, groups, group, m, eps, zero_rstd);
        move_tracked(stats, groups, group, running);
    }
#if WANT_Y
    raw_pack none[BLOCK];
    normalize(x, none, residual, y, weight, bias, r, finished(m, eps, zero_rstd),
              parameter_of(group, r.plane, planes, row_groups));
#endif
}

// y from given statistics.
FIXED_WORK_GROUP
__kernel void apply(__global const element *restrict x, __global const element *restrict residual,
                    __global element *restrict y,
                    __global const parameter *restrict weight, __global const parameter *restrict bias,
                    __global float *restrict stats, __global float *restrict running_mean,
                    __global float *restrict running_var, long groups, long planes, long span, long row_groups,
                    long chunk_planes, long chunk_span, long span_chunks, long chunks, float eps, int zero_rstd,
                    float momentum, float keep, float correction) {
    const tracked running = TRACKED;
    const long group = group_here(chunks);
    const long slice = slice_here(chunks);
    const region r = slice_region(group, slice,
                                  cut_of(groups, planes, span, chunk_planes, chunk_span, span_chunks, chunks));
    if (r.planes > 0) {
        group_stats s;
        settled_stats(&s, stats, groups, group, running, eps, zero_rstd, slice == 0 && item() == 0);
        raw_pack none[BLOCK];
        normalize(x, none, residual, y, weight, bias, r, s, parameter_of(group, r.plane, planes, row_groups));
    }
}

// The sums of every slice, and dx where the statistics were given. partials from `raw` on: [2][chunks][groups], which
// is [2][chunks * groups / row_groups][parameters]; where SEGMENTED a slice is of one plane only, and it is
// [2][groups / row_groups * span_chunks][parameters].
FIXED_WORK_GROUP
__kernel void chunk_sums(__global const element *restrict x, __global const element *restrict dy,
                         __global const element *restrict dsum, __global element *restrict dx,
                         __global const parameter *restrict weight, __global const parameter *restrict bias,
                         __global const float *restrict stats, __global float *restrict partials, long groups,
                         long planes, long span, long row_groups, long chunk_planes, long chunk_span,
                         long span_chunks, long chunks, long raw) {
    __local slot slots[SLOTS];
    const long group = group_here(chunks);
    const long slice = slice_here(chunks);
    const region r = slice_region(group, slice,
                                  cut_of(groups, planes, span, chunk_planes, chunk_span, span_chunks, chunks));
    const group_stats s = load_stats(stats, groups, min(group, groups - 1));
#if WANT_PARAMETERS || !GIVEN
    tally t = empty_tally();
    place p = first_place(r);
    while (exists(r, p)) {
        raw_pack xs[BLOCK], gs[BLOCK];
        load_block(xs, x, r, p);
        const place next = load_block(gs, dy, r, p);
        t = add_products(t, xs, gs, r, p, s, weight, bias, INNER(parameter_of(group, r.plane, planes, row_groups)));
#if ELEMENTWISE
        put_dx(dx, dsum, xs, gs, r, p, s, weight, bias, parameter_of(group, r.plane, planes, row_groups), 0.0f, 0.0f);
#endif
        p = next;
    }
    team_total(&t, slots, ITEMS, SUMS);
    if (r.planes > 0 && item() == 0) {
#if SEGMENTED
        store_partials(partials + raw, groups / row_groups * span_chunks, row_groups * planes,
                       group / row_groups * span_chunks + slice % span_chunks,
                       parameter_of(group, r.plane, planes, row_groups), t);
#else
        store_partials(partials + raw, chunks, groups, slice, group, t);
#endif
    }
#else
    if (r.planes > 0) {
        gradient_of(x, dy, dsum, dx, weight, bias, r, s, parameter_of(group, r.plane, planes, row_groups), 0.0f, 0.0f);
    }
#endif
}

// dx from the slices' sums, which every work-group adds up for its group. Where a group has one parameter, the first
// slice's work-group leaves the group's sums behind: partials from `totals` on is [2][groups].
FIXED_WORK_GROUP
__kernel void gradient(__global const element *restrict x, __global const element *restrict dy,
                       __global const element *restrict dsum, __global element *restrict dx,
                       __global const parameter *restrict weight, __global const parameter *restrict bias,
                       __global const float *restrict stats, __global float *restrict partials, long groups,
                       long planes, long span, long row_groups, long chunk_planes, long chunk_span, long span_chunks,
                       long chunks, long raw, long totals) {
    __local slot slots[SLOTS];
    const long group = group_turned(chunks);
    const long slice = slice_turned(chunks);
    const region r = slice_region(group, slice,
                                  cut_of(groups, planes, span, chunk_planes, chunk_span, span_chunks, chunks));
    const long own = r.planes > 0 ? chunks : 0;
    tally t = empty_tally();
#if SEGMENTED
    const long parameters = row_groups * planes;
    const long blocks = groups / row_groups * span_chunks;
    for (long k = item(); k < own; k += ITEMS) {
        const long parameter = parameter_of(group, k / span_chunks, planes, row_groups);
        const long at = raw + (group / row_groups * span_chunks + k % span_chunks) * parameters + parameter;
        const float w = weight_at(weight, parameter);
        t = add_second(add_first(t, w * partials[at]), w * partials[blocks * parameters + at]);
    }
    team_total(&t, slots, ITEMS, SUMS);
    const float w = 1.0f;
#else
    for (long k = item(); k < own; k += ITEMS) {
        const long at = raw + k * groups + group;
        t = add_second(add_first(t, partials[at]), partials[chunks * groups + at]);
    }
    team_total(&t, slots, ITEMS, SUMS);
    if (r.planes > 0 && slice == 0 && item() == 0) {
        store_partials(partials + totals, 1, groups, 0, group, t);
    }
    const float w = weight_at(weight, group % row_groups);
#endif
    if (r.planes > 0) {
        const float count = (float)(planes * span);
        gradient_of(x, dy, dsum, dx, weight, bias, r, load_stats(stats, groups, group),
                    parameter_of(group, r.plane, planes, row_groups), CENTERED ? w * t.second / count : 0.0f,
                    w * t.first / count);
    }
}
