// How a team of work-items visits what it owns of a group: planes of contiguous elements, read four at a time from
// addresses that are multiples of 16 bytes, so that a load has 128 bits and neighbours read neighbouring ones. Where a
// plane begins or ends between such addresses, the quads at its ends are masked; a plane shorter than a quad is one or
// two.

// Work-items side by side along a plane, planes visited at once, and groups to a work-group: powers of two.
#ifndef LANES
#define LANES 32
#endif
#ifndef DEPTH
#define DEPTH 1
#endif
#ifndef TEAMS
#define TEAMS 1
#endif
// Whether every plane begins and ends at a multiple of four elements.
#ifndef ALIGNED
#define ALIGNED 0
#endif
#define ITEMS (LANES * DEPTH)
#define WORK_GROUP (ITEMS * TEAMS)

#include "gpu/moments.cl"

// Planes of `span` elements, `stride` apart; plane is the index of the first one in its group. No planes: nothing to
// visit.
typedef struct {
    long first, stride, planes, span, plane;
} region;

static inline int lane() {
    return get_local_id(0) & (LANES - 1);
}

static inline int depth() {
    return (get_local_id(0) / LANES) & (DEPTH - 1);
}

static inline int item() {
    return get_local_id(0) & (ITEMS - 1);
}

static inline int team() {
    return get_local_id(0) / ITEMS;
}

// Where this work-item's first quad of a plane is; the next ones are 4 * LANES apart.
static inline long first_quad(long begin) {
    return (begin & ~3L) + 4 * lane();
}

// Whether the quad at `at` lies inside [begin, end).
static inline int whole(long at, long begin, long end) {
#if ALIGNED
    return 1;
#else
    return at >= begin && at + 4 <= end;
#endif
}

static inline int within(long at, long begin, long end) {
    return at >= begin && at < end;
}

// A quad with zeros for what lies outside of [begin, end).
static inline float4 inside(float4 v, long at, long begin, long end) {
    if (!whole(at, begin, end)) {
        v.s0 = within(at, begin, end) ? v.s0 : 0.0f;
        v.s1 = within(at + 1, begin, end) ? v.s1 : 0.0f;
        v.s2 = within(at + 2, begin, end) ? v.s2 : 0.0f;
        v.s3 = within(at + 3, begin, end) ? v.s3 : 0.0f;
    }
    return v;
}

static inline float4 load_quad(__global const float *x, long at, long begin, long end) {
    if (whole(at, begin, end)) {
        return *(__global const float4 *)(x + at);
    }
    return (float4)(within(at, begin, end) ? x[at] : 0.0f, within(at + 1, begin, end) ? x[at + 1] : 0.0f,
                    within(at + 2, begin, end) ? x[at + 2] : 0.0f, within(at + 3, begin, end) ? x[at + 3] : 0.0f);
}

static inline void store_quad(__global float *y, float4 v, long at, long begin, long end) {
    if (whole(at, begin, end)) {
        *(__global float4 *)(y + at) = v;
        return;
    }
    if (within(at, begin, end)) {
        y[at] = v.s0;
    }
    if (within(at + 1, begin, end)) {
        y[at + 1] = v.s1;
    }
    if (within(at + 2, begin, end)) {
        y[at + 2] = v.s2;
    }
    if (within(at + 3, begin, end)) {
        y[at + 3] = v.s3;
    }
}

static inline float sum4(float4 v) {
    return (v.s0 + v.s1) + (v.s2 + v.s3);
}

static inline float max4(float4 v) {
    return fmax(fmax(v.s0, v.s1), fmax(v.s2, v.s3));
}

static inline float4 normalized4(float4 x, group_stats s) {
    return ((x * s.scale - s.mean) - s.delta) * s.rstd;
}

// The sums of d and d * d and the largest |d|, d = x * scale - centre, over what this work-item visits.
static inline tally deviations(__global const float *x, region r, float scale, float centre) {
    tally t = empty_tally();
    for (long p = depth(); p < r.planes; p += DEPTH) {
        const long begin = r.first + p * r.stride;
        const long end = begin + r.span;
        for (long at = first_quad(begin); at < end; at += 4 * LANES) {
            const float4 d = inside(load_quad(x, at, begin, end) * scale - centre, at, begin, end);
            t = add_second(add_first(t, sum4(d)), dot(d, d));
            t.largest = fmax(t.largest, max4(fabs(d)));
        }
    }
    return t;
}

// The sum of x * 2^-60, finite where all x are, and the largest |x|.
static inline tally magnitudes(__global const float *x, region r) {
    tally t = empty_tally();
    for (long p = depth(); p < r.planes; p += DEPTH) {
        const long begin = r.first + p * r.stride;
        const long end = begin + r.span;
        for (long at = first_quad(begin); at < end; at += 4 * LANES) {
            const float4 v = load_quad(x, at, begin, end);
            t = add_first(t, sum4(v * 0x1p-60f));
            t.largest = fmax(t.largest, max4(fabs(v)));
        }
    }
    return t;
}

// The corrected two-pass around a pivot, the first element: equal elements give exact zeros.
INLINED void two_pass(moments *m, __global const float *x, region r, float count, float scale, __local tally *slots) {
    const float pivot = r.planes > 0 ? x[r.first] * scale : 0.0f;
    tally t = only_first(deviations(x, r, scale, pivot));
    team_total(&t, slots, ITEMS, 1);
    const float mean = pivot + both(t.first, t.first_low) / count;
    t = deviations(x, r, scale, mean);
    team_total(&t, slots, ITEMS, 1);
    *m = moments_of(t, mean, count, scale);
}

// Walks the groups that are doubtful once more. All teams of the work-group walk if one has to.
INLINED void check(moments *m, __global const float *x, region r, float count, float eps, __local tally *slots,
                   __local int *answer) {
    const int again = doubtful(*m);
    if (any_item(again, answer)) {
        tally t = magnitudes(x, r);
        team_total(&t, slots, ITEMS, 1);
        moments scaled;
        two_pass(&scaled, x, r, count, isfinite(t.first) ? rescue_scale(t.largest, eps) : 1.0f, slots);
        *m = rescued(again, *m, scaled, t.first);
    }
}

// The moments of a region that is a whole group.
INLINED void group_moments(moments *m, __global const float *x, region r, float count, float eps, __local tally *slots,
                           __local int *answer) {
    two_pass(m, x, r, count, 1.0f, slots);
    check(m, x, r, count, eps, slots, answer);
}
