// Rows of which every element has a parameter of its own, as in layer normalization. parameters are `length` where all
// rows share them, else those of row r begin at (r % row_groups) * length.
//
// Rows are owned by teams of work-items; a very long row is cut into chunks, whose moments planes.cl finds and merges
// (a row is one plane), or whose sums are found here, before columns.cl computes the gradients.

// Quads of a row to a work-item in a backward pass, which keeps the parameters' sums of each in registers.
#ifndef QUADS
#define QUADS 4
#endif
#ifndef HAS_WEIGHT
#define HAS_WEIGHT 1
#endif
#ifndef HAS_BIAS
#define HAS_BIAS 1
#endif
#ifndef WANT_DX
#define WANT_DX 1
#endif
#ifndef WANT_PARAMETERS
#define WANT_PARAMETERS 1
#endif

#include "gpu/region.cl"

// Sums of parameters from index i on, of which [0, length) exist.
static inline void store_sums(__global float *p, pack v, long i, long length) {
    if (ALIGNED || (i >= 0 && i + PACK <= length)) {
#if PACK == 8
        vstore8(v, 0, p + i);
#else
        vstore4(v, 0, p + i);
#endif
        return;
    }
    const float *of = (const float *)&v;
    for (int k = 0; k < PACK; k++) {
        if (i + k >= 0 && i + k < length) {
            p[i + k] = of[k];
        }
    }
}

static inline pack weights_of(__global const parameter *weight, long i, long length) {
#if HAS_WEIGHT
    return load_parameters(weight, i, length);
#else
    return (pack)1.0f;
#endif
}

static inline pack biases_of(__global const parameter *bias, long i, long length) {
#if HAS_BIAS
    return load_parameters(bias, i, length);
#else
    return (pack)0.0f;
#endif
}

static inline region row_region(long row, long rows, long length) {
    region r;
    r.first = row * length;
    r.stride = length;
    r.planes = row < rows ? 1 : 0;
    r.span = length;
    r.plane = 0;
    return r;
}

// Elements [begin, end) of the row that begins at `row`; weight and bias are those of that row.
static inline void normalize(__global const element *x, __global element *y, __global const parameter *weight,
                             __global const parameter *bias, long row, long length, long begin, long end,
                             group_stats s) {
    for (long at = first_pack(begin); at < end; at += PACK * LANES) {
        const pack w = weights_of(weight, at - row, length);
        const pack b = biases_of(bias, at - row, length);
        store_pack(y, normalized_pack(load_pack(x, at, begin, end), s) * w + b, at, begin, end);
    }
}

FIXED_WORK_GROUP
__kernel void forward(__global const element *restrict x, __global element *restrict y,
                      __global const parameter *restrict weight, __global const parameter *restrict bias,
                      __global float *restrict stats, long rows, long length, long row_groups, float eps,
                      int zero_rstd) {
    __local slot slots[SLOTS];
    __local int answer;
    const long row = (long)get_group_id(0) * TEAMS + team();
    const region r = row_region(row, rows, length);
    moments m;
    group_moments(&m, x, r, (float)length, eps, slots, &answer);
    if (r.planes > 0) {
        if (item() == 0) {
            store_moments(stats, rows, row, m, eps, zero_rstd);
        }
        const long p = row % row_groups * length;
        normalize(x, y, weight + p, bias + p, r.first, length, r.first, r.first + length, finished(m, eps, zero_rstd));
    }
}

// y of a chunk of a row from statistics that are there.
FIXED_WORK_GROUP
__kernel void apply(__global const element *restrict x, __global element *restrict y,
                    __global const parameter *restrict weight, __global const parameter *restrict bias,
                    __global const float *restrict stats, long rows, long length, long row_groups, long chunk_span,
                    long chunks) {
    const long row = get_group_id(0) / chunks;
    const long begin = row * length + get_group_id(0) % chunks * chunk_span;
    const long p = row % row_groups * length;
    normalize(x, y, weight + p, bias + p, row * length, length, begin, min(begin + chunk_span, (row + 1) * length),
              load_stats(stats, rows, row));
}

// The sums of g * x_hat and g over [begin, end) of a row, g = dy * w.
static inline tally weighted_sums(__global const element *x, __global const element *dy,
                                  __global const parameter *weight, long row, long length, long begin, long end,
                                  group_stats s) {
    tally t = empty_tally();
    for (long at = first_pack(begin); at < end; at += PACK * LANES) {
        const pack g = load_pack(dy, at, begin, end) * weights_of(weight, at - row, length);
        const pack product = inside(g * normalized_pack(load_pack(x, at, begin, end), s), at, begin, end);
        t = add_second(add_first(t, sum_of(product)), sum_of(g));
    }
    return t;
}

// Adds up what the teams of a work-group hold of one quad; the first team gets the sum.
INLINED pack sum_over_teams(pack mine, __local pack *quads) {
    const int me = get_local_id(0);
    barrier(CLK_LOCAL_MEM_FENCE);
    quads[me] = mine;
    for (int reach = TEAMS / 2; reach > 0; reach /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (team() < reach) {
            quads[me] += quads[me + reach * ITEMS];
        }
    }
    return quads[me];
}

