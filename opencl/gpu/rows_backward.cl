// Rows with a parameter an element that all rows share: dx, dweight and dbias in one sweep. Work-groups stay and take
// rows in turn; what they add up for the parameters of a row stays in their registers, in two floats, and is written
// once: 3T bytes and two rows of partial sums a work-group. Where a row fits the registers besides (HOLD), x and dy are
// read once; else the second reading is from the cache, right after the first.
//
// A work-group takes rows that are a multiple of `phases` apart: they all begin at the same distance from a multiple of
// 16 bytes, so that a work-item meets the same parameters in each of them.

#ifndef HOLD
#define HOLD 1
#endif
// Whether the weights stay in registers too: they cost too much to read where they are not aligned.
#ifndef KEEP
#define KEEP 0
#endif
#ifndef WANT_DX
#define WANT_DX 1
#endif
#ifndef WANT_PARAMETERS
#define WANT_PARAMETERS 1
#endif

#include "gpu/row.cl"

// Sums in two floats of which the low part is not normalized: for the some hundred rows of a work-group.
static inline void add_pack(pack *high, pack *low, pack value) {
    const pack sum = *high + value;
    const pack t = sum - *high;
    *low += (*high - (sum - t)) + (value - t);
    *high = sum;
}

static inline void add_float(float *high, float *low, float value) {
    const float sum = *high + value;
    *low += lost(*high, value, sum);
    *high = sum;
}

// An infinite sum has no meaningful low part.
static inline pack pack_of_both(pack high, pack low) {
    return select(high, high + low, isfinite(high));
}

#if TEAMS > 1

// Adds up what the teams of a work-group hold of one pack; the first team gets the sum.
INLINED pack sum_over_teams(pack mine, __local pack *packs) {
    const int me = get_local_id(0);
    barrier(MEETING);
    packs[me] = mine;
    for (int reach = TEAMS / 2; reach > 0; reach /= 2) {
        barrier(MEETING);
        if (team() < reach) {
            packs[me] += packs[me + reach * ITEMS];
        }
    }
    return packs[me];
}

#define OVER_TEAMS(mine) sum_over_teams(mine, packs)
#else
#define OVER_TEAMS(mine) (mine)
#endif

static inline void store_sums(__global float *p, pack v) {
#if ALIGNED && PACK == 8
    ((__global float4 *)p)[0] = v.lo;
    ((__global float4 *)p)[1] = v.hi;
#elif ALIGNED
    *(__global float4 *)p = v;
#elif PACK == 8
    vstore8(v, 0, p);
#else
    vstore4(v, 0, p);
#endif
}

