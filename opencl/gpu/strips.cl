// How a work-group walks columns: x is [rows, columns], and a tile is LANES work-items side by side, a pack (16 bytes)
// each, and DEPTH of them down the rows; a work-item walks the strip below its pack, BLOCK rows at a time.
//
// What neighbours in memory need not be different channels: `repeat` real rows make one row of `columns` = repeat *
// channels columns, so that rows begin at multiples of a pack though the channels are an odd number, and few channels
// fill a tile. The last row may then end early, at `limit` elements. FOLDED: one tile holds all columns, and the
// columns of a channel are added up where the work-items meet.

// Powers of two.
#ifndef LANES
#define LANES 32
#endif
#ifndef DEPTH
#define DEPTH 8
#endif
#ifndef FOLDED
#define FOLDED 0
#endif
#ifndef BLOCK
#define BLOCK 4
#endif
#ifndef HOLDS  // whether no strip is longer than a block, and is kept in registers
#define HOLDS 0
#endif
#define WORK_GROUP (LANES * DEPTH)
// ALIGNED, see pack.cl: whether a row is one real row, and a multiple of a pack.

#include "gpu/affine.cl"

static inline pack pack_from(const float *each) {
#if PACK == 8
    return vload8(0, each);
#else
    return vload4(0, each);
#endif
}

static inline void pack_to(pack v, float *each) {
#if PACK == 8
    vstore8(v, 0, each);
#else
    vstore4(v, 0, each);
#endif
}

// What a + b lost when it was rounded to sum (Knuth's two-sum).
static inline pack lost_of(pack a, pack b, pack sum) {
    const pack t = sum - a;
    return (a - (sum - t)) + (b - t);
}

// Rows [from, to) of a pack of columns; `channel` is that of the first one. Beyond the last column there are none.
typedef struct {
    long column, columns, limit, from, to;
    int channel, channels;
} strip;

// What the columns of a pack have in common where a row is one real row: one number, else one for each.
#if ALIGNED
typedef float shared;
#else
typedef pack shared;
#endif

static inline int depth() {
    return get_local_id(0) / LANES;
}

static inline int lane() {
    return get_local_id(0) % LANES;
}

static inline strip strip_of(long tile, long columns, long channels, long limit, long from, long to) {
    const long column = (tile * LANES + lane()) * PACK;
    strip s;
    s.columns = columns;
    s.limit = limit;
    s.column = column < columns ? column : 0;
    s.from = column < columns ? from : to;
    s.to = to;
    s.channels = (int)channels;
    s.channel = (int)(s.column % channels);
    return s;
}

static inline int empty(strip s) {
    return s.from >= s.to;
}

// How many elements of the pack at row n there are.
static inline int present(strip s, long n) {
#if ALIGNED
    return n < s.to ? PACK : 0;
#else
    return n < s.to ? (int)clamp(s.limit - (n * s.columns + s.column), 0L, (long)PACK) : 0;
#endif
}

static inline pack cut_off(pack v, int elements) {
    if (elements < PACK) {
        const pack_index i = INDICES;
        v = select((pack)0.0f, v, i < elements);
    }
    return v;
}

static inline raw_pack load_row(__global const element *x, strip s, long n) {
    const long at = n * s.columns + s.column;
    const int elements = present(s, n);
    raw_pack raw = (raw_pack)0;
    if (elements == PACK) {
        raw = load_raw(x + at);
    } else if (!ALIGNED) {
        raw = packed(load_masked(x, at, at, at + elements));
    }
    return raw;
}

static inline void store_row(__global element *y, pack v, strip s, long n) {
    const long at = n * s.columns + s.column;
    const int elements = present(s, n);
    if (elements == PACK) {
        store_raw(y + at, packed(v));
    } else if (!ALIGNED) {
        store_masked(y, v, at, at, at + elements);
    }
}

static inline void load_rows(raw_pack *block, __global const element *x, strip s, long n) {
#pragma unroll
    for (int i = 0; i < BLOCK; i++) {
        block[i] = load_row(x, s, n + i * DEPTH);
    }
}

static inline float8 wide8(__global const float *p) {
    __global const float4 *wide = (__global const float4 *)p;
    return JOINED4(float8, wide[0], wide[1]);
}

// What p holds for the channels of a strip's columns.
static inline pack of_channels(__global const float *p, strip s) {
#if ALIGNED && PACK == 8
    return wide8(p + s.column);
#elif ALIGNED
    return *(__global const pack *)(p + s.column);
#else
    float each[PACK];
    int c = s.channel;
    for (int i = 0; i < PACK; i++) {
        each[i] = p[c];
        c = c + 1 == s.channels ? 0 : c + 1;
    }
    return pack_from(each);
#endif
}

static inline pack parameters_of(__global const parameter *p, strip s) {
#if ALIGNED
    return parameters_at(p + s.column);
#else
    float each[PACK];
    int c = s.channel;
    for (int i = 0; i < PACK; i++) {
        each[i] = parameter_at(p + c);
        c = c + 1 == s.channels ? 0 : c + 1;
    }
    return pack_from(each);
#endif
}

// Stores what a strip's columns have found; of channels (FOLDED) each once.
static inline void put_columns(__global float *p, pack v, strip s) {
#if FOLDED
    float each[PACK];
    pack_to(v, each);
    for (int i = 0; i < PACK; i++) {
        if (s.column + i < s.channels) {
            p[s.column + i] = each[i];
        }
    }
#else
    __global float4 *wide = (__global float4 *)(p + s.column);
#if PACK == 8
    wide[0] = v.lo;
    wide[1] = v.hi;
#else
    wide[0] = v;
#endif
#endif
}

static inline pack weights_of(__global const parameter *weight, strip s) {
#if HAS_WEIGHT
    return weights_of_stored(parameters_of(weight, s));
#else
    return (pack)1.0f;
#endif
}

static inline pack biases_of(__global const parameter *bias, strip s) {
#if HAS_BIAS
    return parameters_of(bias, s);
#else
    return (pack)0.0f;
#endif
}

// Replaces v by the sum over the work-items down the rows, or by the largest. Every work-item of the work-group must
// come here.
INLINED void meet_down(pack *v, __local pack *slots, int largest) {
    const int me = get_local_id(0);
    slots[me] = *v;
    for (int reach = DEPTH / 2; reach > 0; reach /= 2) {
        barrier(MEETING);
        if (depth() < reach) {
            const pack other = slots[me + reach * LANES];
            slots[me] = largest ? fmax(slots[me], other) : slots[me] + other;
        }
    }
    barrier(MEETING);
    *v = slots[lane()];
    barrier(MEETING);
}

// The same, and over the columns of each channel where they are FOLDED.
INLINED void meet(pack *v, strip s, __local pack *slots, int largest) {
    meet_down(v, slots, largest);
#if FOLDED
    __local float *each = (__local float *)slots;
    for (int c = get_local_id(0); c < s.channels; c += WORK_GROUP) {
        float all = each[c];
        for (int k = c + s.channels; k < s.columns; k += s.channels) {
            all = largest ? fmax(all, each[k]) : all + each[k];
        }
        each[c] = all;
    }
    barrier(MEETING);
    float own[PACK];
    int c = s.channel;
    for (int i = 0; i < PACK; i++) {
        own[i] = each[c];
        c = c + 1 == s.channels ? 0 : c + 1;
    }
    *v = pack_from(own);
    barrier(MEETING);
#endif
}
