// How a team of work-items visits what it owns of a group: planes of contiguous elements, read a pack at a time from
// addresses that are multiples of 16 bytes, so that a load has 128 bits and neighbours read neighbouring ones. Where a
// plane begins or ends between such addresses, the packs at its ends are masked; a plane shorter than a pack is one or
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
// ALIGNED, see pack.cl: whether every plane begins and ends at a multiple of a pack.
#define ITEMS (LANES * DEPTH)
#define WORK_GROUP (ITEMS * TEAMS)

#include "gpu/pack.cl"

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

// Where this work-item's first pack of a plane is; the next ones are PACK * LANES apart.
static inline long first_pack(long begin) {
    return (begin & ~(PACK - 1L)) + PACK * lane();
}

// Whether the pack at `at` lies inside [begin, end).
static inline int whole(long at, long begin, long end) {
#if ALIGNED
    return 1;
#else
    return at >= begin && at + PACK <= end;
#endif
}

// A pack with zeros for what lies outside of [begin, end).
static inline pack inside(pack v, long at, long begin, long end) {
    return whole(at, begin, end) ? v : masked(v, at, begin, end);
}

static inline pack load_pack(__global const element *x, long at, long begin, long end) {
    return whole(at, begin, end) ? unpacked(load_raw(x + at)) : load_masked(x, at, begin, end);
}

static inline void store_pack(__global element *y, pack v, long at, long begin, long end) {
    if (whole(at, begin, end)) {
        store_raw(y + at, packed(v));
    } else {
        store_masked(y, v, at, begin, end);
    }
}

static inline pack normalized_pack(pack x, group_stats s) {
    return ((x * s.scale - s.mean) - s.delta) * s.rstd;
}

// The sums of d and d * d and the largest |d|, d = x * scale - centre, over what this work-item visits.
static inline tally deviations(__global const element *x, region r, float scale, float centre) {
    tally t = empty_tally();
    for (long p = depth(); p < r.planes; p += DEPTH) {
        const long begin = r.first + p * r.stride;
        const long end = begin + r.span;
        for (long at = first_pack(begin); at < end; at += PACK * LANES) {
            const pack d = inside(load_pack(x, at, begin, end) * scale - centre, at, begin, end);
            t = add_second(add_first(t, sum_of(d)), sum_of(d * d));
            t.largest = fmax(t.largest, largest_of(fabs(d)));
        }
    }
    return t;
}

// The sum of x * 2^-60, finite where all x are, and the largest |x|.
static inline tally magnitudes(__global const element *x, region r) {
    tally t = empty_tally();
    for (long p = depth(); p < r.planes; p += DEPTH) {
        const long begin = r.first + p * r.stride;
        const long end = begin + r.span;
        for (long at = first_pack(begin); at < end; at += PACK * LANES) {
            const pack v = load_pack(x, at, begin, end);
            t = add_first(t, sum_of(v * 0x1p-60f));
            t.largest = fmax(t.largest, largest_of(fabs(v)));
        }
    }
    return t;
}

// Whether any team says yes that this one may have to wait for. All work-items of a team say the same.
INLINED int any_team(int yes, __local int *answer) {
#if TEAMS == 1
    return yes;
#elif SHUFFLES && ITEMS <= WARP
    return any_of_warp(yes);
#else
    return any_item(yes, answer);
#endif
}

// The corrected two-pass around a pivot, the first element: equal elements give exact zeros.
INLINED void two_pass(moments *m, __global const element *x, region r, float count, float scale, __local slot *slots) {
    const float pivot = r.planes > 0 ? element_at(x + r.first) * scale : 0.0f;
    tally t = deviations(x, r, scale, pivot);
    team_total(&t, slots, ITEMS, FIRST);
    const float mean = pivot + t.first / count;
    t = deviations(x, r, scale, mean);
    team_total(&t, slots, ITEMS, ALL);
    *m = moments_of(t, mean, count, scale);
}

// Walks the groups that are doubtful once more. All teams of the work-group walk if one has to.
INLINED void check(moments *m, __global const element *x, region r, float count, float eps, __local slot *slots,
                   __local int *answer) {
    const int again = doubtful(*m);
    if (any_team(again, answer)) {
        tally t = magnitudes(x, r);
        team_total(&t, slots, ITEMS, ALL);
        moments scaled;
        two_pass(&scaled, x, r, count, isfinite(t.first) ? rescue_scale(t.largest, eps) : 1.0f, slots);
        *m = rescued(again, *m, scaled, t.first);
    }
}

// The moments of a region that is a whole group.
INLINED void group_moments(moments *m, __global const element *x, region r, float count, float eps, __local slot *slots,
                           __local int *answer) {
    two_pass(m, x, r, count, 1.0f, slots);
    check(m, x, r, count, eps, slots, answer);
}
