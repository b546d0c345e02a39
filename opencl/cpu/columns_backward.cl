// Backward over columns: x is [samples][channels][span], a group is a channel; column_tiles.cl says how it is cut.
//
// columns_backward: a work-item has some channels of all samples, and reads them for the second time from its cache:
// 3T. Where they are too much for a cache: columns_sums (a tile has a block of samples), columns_fold of
// columns_merge.cl, columns_dx; 5T, straight through memory. Given statistics: either kernel has dx and the sums in one
// sweep, 3T, and columns_sums is for blocks of samples, or dx alone.
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

typedef struct {
    float mean[COLUMNS], delta[COLUMNS], rstd[COLUMNS], scale[COLUMNS];
} COLUMN_ARRAYS column_stats;

#define STAT(which, c) channel_stat(stats, channels, which, c)
#define WEIGHT(c) channel_parameter(HAS_WEIGHT, weight, c, 1.0f)
#define FILL(array, value)                                                                                             \
    for (long c = 0; c < t->channels; c++) {                                                                           \
        one[c] = (value);                                                                                              \
    }                                                                                                                  \
    spread(array, one, t);

static inline void read_tile_stats(column_stats *s, const tile *t, __global const float *stats, long channels) {
    float one[COLUMNS] COLUMN_ARRAYS;
    FILL(s->mean, STAT(MEAN, c))
    FILL(s->delta, STAT(DELTA, c))
    FILL(s->rstd, STAT(RSTD, c))
    FILL(s->scale, STAT(SCALE, c))
}

// Whether rstd * rstd keeps the digits of what it is multiplied with. What its neighbours are does not change a
// channel's bits.
static inline int plain_channel(group_stats s, float w) {
    return s.scale == 1.0f && ordinary(s.rstd, 0x1p24f) && ordinary(w, 0x1p40f);
}

// dx = dy * weight - mean_g - ((x - mean) - delta) * mean_gx, for channels that are plain: rstd is in all three.
typedef struct {
    float weight[COLUMNS], mean_g[COLUMNS], mean_gx[COLUMNS];
    odd_channels odd;             // those that are not
    const float *products, *sums; // of the channels, over n elements
    float n;
} COLUMN_ARRAYS column_means;

// Of channels with these sums of dy * x_hat and of dy over n elements.
static inline void set_means(column_means *m, const tile *t, __global const float *stats,
                             __global const parameter *weight, long channels, const float *products,
                             const float *sums, float n) {
    float one[COLUMNS] COLUMN_ARRAYS;
    FILL(m->weight, WEIGHT(c) * STAT(RSTD, c))
#if !GIVEN
    FILL(m->mean_g, sums[c] * WEIGHT(c) / n * STAT(RSTD, c))
    FILL(m->mean_gx, products[c] * WEIGHT(c) / n * STAT(RSTD, c) * STAT(RSTD, c))
#endif
    m->products = products;
    m->sums = sums;
    m->n = n;
    m->odd.count = 0;
    for (long c = 0; c < t->channels; c++) {
        group_stats s;
        read_stats(stats, channels, t->channel + c, &s);
        note_channel(&m->odd, c, plain_channel(s, WEIGHT(c)));
    }
}

static inline vec x_hat_of(vec x, const column_stats *s, long i) {
    return ((x * own(s->scale + i) - own(s->mean + i)) - own(s->delta + i)) * own(s->rstd + i);
}

static inline float x_hat_at(__global const element *x, const column_stats *s, long i) {
    return ((element_at(x + i) * s->scale[i] - s->mean[i]) - s->delta[i]) * s->rstd[i];
}

// Adds a row, or four, to the sums of dy * x_hat and of dy.
static inline void add_products(__global const element *x, __global const element *dy, long stride, int four,
                                const column_stats *s, column_sums *products, column_sums *sums, long count) {
    for (long i = 0; i < count; i += WIDTH) {
        const long at = min(i, count - WIDTH);
        const vec g0 = load_elements(dy + at);
        vec product = g0 * x_hat_of(load_elements(x + at), s, at);
        vec sum = g0;
        if (four) {
            const vec g1 = load_elements(dy + stride + at);
            const vec g2 = load_elements(dy + 2 * stride + at);
            const vec g3 = load_elements(dy + 3 * stride + at);
            product += g1 * x_hat_of(load_elements(x + stride + at), s, at);
            product += g2 * x_hat_of(load_elements(x + 2 * stride + at), s, at)
                    + g3 * x_hat_of(load_elements(x + 3 * stride + at), s, at);
            sum = (g0 + g1) + (g2 + g3);
        }
        add_now(products, at, fresh_lanes(product, count - i));
        add_now(sums, at, fresh_lanes(sum, count - i));
    }
}

