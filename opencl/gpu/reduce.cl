// Where the work-items of a work-group meet: one function sums over a team of them, through local memory. A device's
// own shuffles may take its place without a change elsewhere. The order of summation is fixed, so every run gives the
// same bits.
#include "common/numerics.cl"

// Work-items a work-group, a power of two.
#ifndef WORK_GROUP
#define WORK_GROUP 256
#endif
// Groups a work-item sums side by side, as the components of a vector: 1 or 4.
#ifndef WIDTH
#define WIDTH 1
#endif

#if WIDTH == 4
typedef float4 vec;
#else
typedef float vec;
#endif

// Stands before every kernel: knowing the size, a compiler knows how many registers there are.
#define FIXED_WORK_GROUP __attribute__((reqd_work_group_size(WORK_GROUP, 1, 1)))

// Two sums, each in two floats, and a largest magnitude.
typedef struct {
    vec first, first_low, second, second_low, largest;
} tally;

static inline tally empty_tally() {
    tally t;
    t.first = t.first_low = t.second = t.second_low = t.largest = (vec)0.0f;
    return t;
}

// The value of a sum in two floats; an infinite one has no meaningful low part.
static inline vec both(vec high, vec low) {
    return isfinite(high) ? high + low : high;
}

// What a + b lost when it was rounded to sum (Knuth's two-sum).
static inline vec lost(vec a, vec b, vec sum) {
    const vec t = sum - a;
    return (a - (sum - t)) + (b - t);
}

// Normalized after every term, as pair_add is; a sum that is not finite has no low part.
static inline tally add_first(tally t, vec value) {
    const vec sum = t.first + value;
    const vec low = t.first_low + lost(t.first, value, sum);
    t.first = both(sum, low);
    t.first_low = isfinite(sum) ? low - (t.first - sum) : (vec)0.0f;
    return t;
}

static inline tally add_second(tally t, vec value) {
    const vec sum = t.second + value;
    const vec low = t.second_low + lost(t.second, value, sum);
    t.second = both(sum, low);
    t.second_low = isfinite(sum) ? low - (t.second - sum) : (vec)0.0f;
    return t;
}

static inline tally only_first(tally t) {
    tally first = empty_tally();
    first.first = t.first;
    first.first_low = t.first_low;
    return first;
}

static inline tally add_tally(tally t, tally other) {
    t = add_second(add_first(t, other.first), other.second);
    t.first_low += other.first_low;
    t.second_low += other.second_low;
    t.largest = fmax(t.largest, other.largest);
    return t;
}

// Replaces a tally by the sum over a team: `count` work-items, a power of two, whose local ids are `stride` apart.
// Every work-item of the work-group must come here, and each gets its own team's sum.
INLINED void team_total(tally *t, __local tally *slots, int count, int stride) {
    const int me = get_local_id(0);
    const int place = (me / stride) & (count - 1);
    slots[me] = *t;
    for (int reach = count / 2; reach > 0; reach /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (place < reach) {
            slots[me] = add_tally(slots[me], slots[me + reach * stride]);
        }
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    *t = slots[me - place * stride];
    barrier(CLK_LOCAL_MEM_FENCE);
}

// Whether any work-item of the work-group says yes: what all of them then do together may hold barriers.
INLINED int any_item(int yes, __local int *answer) {
    if (get_local_id(0) == 0) {
        *answer = 0;
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    if (yes) {
        atomic_or(answer, 1);
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    const int any = *answer;
    barrier(CLK_LOCAL_MEM_FENCE);
    return any;
}