// partials from `raw` on is [2][blocks][length]; blocks is a multiple of phases.
FIXED_WORK_GROUP
__kernel void backward(__global const element *restrict x, __global const element *restrict dy,
                       __global const element *restrict dsum, __global element *restrict dx,
                       __global const parameter *restrict weight, __global const parameter *restrict bias,
                       __global const float *restrict stats, __global float *restrict partials, long rows, long length,
                       long phases, long blocks, long raw) {
    __local slot slots[SLOTS];
    const long block = get_group_id(0);
    const long phase = block % phases;
    const stretch part = stretch_of(phase * length, length);
    const int edges = has_edge(part);
    const float edge_weight = edges ? weight_at(weight, part.edge) : 0.0f;
#if ACTIVATION
    const float edge_bias = edges ? bias_at(bias, part.edge) : 0.0f;
#endif
#if WANT_PARAMETERS
#if TEAMS > 1
    __local pack packs[WORK_GROUP];
#endif
    pack dw[PACKS], dw_low[PACKS], db[PACKS], db_low[PACKS];
    float edge_dw = 0.0f, edge_dw_low = 0.0f, edge_db = 0.0f, edge_db_low = 0.0f;
#pragma unroll
    for (int k = 0; k < PACKS; k++) {
        dw[k] = dw_low[k] = db[k] = db_low[k] = (pack)0.0f;
    }
#endif
#define BIASES(k) biases_at(bias, place_of(part, pack_number(k)))
#if KEEP
    pack kept[PACKS];
#pragma unroll
    for (int k = 0; k < PACKS; k++) {
        kept[k] = (pack)1.0f;
        if (present(k, part.packs)) {
            kept[k] = weights_at(weight, place_of(part, pack_number(k)));
        }
    }
#define WEIGHTS(k) kept[k]
#else
#define WEIGHTS(k) weights_at(weight, place_of(part, pack_number(k)))
#endif
    for (long first = block / phases * TEAMS; phases * first + phase < rows; first += blocks / phases * TEAMS) {
        const long own = phases * (first + team()) + phase;
        // a team without a row takes that of the first one for one of zeros
        const int mine = own < rows;
        const long row = mine ? own : phases * first + phase;
        const group_stats s = load_stats(stats, rows, row);
        __global const element *from_x = x + row * length;
        __global const element *from_dy = dy + row * length;
        __global element *to = dx + row * length;
        const float edge_x = edges && mine ? normalized(element_at(from_x + part.edge), s) : 0.0f;
        const float edge_dy = edges && mine ? element_at(from_dy + part.edge) : 0.0f;
        const float edge_g = THROUGH(edge_dy, edge_x * edge_weight + edge_bias);
#if HOLD
        raw_pack held_x[PACKS], held_g[PACKS];
#pragma unroll
        for (int k = 0; k < PACKS; k++) {
            held_x[k] = held_g[k] = (raw_pack)0;
            if (present(k, part.packs) && mine) {
                held_x[k] = load_raw(from_x + place_of(part, pack_number(k)));
                held_g[k] = load_raw(from_dy + place_of(part, pack_number(k)));
            }
        }
#define RAW_X(k) held_x[k]
#define RAW_G(k) held_g[k]
#else
#define RAW_X(k) load_raw(from_x + place_of(part, pack_number(k)))
#define RAW_G(k) load_raw(from_dy + place_of(part, pack_number(k)))
#endif
#define X_HAT(k) normalized_pack(unpacked(RAW_X(k)), s)
#if ACTIVATION && HOLD
        // through the activation once, though it is needed twice
        pack through[PACKS];
#pragma unroll
        for (int k = 0; k < PACKS; k++) {
            through[k] = (pack)0.0f;
            if (present(k, part.packs) && mine) {
                through[k] = PACK_THROUGH(unpacked(RAW_G(k)), X_HAT(k) * WEIGHTS(k) + BIASES(k));
            }
        }
#define G(k) through[k]
#else
#define G(k) PACK_THROUGH(unpacked(RAW_G(k)), X_HAT(k) * WEIGHTS(k) + BIASES(k))
#endif
#if WANT_DX
        pack sum_gx = (pack)0.0f, sum_g = (pack)0.0f;
#pragma unroll
        for (int k = 0; k < PACKS; k++) {
            if (present(k, part.packs) && mine) {
                const pack g = G(k) * WEIGHTS(k);
                sum_gx += g * X_HAT(k);
                sum_g += g;
            }
        }
        tally t = empty_tally();
        t.first = sum_of(sum_gx) + edge_g * edge_weight * edge_x;
        t.second = sum_of(sum_g) + edge_g * edge_weight;
        team_total(&t, slots, ITEMS, MEANS);
        const float mean_gx = t.first / (float)length;
        const float mean_g = CENTERED ? t.second / (float)length : 0.0f;
        if (edges && mine) {
            const float g = edge_g * edge_weight;
            float v = (((g - mean_g) - edge_x * mean_gx) * s.rstd) * s.scale;
#if JOIN == ADD_BEFORE
            v += element_at(dsum + row * length + part.edge);
#endif
            put_element(v, to + part.edge);
        }
#endif
#pragma unroll
        for (int k = 0; k < PACKS; k++) {
            if (present(k, part.packs) && mine) {
                const pack x_hat = X_HAT(k);
                const pack g = G(k);
#if WANT_DX
                pack v = input_gradients(g * WEIGHTS(k), x_hat, mean_g, mean_gx, s);
#if JOIN == ADD_BEFORE
                v += unpacked(load_raw(dsum + row * length + place_of(part, pack_number(k))));
#endif
                store_raw(to + place_of(part, pack_number(k)), packed(v));
#endif
#if WANT_PARAMETERS
                add_pack(&dw[k], &dw_low[k], g * x_hat);
                add_pack(&db[k], &db_low[k], g);
#endif
            }
        }
#if WANT_PARAMETERS
        add_float(&edge_dw, &edge_dw_low, edge_g * edge_x);
        add_float(&edge_db, &edge_db_low, edge_g);
#endif
    }
#if WANT_PARAMETERS
    __global float *own = partials + raw + block * length;
#pragma unroll
    for (int k = 0; k < PACKS; k++) {
        const pack w = OVER_TEAMS(pack_of_both(dw[k], dw_low[k]));
        const pack b = OVER_TEAMS(pack_of_both(db[k], db_low[k]));
        if (team() == 0 && present(k, part.packs)) {
            store_sums(own + place_of(part, pack_number(k)), w);
            store_sums(own + blocks * length + place_of(part, pack_number(k)), b);
        }
    }
#if !ALIGNED
    const float w = OVER_TEAMS((pack)both(edge_dw, edge_dw_low)).s0;
    const float b = OVER_TEAMS((pack)both(edge_db, edge_db_low)).s0;
    if (team() == 0 && edges) {
        own[part.edge] = w;
        own[blocks * length + part.edge] = b;
    }
#endif
#endif
}