static inline void add_rows(__global const element *x, __global const element *dy, const tile *t, long r, long end,
                            const column_stats *s, column_sums *products, column_sums *sums) {
    for (; r + 4 <= end; r += 4) {
        add_products(x + row_of(t, r), dy + row_of(t, r), t->stride, 1, s, products, sums, t->count);
    }
    for (; r < end; r++) {
        add_products(x + row_of(t, r), dy + row_of(t, r), t->stride, 0, s, products, sums, t->count);
    }
    settle(products, t->count);
    settle(sums, t->count);
}

static inline void add_rest(__global const element *x, __global const element *dy, const tile *t,
                            const column_stats *s, column_sums *products, column_sums *sums) {
    const long at = row_of(t, t->rows);
    for (long i = 0; i < t->rest; i++) {
        const float g = element_at(dy + at + i);
        products->now[i] = g * x_hat_at(x + at, s, i);
        sums->now[i] = g;
    }
    settle(products, t->count);
    settle(sums, t->count);
}

#if GIVEN
#define DX_OF_COLUMN(i) (load_elements(dy + row + (i)) * own(m->weight + (i)))
#define DX_OF_ONE(k, i) (element_at(dy + (k)) * m->weight[i])
#else
#define DX_OF_COLUMN(i)                                                                                                \
    (load_elements(dy + row + (i)) * own(m->weight + (i)) - own(m->mean_g + (i))                                       \
     - ((load_elements(x + row + (i)) - own(s->mean + (i))) - own(s->delta + (i))) * own(m->mean_gx + (i)))
#define DX_OF_ONE(k, i)                                                                                                \
    (element_at(dy + (k)) * m->weight[i] - m->mean_g[i]                                                                \
     - ((element_at(x + (k)) - s->mean[i]) - s->delta[i]) * m->mean_gx[i])
#endif

// The odd channels of a row, by the long formula: rare, so an element at a time. `kept` is what x and dy were, since dx
// may lie where one of them does.
static inline void dx_odd(const float *kept_x, const float *kept_dy, __global element *dx, const tile *t, long columns,
                          const column_means *m, __global const float *stats, __global const parameter *weight,
                          long channels) {
    for (int j = 0; j < m->odd.count; j++) {
        const long c = m->odd.channel[j];
        const float w = WEIGHT(c);
        const float mean_g = GIVEN ? 0.0f : m->sums[c] * w / m->n;
        const float mean_gx = GIVEN ? 0.0f : m->products[c] * w / m->n;
        group_stats s;
        read_stats(stats, channels, t->channel + c, &s);
        for (long i = c * t->span; i < columns; i += t->channels * t->span) {
            for (long k = i; k < i + t->span; k++) {
                const float g = kept_dy[k] * w;
                put_element((GIVEN ? g : g - mean_g - normalized(kept_x[k], s) * mean_gx) * s.rstd * s.scale, dx + k);
            }
        }
    }
}

static inline void dx_rows(__global const element *x, __global const element *dy, __global element *dx, const tile *t,
                           long r, long end, const column_stats *s, const column_means *m,
                           __global const float *stats, __global const parameter *weight, long channels) {
    float kept_x[COLUMNS] COLUMN_ARRAYS, kept_dy[COLUMNS] COLUMN_ARRAYS;
    for (; r < end; r++) {
        const long row = row_of(t, r);
        keep_row(kept_x, x + row, t->count, &m->odd);
        keep_row(kept_dy, dy + row, t->count, &m->odd);
        SWEEP(dx + row, t->count, DX_OF_COLUMN)
        dx_odd(kept_x, kept_dy, dx + row, t, t->count, m, stats, weight, channels);
    }
}

// What dx_rows left: samples that fill no row.
static inline void dx_rest(__global const element *x, __global const element *dy, __global element *dx, const tile *t,
                           const column_stats *s, const column_means *m, __global const float *stats,
                           __global const parameter *weight, long channels) {
    float kept_x[COLUMNS] COLUMN_ARRAYS, kept_dy[COLUMNS] COLUMN_ARRAYS;
    const long at = row_of(t, t->rows);
    keep_row(kept_x, x + at, t->rest, &m->odd);
    keep_row(kept_dy, dy + at, t->rest, &m->odd);
    for (long i = 0; i < t->rest; i++) {
        put_element(DX_OF_ONE(at + i, i), dx + at + i);
    }
    dx_odd(kept_x, kept_dy, dx + at, t, t->rest, m, stats, weight, channels);
}

