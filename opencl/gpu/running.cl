// Statistics of a region in one walk: a work-item finds mean and squares of a block of packs in registers, by the
// corrected two-pass, and joins them to those of its blocks before (Chan); then the team merges what its work-items
// have, again in two passes. Nothing is read twice, and no barrier stands between the loads.
#include "gpu/walk.cl"

// What a work-item knows: so many elements, their mean in two floats, and the squares of the distances from it,
// their sum in two floats too.
typedef struct {
    float count, mean, delta, squares, squares_low;
} running;

// The first of them are not joined to the pivot, from which a mean may be far and lose digits on the way there.
static inline running joined(running a, float count, float mean, float delta, float squares) {
    const float all = a.count + count;
#if CENTERED
    const float from = a.count > 0.0f ? a.mean : mean;
    const float d = (mean - from) + (delta - a.delta);
    const float share = count / all;
    const float moved = a.delta + d * share;
    running r;
    r.count = all;
    r.mean = from + moved;
    r.delta = moved - (r.mean - from);
    const float more = squares + d * d * (a.count * share);
#else
    running r;
    r.count = all;
    r.mean = r.delta = 0.0f;
    const float more = squares;
#endif
    r.squares = a.squares + more;
    r.squares_low = a.squares_low + lost(a.squares, more, r.squares);
    return r;
}

static inline running add_block(running a, const raw_pack *block, region r, place p, float scale, float pivot) {
    pack sums = (pack)0.0f;
    int count = 0;
    place q = p;
#pragma unroll
    for (int i = 0; i < BLOCK; i++) {
        const cell c = cell_of(r, q);
#if CENTERED
        sums += inside(unpacked(block[i]) * scale - pivot, c);
#else
        const pack v = inside(unpacked(block[i]) * scale, c);
        sums += v * v;
#endif
        count += max(0, c.to - c.from);
        q = after(q);
    }
    if (count == 0) {
        return a;
    }
    const float n = (float)count;
#if CENTERED
    const float mean = pivot + sum_of(sums) / n;
    pack rest = (pack)0.0f;
    pack squares = (pack)0.0f;
    q = p;
#pragma unroll
    for (int i = 0; i < BLOCK; i++) {
        const pack d = inside(unpacked(block[i]) * scale - mean, cell_of(r, q));
        rest += d;
        squares += d * d;
        q = after(q);
    }
    const float delta = sum_of(rest) / n;
    return joined(a, n, mean, delta, sum_of(squares) - n * delta * delta);
#else
    return joined(a, n, 0.0f, 0.0f, sum_of(sums));
#endif
}

static inline running no_elements(float pivot) {
    running a;
    a.count = 0.0f;
    a.mean = pivot;
    a.delta = 0.0f;
    a.squares = a.squares_low = 0.0f;
    return a;
}

// What this work-item sees of a region. held: its packs, where the team holds.
static inline running walked(__global const element *x, const raw_pack *held, region r, float scale, float pivot) {
    running a = no_elements(pivot);
    place p = first_place(r);
#if HOLDS
    a = add_block(a, held, r, p, scale, pivot);
#else
    while (exists(r, p)) {
        raw_pack block[BLOCK];
        const place next = load_block(block, x, r, p);
        a = add_block(a, block, r, p, scale, pivot);
        p = next;
    }
#endif
    return a;
}

// The moments of a region from what its team's work-items saw. Both passes are over means: no term cancels.
INLINED void merge_items(moments *m, running a, float pivot, float count, float scale, __local slot *slots) {
    tally t = empty_tally();
#if CENTERED
    t.first = a.count * ((a.mean - pivot) + a.delta);
    team_total(&t, slots, ITEMS, FIRST);
    const float mean = pivot + t.first / count;
    const float d = (a.mean - mean) + a.delta;
    t = empty_tally();
    t.first = a.count * d;
    t.second = (a.squares + a.squares_low) + a.count * d * d;
    team_total(&t, slots, ITEMS, SUMS);
    *m = moments_of(t, mean, count, scale);
#else
    t.first = both(a.squares, a.squares_low);
    team_total(&t, slots, ITEMS, FIRST);
    *m = mean_square_of(t.first, count, scale);
#endif
}

static inline tally add_magnitudes(tally before, const raw_pack *block, region r, place first) {
    tally t = before;
    place p = first;
    pack sum = (pack)0.0f;
#pragma unroll
    for (int i = 0; i < BLOCK; i++) {
        const pack v = inside(unpacked(block[i]), cell_of(r, p));
        sum += v * 0x1p-60f;
        t.largest = fmax(t.largest, largest_of(fabs(v)));
        p = after(p);
    }
    return add_first(t, sum_of(sum));
}

// The sum of x * 2^-60, finite where all x are, and the largest |x|.
static inline tally magnitudes(__global const element *x, const raw_pack *held, region r) {
    tally t = empty_tally();
    place p = first_place(r);
#if HOLDS
    t = add_magnitudes(t, held, r, p);
#else
    while (exists(r, p)) {
        raw_pack block[BLOCK];
        const place next = load_block(block, x, r, p);
        t = add_magnitudes(t, block, r, p);
        p = next;
    }
#endif
    return t;
}

// The moments of a region. Where squares left float's range it is walked once more, scaled, and all teams of the
// work-group walk if one has to.
INLINED void region_moments(moments *m, __global const element *x, const raw_pack *held, region r, float count,
                            float eps, __local slot *slots, __local int *answer) {
    const float pivot = CENTERED && r.planes > 0 ? element_at(x + r.first) : 0.0f;
    merge_items(m, walked(x, held, r, 1.0f, pivot), pivot, count, 1.0f, slots);
    const int again = r.planes > 0 && needs_rescue(m->variance);
    if (any_team(again, answer)) {
        tally t = magnitudes(x, held, r);
        team_total(&t, slots, ITEMS, ALL);
        const float sum = t.first;
        const float scale = isfinite(sum) ? rescue_scale(t.largest, eps) : 1.0f;
        moments scaled;
        merge_items(&scaled, walked(x, held, r, scale, pivot * scale), pivot * scale, count, scale, slots);
        *m = rescued(again, *m, scaled, sum);
    }
}
