// The statistics of a row from the shares of its work-items. A work-item finds mean and squares of what it holds by two
// passes over its registers; more of it is merged by Chan's formula, the mean in two floats. Then the team merges the
// shares, again by two passes, of which the second corrects the first: no term is negative, so nothing cancels, and x
// is read from memory once.
#include "gpu/row_sum.cl"

// count elements, their mean in two floats, and the sum of the squares of their distances from it, in two floats too.
typedef struct {
    float count, mean, delta;
    float_pair squares;
} share;

// A share of nothing; `pivot` is any element of the row.
static inline share empty_share(float pivot) {
    share s;
    s.count = s.delta = 0.0f;
    s.mean = pivot;
    s.squares = pair_of(0.0f);
    return s;
}

// What is held of `packs`, and an edge if `edges` is 1 rather than 0. Equal elements give exact zeros.
INLINED share held_share(const raw_pack *held, int packs, float edge, int edges, float pivot) {
    share s = empty_share(pivot);
    s.count = (float)(packs_held(packs) * PACK + edges);
#if CENTERED
    pack sums = (pack)0.0f;
#pragma unroll
    for (int k = 0; k < PACKS; k++) {
        sums += present(k, packs) ? unpacked(held[k]) - pivot : (pack)0.0f;
    }
    const float part = 1.0f / fmax(s.count, 1.0f);
    s.mean = pivot + (sum_of(sums) + (edges ? edge - pivot : 0.0f)) * part;
    pack squares = (pack)0.0f;
    sums = (pack)0.0f;
#pragma unroll
    for (int k = 0; k < PACKS; k++) {
        const pack d = present(k, packs) ? unpacked(held[k]) - s.mean : (pack)0.0f;
        sums += d;
        squares += d * d;
    }
    const float d = edges ? edge - s.mean : 0.0f;
    const float sum = sum_of(sums) + d;
    s.delta = isfinite(s.mean) ? sum * part : 0.0f;
    s.squares = pair_of((sum_of(squares) + d * d) - sum * s.delta);
#else
    pack squares = (pack)0.0f;
#pragma unroll
    for (int k = 0; k < PACKS; k++) {
        const pack v = present(k, packs) ? unpacked(held[k]) : (pack)0.0f;
        squares += v * v;
    }
    s.squares = pair_of(sum_of(squares) + (edges ? edge * edge : 0.0f));
#endif
    return s;
}

// Chan's formula.
INLINED share merged(share a, share b) {
    share s = a;
    s.count = a.count + b.count;
#if CENTERED
    const float part = b.count / fmax(s.count, 1.0f);
    const float d = (b.mean - a.mean) + (b.delta - a.delta);
    const float low = a.delta + d * part;
    s.mean = a.mean + low;
    s.delta = isfinite(s.mean) ? lost(a.mean, low, s.mean) : 0.0f;
    s.squares = pair_add(pair_add_pair(a.squares, b.squares), d * d * (a.count * part));
#else
    s.squares = pair_add_pair(a.squares, b.squares);
#endif
    return s;
}

// The team's statistics: `count` elements in all.
INLINED void merge_shares(moments *m, share s, float pivot, float count, __local slot *slots) {
    tally t = empty_tally();
#if CENTERED
    t.first = s.count * ((s.mean - pivot) + s.delta);
    team_total(&t, slots, ITEMS, FIRST);
    const float mean = pivot + t.first / count;
    const float d = (s.mean - mean) + s.delta;
    t.first = s.count * d;
    t.second = pair_value(s.squares) + s.count * d * d;
    team_total(&t, slots, ITEMS, SUMS);
    *m = moments_of(t, mean, count, 1.0f);
#else
    t.first = pair_value(s.squares);
    team_total(&t, slots, ITEMS, FIRST);
    *m = mean_square_of(t.first, count, 1.0f);
#endif
}

// The two passes again, over a whole row in memory, times a scale; element by element, because it is rare and what is
// held should not make room for it.
INLINED void scaled_moments(moments *m, __global const element *x, long length, float scale, __local slot *slots) {
    tally t = empty_tally();
#if CENTERED
    const float pivot = element_at(x) * scale;
#pragma unroll 1
    for (long i = item(); i < length; i += ITEMS) {
        t = add_first(t, element_at(x + i) * scale - pivot);
    }
    team_total(&t, slots, ITEMS, FIRST);
    const float mean = pivot + t.first / (float)length;
    t = empty_tally();
#pragma unroll 1
    for (long i = item(); i < length; i += ITEMS) {
        const float d = element_at(x + i) * scale - mean;
        t = add_second(add_first(t, d), d * d);
    }
    team_total(&t, slots, ITEMS, SUMS);
    *m = moments_of(t, mean, (float)length, scale);
#else
#pragma unroll 1
    for (long i = item(); i < length; i += ITEMS) {
        const float v = element_at(x + i) * scale;
        t = add_first(t, v * v);
    }
    team_total(&t, slots, ITEMS, FIRST);
    *m = mean_square_of(t.first, (float)length, scale);
#endif
}

// Walks a row once more whose variance left float's range, unless all its elements are equal, or 0 where they are not
// CENTERED. All teams of the work-group walk if one has to.
INLINED void rescue_row(moments *m, __global const element *x, long length, float eps, __local slot *slots,
                        __local int *answer) {
    const int asked = needs_rescue(m->variance);
    if (any_team(asked, answer)) {
        const float pivot = CENTERED ? element_at(x) : 0.0f;
        tally t = empty_tally();
#pragma unroll 1
        for (long i = item(); i < length; i += ITEMS) {
            const float v = element_at(x + i);
            t.first += v * 0x1p-60f;
            t.second += v == pivot ? 0.0f : 1.0f;
            t.largest = fmax(t.largest, fabs(v));
        }
        team_total(&t, slots, ITEMS, ALL);
        const int finite = isfinite(t.first);
        const int again = asked && (t.second > 0.0f || !finite);
        moments scaled;
        scaled_moments(&scaled, x, length, finite ? rescue_scale(t.largest, eps) : 1.0f, slots);
        *m = rescued(again, *m, scaled, t.first);
    }
}