// The sums of the tile's channels, and dx where it does not depend on them.
static inline void sum_tile(__global const element *x, __global const element *dy, __global element *dx, const tile *t,
                            const column_stats *s, __global const float *stats, __global const parameter *weight,
                            long channels, column_sums *products, column_sums *sums) {
#if GIVEN && DX
    column_means m;
    set_means(&m, t, stats, weight, channels, 0, 0, 1.0f);
#endif
    start_sums(products, t->count);
    start_sums(sums, t->count);
    for (long r = 0; r < t->rows; r += SETTLED_ROWS) {
        const long end = min(r + SETTLED_ROWS, t->rows);
#if PARAMETERS || !GIVEN
        add_rows(x, dy, t, r, end, s, products, sums);
#endif
#if GIVEN && DX
        dx_rows(x, dy, dx, t, r, end, s, &m, stats, weight, channels);
#endif
    }
#if PARAMETERS || !GIVEN
    add_rest(x, dy, t, s, products, sums);
    fold(products->now, products->hi, products->lo, t);
    fold(sums->now, sums->hi, sums->lo, t);
#endif
#if GIVEN && DX
    dx_rest(x, dy, dx, t, s, &m, stats, weight, channels);
#endif
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void columns_backward(__global const element *x, __global const element *dy, __global const parameter *weight,
                      __global const float *stats, __global element *dx, __global parameter *dweight,
                      __global parameter *dbias, long samples, long channels, long span, long fused, long parts,
                      long part, int want_dweight, int want_dbias, int accumulate) {
    tile t;
    cut_tile(&t, get_group_id(0), samples, channels, span, fused, samples, 1, parts, part);
    column_stats s;
    read_tile_stats(&s, &t, stats, channels);
    column_sums products, sums;
    sum_tile(x, dy, dx, &t, &s, stats, weight, channels, &products, &sums);
    for (long c = 0; c < t.channels; c++) {
        if (want_dweight) {
            put_one_gradient(products.now[c], dweight + t.channel + c, accumulate);
        }
        if (want_dbias) {
            put_one_gradient(sums.now[c], dbias + t.channel + c, accumulate);
        }
    }
#if DX && !GIVEN
    column_means m;
    const float n = (float)(samples * span);
    set_means(&m, &t, stats, weight, channels, products.now, sums.now, n);
    dx_rows(x, dy, dx, &t, 0, t.rows, &s, &m, stats, weight, channels);
    dx_rest(x, dy, dx, &t, &s, &m, stats, weight, channels);
#endif
}

// partials: [2][blocks][channels], of dy * x_hat and of dy, as sum_partials takes it.
__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void columns_sums(__global const element *x, __global const element *dy, __global const parameter *weight,
                  __global const float *stats, __global element *dx, __global float *partials, long samples,
                  long channels, long span, long fused, long block, long blocks, long parts, long part) {
    tile t;
    cut_tile(&t, get_group_id(0), samples, channels, span, fused, block, blocks, parts, part);
    column_stats s;
    read_tile_stats(&s, &t, stats, channels);
    column_sums products, sums;
    sum_tile(x, dy, dx, &t, &s, stats, weight, channels, &products, &sums);
#if PARAMETERS || !GIVEN
    __global float *out = partials + t.block * channels + t.channel;
    for (long c = 0; c < t.channels; c++) {
        out[c] = products.now[c];
        out[blocks * channels + c] = sums.now[c];
    }
#endif
}

// sums: [2][channels], of dy * x_hat and of dy: also what the parameters' gradients are, written in this last step.
__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void columns_dx(__global const element *x, __global const element *dy, __global const parameter *weight,
                __global const float *stats, __global const float *sums, __global element *dx,
                __global parameter *dweight, __global parameter *dbias, long samples, long channels, long span,
                long fused, long block, long blocks, long parts, long part, int want_dweight, int want_dbias,
                int accumulate) {
    tile t;
    cut_tile(&t, get_group_id(0), samples, channels, span, fused, block, blocks, parts, part);
    column_stats s;
    read_tile_stats(&s, &t, stats, channels);
    float totals[2][COLUMNS];
    for (long c = 0; c < t.channels; c++) {
        totals[0][c] = sums[t.channel + c];
        totals[1][c] = sums[channels + t.channel + c];
    }
    column_means m;
    const float n = (float)(samples * span);
    set_means(&m, &t, stats, weight, channels, totals[0], totals[1], n);
    for (long c = 0; c < t.channels && t.block == 0; c++) {
        if (want_dweight) {
            put_one_gradient(totals[0][c], dweight + t.channel + c, accumulate);
        }
        if (want_dbias) {
            put_one_gradient(totals[1][c], dbias + t.channel + c, accumulate);
        }
    }
    dx_rows(x, dy, dx, &t, 0, t.rows, &s, &m, stats, weight, channels);
    dx_rest(x, dy, dx, &t, &s, &m, stats, weight, channels);
}
