// Groups cut into slices, each walked by a work-group: what a slice knows goes to a slot of its own, and whoever needs
// the group's result merges the slots, in a fixed order. Moments are float4: mean, delta, variance and scale, each
// slice scaled as it needs, so that no merge ever looks at x again.

#ifndef TICKETED  // whether slots are written and read within one launch, see planes_ticketed.cl
#define TICKETED 0
#endif

#include "gpu/running.cl"

// How a group of `planes` planes of `span` elements, `stride` apart, is cut: `planes_each` planes by `span_each`
// elements to a slice, `across` slices to a plane.
typedef struct {
    long groups, planes, span, planes_each, span_each, across, count;
} cut;

static inline cut cut_of(long groups, long planes, long span, long chunk_planes, long chunk_span, long span_chunks,
                         long chunks) {
    cut c;
    c.groups = groups;
    c.planes = planes;
    c.span = span;
    c.planes_each = chunk_planes;
    c.span_each = chunk_span;
    c.across = span_chunks;
    c.count = chunks;
    return c;
}

static inline float elements_of(cut c, long slice) {
    const long planes = min(c.planes_each, c.planes - slice / c.across * c.planes_each);
    return (float)(planes * min(c.span_each, c.span - slice % c.across * c.span_each));
}

// An atomic operation looks past the caches of a compute unit, which may hold what the slot had before.
static inline float current(__global const float *p) {
    return as_float(atomic_or((volatile __global int *)p, 0));
}

static inline float4 slot_at(__global const float4 *slots_of, long k) {
#if TICKETED
    __global const float *p = (__global const float *)(slots_of + k);
    return (float4)(current(p), current(p + 1), current(p + 2), current(p + 3));
#else
    return slots_of[k];
#endif
}

// One merge, of moments times scale: t.first and t.second are sums over the slices.
INLINED void merge_scaled(moments *m, __global const float4 *slots_of, cut c, long own, float count, float scale,
                          __local slot *slots) {
    const float4 one = slot_at(slots_of, 0);
    const float pivot = one.s0 * (scale / one.s3);
    tally t = empty_tally();
    for (long k = item(); k < own; k += ITEMS) {
        const float4 s = slot_at(slots_of, k);
        const float by = scale / s.s3;
        t = add_first(t, elements_of(c, k) * ((s.s0 * by - pivot) + s.s1 * by));
    }
    team_total(&t, slots, ITEMS, FIRST);
    const float mean = pivot + t.first / count;
    t = empty_tally();
    for (long k = item(); k < own; k += ITEMS) {
        const float4 s = slot_at(slots_of, k);
        const float by = scale / s.s3;
        const float n = elements_of(c, k);
        const float d = (s.s0 * by - mean) + s.s1 * by;
        t = add_second(add_first(t, n * d), n * (d * d + s.s2 * by * by));
    }
    team_total(&t, slots, ITEMS, SUMS);
    *m = moments_of(t, mean, count, scale);
}

// The sum of all means * 2^-60, of variances where means are 0: finite where all x are. And a bound of all |x|: of
// slices that were scaled up no less than their scale says, because their mean may be nothing beside a denormal number,
// and their squares too.
static inline tally slice_magnitudes(__global const float4 *slots_of, cut c, long own) {
    tally t = empty_tally();
    for (long k = item(); k < own; k += ITEMS) {
        const float4 s = slot_at(slots_of, k);
        const float distance = sqrt(elements_of(c, k)) * sqrt(s.s2);
        t = add_first(t, (CENTERED ? s.s0 / s.s3 : s.s2) * 0x1p-60f);
        const float least = s.s3 > 1.0f ? 1.0f : 0.0f;
        t.largest = fmax(t.largest, fmin(fmax(fabs(s.s0) + distance, least) / s.s3, FLT_MAX));
    }
    return t;
}

// The moments of a group from its slices'; own is 0 for a team past the last group.
INLINED void merge_slices(moments *m, __global const float4 *slots_of, cut c, long own, float eps, __local slot *slots,
                          __local int *answer) {
    const float count = (float)(c.planes * c.span);
    merge_scaled(m, slots_of, c, own, count, 1.0f, slots);
    const int again = needs_rescue(m->variance);
    if (any_team(again, answer)) {
        tally t = slice_magnitudes(slots_of, c, own);
        team_total(&t, slots, ITEMS, ALL);
        const float sum = t.first;
        moments scaled;
        merge_scaled(&scaled, slots_of, c, own, count, isfinite(sum) ? rescue_scale(t.largest, eps) : 1.0f, slots);
        *m = rescued(again, *m, scaled, sum);
    }
}