// Four sums in two floats each, normalized after every term, as pair_add does.
static inline void add_quad(pack *high, pack *low, pack value) {
    const pack sum = *high + value;
    const pack t = sum - *high;
    const pack kept = *low + ((*high - (sum - t)) + (value - t));
    *high = isfinite(sum) ? sum + kept : sum;
    *low = isfinite(sum) ? kept - (*high - sum) : (pack)0.0f;
}

// dx, and this work-group's share of the parameters' sums: partials from `raw` on is [2][blocks][length]. A work-group
// takes rows that are a multiple of PACK apart: they all begin at the same distance from a 16-byte address, so that a
// work-item meets the same parameters in each of them and keeps their sums in registers. blocks is a multiple of PACK.
FIXED_WORK_GROUP
__kernel void backward(__global const element *restrict x, __global const element *restrict dy,
                       __global element *restrict dx, __global const parameter *restrict weight,
                       __global const float *restrict stats, __global float *restrict partials, long rows, long length,
                       long blocks, long raw) {
    __local slot slots[SLOTS];
    const long block = get_group_id(0);
    const long phase = block % PACK;
#if WANT_PARAMETERS
    __local pack quads[WORK_GROUP];
    pack dw[QUADS], dw_low[QUADS], db[QUADS], db_low[QUADS];
#pragma unroll
    for (int k = 0; k < QUADS; k++) {
        dw[k] = dw_low[k] = db[k] = db_low[k] = (pack)0.0f;
    }
#endif
    for (long first = block / PACK * TEAMS; PACK * first + phase < rows; first += blocks / PACK * TEAMS) {
        const long row = PACK * (first + team()) + phase;
        const group_stats s = load_stats(stats, rows, min(row, rows - 1));
        const long begin = row * length;
        const long end = row < rows ? begin + length : begin;
#if WANT_DX
        tally t = weighted_sums(x, dy, weight, begin, length, begin, end, s);
        team_total(&t, slots, ITEMS, ALL);
        const float mean_gx = both(t.first, t.first_low) / (float)length;
        const float mean_g = both(t.second, t.second_low) / (float)length;
#endif
#pragma unroll
        for (int k = 0; k < QUADS; k++) {
            const long at = first_pack(begin) + PACK * LANES * k;
            if (at < end) {
                const pack x_hat = normalized_pack(load_pack(x, at, begin, end), s);
                const pack g = load_pack(dy, at, begin, end);
#if WANT_DX
                const pack gw = g * weights_of(weight, at - begin, length);
                store_pack(dx, (((gw - mean_g) - x_hat * mean_gx) * s.rstd) * s.scale, at, begin, end);
#endif
#if WANT_PARAMETERS
                add_quad(&dw[k], &dw_low[k], inside(g * x_hat, at, begin, end));
                add_quad(&db[k], &db_low[k], g);
#endif
            }
        }
    }
#if WANT_PARAMETERS
    const long from = phase * length & (PACK - 1);
    __global float *own = partials + raw + block * length;
#pragma unroll
    for (int k = 0; k < QUADS; k++) {
        const long i = PACK * (lane() + LANES * k) - from;
        const pack w = sum_over_teams(dw[k] + dw_low[k], quads);
        const pack b = sum_over_teams(db[k] + db_low[k], quads);
        if (team() == 0 && i < length) {
            store_sums(own, w, i, length);
            store_sums(own + blocks * length, b, i, length);
        }
    }
#endif
}

// Sums of the chunks of rows: sums is [2][rows][chunks].
FIXED_WORK_GROUP
__kernel void chunk_sums(__global const element *restrict x, __global const element *restrict dy,
                         __global const parameter *restrict weight, __global const float *restrict stats,
                         __global float *restrict sums, long rows, long length, long chunk_span, long chunks) {
    __local slot slots[SLOTS];
    const long row = get_group_id(0) / chunks;
    const long begin = row * length + get_group_id(0) % chunks * chunk_span;
    const long end = min(begin + chunk_span, (row + 1) * length);
    tally t = weighted_sums(x, dy, weight, row * length, length, begin, end, load_stats(stats, rows, row));
    team_total(&t, slots, ITEMS, ALL);
    if (item() == 0) {
        sums[get_group_id(0)] = both(t.first, t.first_low);
        sums[rows * chunks + get_group_id(0)] = both(t.second, t.second_low);
    }
}

// The means of g * x_hat and g over every row: means is [2][rows].
FIXED_WORK_GROUP
__kernel void merge_sums(__global const float *restrict sums, __global float *restrict means, long rows, long length,
                         long chunks) {
    __local slot slots[SLOTS];
    const long row = get_group_id(0);
    tally t = empty_tally();
    for (long k = item(); k < chunks; k += ITEMS) {
        t = add_first(t, sums[row * chunks + k]);
        t = add_second(t, sums[(rows + row) * chunks + k]);
    }
    team_total(&t, slots, ITEMS, ALL);
    if (item() == 0) {
        means[row] = both(t.first, t.first_low) / (float)length;
        means[rows + row] = both(t.second, t.second_low) / (float)length;
    }
}
