// Backward over columns: x is [rows][channels], a group is a channel.
//
// columns_sums: a work-item does a tile, `block` rows of `part` channels, with its sums in its own row of partials
// [2][blocks][channels]; if GIVEN, dx too. columns_fold: WIDTH channels a work-item. columns_dx: a tile again.
#include "cpu/column_tiles.cl"

#ifndef DX
#define DX 1
#endif
#ifndef GIVEN
#define GIVEN 0
#endif
#ifndef PARAMETERS
#define PARAMETERS 1
#endif

static inline vec column_weight(__global const parameter *weight) {
#if HAS_WEIGHT
    return load_parameters(weight);
#else
    return (vec)(1.0f);
#endif
}

// One step over a tile: adds one row, or four, to the sums of dy * x_hat and of dy.
static inline void add_products(__global const element *x, __global const element *dy, long stride, int four,
                                __global const float *stats, __global float *dyx, __global float *sums, long count) {
    for (long i = 0; i < count; i += WIDTH) {
        const long at = min(i, count - WIDTH);
        __global const float *s = stats + at;
        const vec g0 = load_elements(dy + at);
        vec product = g0 * column_normalized(load_elements(x + at), s, stride);
        vec sum = g0;
        if (four) {
            const vec g1 = load_elements(dy + stride + at);
            const vec g2 = load_elements(dy + 2 * stride + at);
            const vec g3 = load_elements(dy + 3 * stride + at);
            product += g1 * column_normalized(load_elements(x + stride + at), s, stride);
            product += g2 * column_normalized(load_elements(x + 2 * stride + at), s, stride)
                    + g3 * column_normalized(load_elements(x + 3 * stride + at), s, stride);
            sum = (g0 + g1) + (g2 + g3);
        }
        product = load(dyx + at) + fresh_lanes(product, count - i);
        sum = load(sums + at) + fresh_lanes(sum, count - i);
        store(product, dyx + at);
        store(sum, sums + at);
    }
}

static inline vec dx_given(vec dy, __global const parameter *weight, __global const float *stats, long channels) {
    return dy * column_weight(weight) * load(stats + RSTD * channels) * load(stats + SCALE * channels);
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void columns_sums(__global const element *x, __global const element *dy, __global const parameter *weight,
                  __global const float *stats, __global element *dx, __global float *partials, long rows, long channels,
                  long block, long parts, long part) {
    const tile t = tile_of(get_group_id(0), rows, channels, block, parts, part);
    __global float *dyx = partials + t.block * channels + t.column;
    __global float *sums = dyx + (rows + block - 1) / block * channels;
#if PARAMETERS || !GIVEN
    clear(dyx, t.count);
    clear(sums, t.count);
#endif
    for (long r = t.first; r < t.last;) {
        const int four = r + 4 <= t.last;
        const long at = r * channels + t.column;
#if PARAMETERS || !GIVEN
        if (four) {
            add_products(x + at, dy + at, channels, 1, stats + t.column, dyx, sums, t.count);
        } else {
            add_products(x + at, dy + at, channels, 0, stats + t.column, dyx, sums, t.count);
        }
#endif
        const long next = r + (four ? 4 : 1);
#if GIVEN && DX
        for (; r < next; r++) {
            const long row = r * channels + t.column;
#define DX_GIVEN(i) dx_given(load_elements(dy + row + (i)), weight + t.column + (i), stats + t.column + (i), channels)
            SWEEP(dx + row, t.count, DX_GIVEN)
        }
#endif
        r = next;
    }
}

static inline vec total_of(__global const float *sums, long blocks, long channels) {
    vec_pair total;
    total.hi = total.lo = (vec)(0.0f);
    for (long b = 0; b < blocks; b++) {
        vec_pair_add(&total, load(sums + b * channels));
    }
    return total.hi + total.lo;
}

// means: [2][channels], of g = dy * weight and of g * x_hat.
__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void columns_fold(__global const float *partials, __global const parameter *weight, __global float *means, long rows,
                  long channels, long block) {
    const long blocks = (rows + block - 1) / block;
    const long c = get_group_id(0) * WIDTH;
    const long at = min(c, channels - WIDTH);
    const vec w = column_weight(weight + at);
    const vec gx = total_of(partials + at, blocks, channels) * w / (float)rows;
    const vec g = total_of(partials + blocks * channels + at, blocks, channels) * w / (float)rows;
    put_last(g, channels - c, means + at);
    put_last(gx, channels - c, means + channels + at);
}

static inline vec column_dx(__global const element *x, __global const element *dy, __global const parameter *weight,
                            __global const float *stats, __global const float *means, long channels) {
    const vec g = load_elements(dy) * column_weight(weight);
    const vec x_hat = column_normalized(load_elements(x), stats, channels);
    return (g - load(means) - x_hat * load(means + channels)) * load(stats + RSTD * channels)
            * load(stats + SCALE * channels);
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void columns_dx(__global const element *x, __global const element *dy, __global const parameter *weight,
                __global const float *stats, __global const float *means, __global element *dx, long rows,
                long channels, long block, long parts, long part) {
    const tile t = tile_of(get_group_id(0), rows, channels, block, parts, part);
    for (long r = t.first; r < t.last; r++) {
        const long row = r * channels + t.column;
#define DX_OF_COLUMN(i)                                                                                                \
    column_dx(x + row + (i), dy + row + (i), weight + t.column + (i), stats + t.column + (i), means + t.column + (i),  \
              channels)
        SWEEP(dx + row, t.count, DX_OF_COLUMN)
    }
}
