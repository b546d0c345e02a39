// Backward over columns: x is [sheets][samples][channels][span], a group is a channel of a sheet; column_tiles.cl says
// how it is cut.
//
// columns_backward: a work-item has some channels of all samples, and reads them for the second time from its cache:
// 3T. Where they are too much for a cache: columns_sums (a tile has a block of samples), columns_fold of
// columns_merge.cl, columns_dx; 5T, straight through memory. Given statistics: either kernel has dx and the sums in one
// sweep, 3T, and columns_sums is for blocks of samples, or dx alone. columns_shared is columns_backward where a
// parameter is not one tile's alone: of several sheets, or of a sample.
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

// Whether dx is made of the mean of what reaches x_hat, and of x.
#if GIVEN || !CENTERED
#define MEAN_OF_G 0
#else
#define MEAN_OF_G 1
#endif
#if GIVEN && !ACTIVATION
#define DX_OF_X 0
#else
#define DX_OF_X 1
#endif

typedef struct {
    float mean[COLUMNS], delta[COLUMNS], rstd[COLUMNS], scale[COLUMNS];
#if ACTIVATION
    float weight[COLUMNS], bias[COLUMNS]; // to find again what it was applied to
#endif
} COLUMN_ARRAYS column_stats;

#define STAT(which, c) channel_stat(stats, t, which, c)
#define FILL(array, value)                                                                                             \
    for (long c = 0; c < t->channels; c++) {                                                                           \
        one[c] = (value);                                                                                              \
    }                                                                                                                  \
    spread(array, one, t);

#if ACTIVATION
static inline void read_tile_parameters(column_stats *s, const tile *t, __global const parameter *weight,
                                        __global const parameter *bias) {
    float w[COLUMNS] COLUMN_ARRAYS, b[COLUMNS] COLUMN_ARRAYS;
    tile u;
    tile_of_parameters(&u, t);
    for (long p = 0; p < u.channels; p++) {
        w[p] = WEIGHT(p);
        b[p] = BIAS(p);
    }
    spread(s->weight, w, &u);
    spread(s->bias, b, &u);
}
#endif

static inline void read_tile_stats(column_stats *s, const tile *t, __global const float *stats,
                                   __global const parameter *weight, __global const parameter *bias) {
    float one[COLUMNS] COLUMN_ARRAYS;
#if ACTIVATION
    read_tile_parameters(s, t, weight, bias);
#endif
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
    const float *products, *sums; // of what has a parameter, over n elements of a channel
    float n;
} COLUMN_ARRAYS column_means;

// A channel's sum of what reaches x_hat, from sums of what reaches y.
static inline float weighted_sum(const float *sums, const tile *t, long c, __global const parameter *weight) {
#if PARAMETER_OF == COLUMN
    float_pair total = {0.0f, 0.0f};
    for (long p = c * t->span; p < (c + 1) * t->span; p++) {
        add_to(&total, sums[p] * WEIGHT(p));
    }
    return pair_value(total);
#else
    return sums[c] * WEIGHT(c);
#endif
}

// Of parameters, or channels, with these sums of dy * x_hat and of dy, over n elements of a channel.
static inline void set_means(column_means *m, const tile *t, __global const float *stats,
                             __global const parameter *weight, const float *products, const float *sums, float n) {
    float one[COLUMNS] COLUMN_ARRAYS;
    tile u;
    tile_of_parameters(&u, t);
    m->products = products;
    m->sums = sums;
    m->n = n;
    m->odd.count = 0;
    for (long c = 0; c < t->channels; c++) {
        group_stats s;
        int plain = 1;
        read_stats(stats, t->groups, t->group + c, &s);
        for (long p = c * EACH(t); p < (c + 1) * EACH(t); p++) {
            const float w = WEIGHT(p);
            one[p] = w * s.rstd;
            plain &= plain_channel(s, w);
        }
        note_channel(&m->odd, c, plain);
    }
    spread(m->weight, one, &u);
#if !GIVEN
    FILL(m->mean_g, MEAN_OF_G ? weighted_sum(sums, t, c, weight) / n * STAT(RSTD, c) : 0.0f)
    FILL(m->mean_gx, weighted_sum(products, t, c, weight) / n * STAT(RSTD, c) * STAT(RSTD, c))
#endif
}

static inline vec x_hat_of(vec x, const column_stats *s, long i) {
    return ((x * own(s->scale + i) - own(s->mean + i)) - own(s->delta + i)) * own(s->rstd + i);
}

static inline float x_hat_at(__global const element *x, const column_stats *s, long i) {
    return ((element_at(x + i) * s->scale[i] - s->mean[i]) - s->delta[i]) * s->rstd[i];
}

// What reaches the affine of the columns i …, of row w and b.
#if !ACTIVATION
#define THROUGH(dy, x_hat, i) (dy)
#elif PARAMETER_OF == SAMPLE
#define THROUGH(dy, x_hat, i) through(dy, x_hat, (vec)(w), (vec)(b))
#else
#define THROUGH(dy, x_hat, i) through(dy, x_hat, own(s->weight + (i)), own(s->bias + (i)))
#endif

static inline float through_one(float dy, float x_hat, float w, float b) {
#if ACTIVATION
    return dy * activation_slope(x_hat * w + b);
#else
    return dy;
#endif
}

#if PARAMETER_OF != SAMPLE
// Adds a row, or four, to the sums of dy * x_hat and of dy, or what of dy went through the activation.
static inline void add_products(__global const element *x, __global const element *dy, long stride, int four,
                                const column_stats *s, column_sums *products, column_sums *sums, long count) {
    for (long i = 0; i < count; i += WIDTH) {
        const long at = min(i, count - WIDTH);
        const vec x0 = x_hat_of(load_elements(x + at), s, at);
        const vec g0 = THROUGH(load_elements(dy + at), x0, at);
        vec product = g0 * x0;
        vec sum = g0;
        if (four) {
            const vec x1 = x_hat_of(load_elements(x + stride + at), s, at);
            const vec x2 = x_hat_of(load_elements(x + 2 * stride + at), s, at);
            const vec x3 = x_hat_of(load_elements(x + 3 * stride + at), s, at);
            const vec g1 = THROUGH(load_elements(dy + stride + at), x1, at);
            const vec g2 = THROUGH(load_elements(dy + 2 * stride + at), x2, at);
            const vec g3 = THROUGH(load_elements(dy + 3 * stride + at), x3, at);
            product += g1 * x1;
            product += g2 * x2 + g3 * x3;
            sum = (g0 + g1) + (g2 + g3);
        }
        add_now(products, at, fresh_lanes(product, count - i));
        add_now(sums, at, fresh_lanes(sum, count - i));
    }
}
#else
// Adds a row to the sums, whose elements share a weight: sums are of dy * weight. What the row's own parameters get is
// left in `row_products` and `row_sums`.
static inline void add_row_products(__global const element *x, __global const element *dy, const column_stats *s,
                                    column_sums *products, column_sums *sums, long count, float w,
                                    float b, float *row_products, float *row_sums) {
    vec_pair all_products, all_sums;
    all_products.hi = all_products.lo = all_sums.hi = all_sums.lo = (vec)(0.0f);
    for (long i = 0; i < count;) {
        const long end = min(i + SERIAL_SUMS * WIDTH, count);
        vec row_product = (vec)(0.0f), row_sum = row_product;
        for (; i < end; i += WIDTH) {
            const long at = min(i, count - WIDTH);
            const vec x_hat = x_hat_of(load_elements(x + at), s, at);
            const vec g = fresh_lanes(THROUGH(load_elements(dy + at), x_hat, at), count - i);
            const vec product = fresh_lanes(g * x_hat, count - i);
            row_product += product;
            row_sum += g;
            add_now(products, at, product * w);
            add_now(sums, at, g * w);
        }
        vec_pair_add(&all_products, row_product);
        vec_pair_add(&all_sums, row_sum);
    }
    *row_products = sum_of(all_products.hi + all_products.lo);
    *row_sums = sum_of(all_sums.hi + all_sums.lo);
}
#endif

// partials: of the tile's rows, if those have parameters.
static inline void add_rows(__global const element *x, __global const element *dy, const tile *t, long r, long end,
                            const column_stats *s, __global const parameter *weight,
                            __global const parameter *bias, column_sums *products, column_sums *sums,
                            __global float *partials, long plane) {
#if PARAMETER_OF == SAMPLE
    for (; r < end; r++) {
        float row_products, row_sums;
        add_row_products(x + row_of(t, r), dy + row_of(t, r), s, products, sums, t->count, ROW_WEIGHT(r),
                         ROW_BIAS(r), &row_products, &row_sums);
#if PARAMETERS
        partials[r] = row_products;
        partials[plane + r] = row_sums;
#endif
    }
#else
    for (; r + 4 <= end; r += 4) {
        add_products(x + row_of(t, r), dy + row_of(t, r), t->stride, 1, s, products, sums, t->count);
    }
    for (; r < end; r++) {
        add_products(x + row_of(t, r), dy + row_of(t, r), t->stride, 0, s, products, sums, t->count);
    }
#endif
    settle(products, t->count);
    settle(sums, t->count);
}

static inline void add_rest(__global const element *x, __global const element *dy, const tile *t,
                            const column_stats *s, column_sums *products, column_sums *sums) {
    const long at = row_of(t, t->rows);
    for (long i = 0; i < t->rest; i++) {
        const float x_hat = x_hat_at(x + at, s, i);
#if ACTIVATION
        const float g = through_one(element_at(dy + at + i), x_hat, s->weight[i], s->bias[i]);
#else
        const float g = element_at(dy + at + i);
#endif
        products->now[i] = g * x_hat;
        sums->now[i] = g;
    }
    settle(products, t->count);
    settle(sums, t->count);
}

#if PARAMETER_OF == SAMPLE
#define of_row(g) ((g) * w)
#else
#define of_row(g) (g)
#endif
#if JOIN == ADD_BEFORE
#define PLUS_DSUM(i) + load_elements(dsum + row + (i))
#define PLUS_ONE_DSUM(k) + element_at(dsum + (k))
#else
#define PLUS_DSUM(i)
#define PLUS_ONE_DSUM(k)
#endif
#define G_OF_COLUMN(i)                                                                                                 \
    (of_row(THROUGH(load_elements(dy + row + (i)), x_hat_of(load_elements(x + row + (i)), s, i), i))                   \
     * own(m->weight + (i)))
#if ACTIVATION
#define G_OF_ONE(k, i)                                                                                                 \
    (through_one(element_at(dy + (k)), x_hat_at(x + (k) - (i), s, i), s->weight[i], s->bias[i]) * m->weight[i])
#else
#define G_OF_ONE(k, i) (element_at(dy + (k)) * m->weight[i])
#endif
#if GIVEN
#define DX_OF_COLUMN(i) (G_OF_COLUMN(i) PLUS_DSUM(i))
#define DX_OF_ONE(k, i) (G_OF_ONE(k, i) PLUS_ONE_DSUM(k))
#else
#define DX_OF_COLUMN(i)                                                                                                \
    (G_OF_COLUMN(i) - own(m->mean_g + (i))                                                                             \
     - ((load_elements(x + row + (i)) - own(s->mean + (i))) - own(s->delta + (i))) * own(m->mean_gx + (i))             \
     PLUS_DSUM(i))
#define DX_OF_ONE(k, i)                                                                                                \
    (G_OF_ONE(k, i) - m->mean_g[i] - ((element_at(x + (k)) - s->mean[i]) - s->delta[i]) * m->mean_gx[i]                \
     PLUS_ONE_DSUM(k))
#endif

// The odd channels of row r, by the long formula: rare, so an element at a time. `kept` is what x and dy were, since dx
// may lie where one of them does.
static inline void dx_odd(const float *kept_x, const float *kept_dy, __global const element *dsum,
                          __global element *dx, const tile *t, long r, long columns, const column_means *m,
                          __global const float *stats, __global const parameter *weight,
                          __global const parameter *bias) {
    for (int j = 0; j < m->odd.count; j++) {
        const long c = m->odd.channel[j];
        const float mean_g = MEAN_OF_G ? weighted_sum(m->sums, t, c, weight) / m->n : 0.0f;
        const float mean_gx = GIVEN ? 0.0f : weighted_sum(m->products, t, c, weight) / m->n;
        group_stats s;
        read_stats(stats, t->groups, t->group + c, &s);
        for (long i = c * t->span; i < columns; i += t->channels * t->span) {
            for (long k = 0; k < t->span; k++) {
                const long p = EACH(t) == 1 ? c : c * t->span + k;
                const float w = WEIGHT(p) * ROW_WEIGHT(r), b = BIAS(p) + ROW_BIAS(r);
                const float x_hat = DX_OF_X ? normalized(kept_x[i + k], s) : 0.0f;
                const float g = through_one(kept_dy[i + k], x_hat, w, b) * w;
                const float g_x = GIVEN ? g : g - mean_g - x_hat * mean_gx;
                put_element(g_x * s.rstd * s.scale PLUS_ONE_DSUM(i + k), dx + i + k);
            }
        }
    }
}

static inline void dx_rows(__global const element *x, __global const element *dy, __global const element *dsum,
                           __global element *dx, const tile *t, long r, long end, const column_stats *s,
                           const column_means *m, __global const float *stats, __global const parameter *weight,
                           __global const parameter *bias) {
    float kept_x[COLUMNS] COLUMN_ARRAYS, kept_dy[COLUMNS] COLUMN_ARRAYS;
    for (; r < end; r++) {
        const long row = row_of(t, r);
#if PARAMETER_OF == SAMPLE
        const float w = ROW_WEIGHT(r), b = ROW_BIAS(r);
#endif
        keep_row(kept_x, x + row, t->count, &m->odd);
        keep_row(kept_dy, dy + row, t->count, &m->odd);
        SWEEP(dx + row, t->count, DX_OF_COLUMN)
        dx_odd(kept_x, kept_dy, dsum + row, dx + row, t, r, t->count, m, stats, weight, bias);
    }
}

// What dx_rows left: samples that fill no row.
static inline void dx_rest(__global const element *x, __global const element *dy, __global const element *dsum,
                           __global element *dx, const tile *t, const column_stats *s, const column_means *m,
                           __global const float *stats, __global const parameter *weight,
                           __global const parameter *bias) {
    float kept_x[COLUMNS] COLUMN_ARRAYS, kept_dy[COLUMNS] COLUMN_ARRAYS;
    const long at = row_of(t, t->rows);
    keep_row(kept_x, x + at, t->rest, &m->odd);
    keep_row(kept_dy, dy + at, t->rest, &m->odd);
    for (long i = 0; i < t->rest; i++) {
        put_element(DX_OF_ONE(at + i, i), dx + at + i);
    }
    dx_odd(kept_x, kept_dy, dsum + at, dx + at, t, t->rows, t->rest, m, stats, weight, bias);
}

// The sums of what has parameters in the tile, and dx where it does not depend on them. Sums of rows go to partials.
static inline void sum_tile(__global const element *x, __global const element *dy, __global const element *dsum,
                            __global element *dx, const tile *t, const column_stats *s, __global const float *stats,
                            __global const parameter *weight, __global const parameter *bias, column_sums *products,
                            column_sums *sums, __global float *partials, long plane) {
#if GIVEN && DX
    column_means m;
    set_means(&m, t, stats, weight, 0, 0, 1.0f);
#endif
    start_sums(products, t->count);
    start_sums(sums, t->count);
    for (long r = 0; r < t->rows; r += SETTLED_ROWS) {
        const long end = min(r + SETTLED_ROWS, t->rows);
#if PARAMETERS || !GIVEN
        add_rows(x, dy, t, r, end, s, weight, bias, products, sums, partials, plane);
#endif
#if GIVEN && DX
        dx_rows(x, dy, dsum, dx, t, r, end, s, &m, stats, weight, bias);
#endif
    }
#if PARAMETERS || !GIVEN
    tile u;
    tile_of_parameters(&u, t);
    add_rest(x, dy, t, s, products, sums);
    fold(products->now, products->hi, products->lo, &u);
    fold(sums->now, sums->hi, sums->lo, &u);
#endif
#if GIVEN && DX
    dx_rest(x, dy, dsum, dx, t, s, &m, stats, weight, bias);
#endif
}

// dx of a tile that has all samples.
static inline void dx_tile(__global const element *x, __global const element *dy, __global const element *dsum,
                           __global element *dx, const tile *t, const column_stats *s, __global const float *stats,
                           __global const parameter *weight, __global const parameter *bias, const float *products,
                           const float *sums, long samples) {
    column_means m;
    set_means(&m, t, stats, weight, products, sums, (float)(samples * t->span));
    dx_rows(x, dy, dsum, dx, t, 0, t->rows, s, &m, stats, weight, bias);
    dx_rest(x, dy, dsum, dx, t, s, &m, stats, weight, bias);
}

static inline void put_gradients(const float *products, const float *sums, const tile *t,
                                 __global parameter *dweight, __global parameter *dbias, int want_dweight,
                                 int want_dbias, int accumulate) {
    const long first = t->channel * EACH(t);
    for (long p = 0; p < t->channels * EACH(t); p++) {
        if (want_dweight) {
            put_one_gradient(products[p], dweight + first + p, accumulate);
        }
        if (want_dbias) {
            put_one_gradient(sums[p], dbias + first + p, accumulate);
        }
    }
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void columns_backward(__global const element *x, __global const element *dy, __global const parameter *weight,
                      __global const parameter *bias, __global const element *dsum, __global const float *stats,
                      __global element *dx, __global parameter *dweight,
                      __global parameter *dbias, long samples, long channels, long span, long fused, long parts,
                      long part, int want_dweight, int want_dbias, int accumulate) {
    tile t;
    cut_tile(&t, get_group_id(0), 1, samples, channels, span, fused, samples, 1, parts, part);
    column_stats s;
    read_tile_stats(&s, &t, stats, weight, bias);
    column_sums products, sums;
    sum_tile(x, dy, dsum, dx, &t, &s, stats, weight, bias, &products, &sums, 0, 0);
    put_gradients(products.now, sums.now, &t, dweight, dbias, want_dweight, want_dbias, accumulate);
#if DX && !GIVEN
    dx_tile(x, dy, dsum, dx, &t, &s, stats, weight, bias, products.now, sums.now, samples);
#endif
}

static inline void put_partials(const float *products, const float *sums, const tile *t, __global float *out,
                                long plane) {
    for (long p = 0; p < t->channels * EACH(t); p++) {
        out[p] = products[p];
        out[plane + p] = sums[p];
    }
}

// partials: [2][sheets][parameters], of dy * x_hat and of dy, as sum_partials takes it; of samples:
// [2][sheets * parts][samples].
__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void columns_shared(__global const element *x, __global const element *dy, __global const parameter *weight,
                    __global const parameter *bias, __global const element *dsum, __global const float *stats,
                    __global element *dx, __global float *partials, long sheets,
                    long samples, long channels, long span, long fused, long parts, long part) {
    tile t;
    cut_tile(&t, get_group_id(0), sheets, samples, channels, span, fused, samples, 1, parts, part);
    column_stats s;
    read_tile_stats(&s, &t, stats, weight, bias);
    column_sums products, sums;
#if PARAMETER_OF == SAMPLE
    sum_tile(x, dy, dsum, dx, &t, &s, stats, weight, bias, &products, &sums, partials + get_group_id(0) * samples,
             sheets * parts * samples);
#else
    sum_tile(x, dy, dsum, dx, &t, &s, stats, weight, bias, &products, &sums, 0, 0);
#if PARAMETERS
    put_partials(products.now, sums.now, &t, partials + (t.slot * channels + t.channel) * EACH(&t),
                 sheets * channels * EACH(&t));
#endif
#endif
#if DX && !GIVEN
    dx_tile(x, dy, dsum, dx, &t, &s, stats, weight, bias, products.now, sums.now, samples);
#endif
}

// partials: [2][sheets * blocks][parameters], of dy * x_hat and of dy, as sum_partials takes it.
__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void columns_sums(__global const element *x, __global const element *dy, __global const parameter *weight,
                  __global const parameter *bias, __global const element *dsum, __global const float *stats,
                  __global element *dx, __global float *partials, long sheets,
                  long samples, long channels, long span, long fused, long block, long blocks, long parts, long part) {
    tile t;
    cut_tile(&t, get_group_id(0), sheets, samples, channels, span, fused, block, blocks, parts, part);
    column_stats s;
    read_tile_stats(&s, &t, stats, weight, bias);
    column_sums products, sums;
    sum_tile(x, dy, dsum, dx, &t, &s, stats, weight, bias, &products, &sums, 0, 0);
#if PARAMETERS || !GIVEN
    put_partials(products.now, sums.now, &t, partials + (t.slot * channels + t.channel) * EACH(&t),
                 sheets * blocks * channels * EACH(&t));
#endif
}

// sums: [2][sheets][parameters], of dy * x_hat and of dy: of one sheet also what the parameters' gradients are, written
// in this last step.
__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void columns_dx(__global const element *x, __global const element *dy, __global const parameter *weight,
                __global const parameter *bias, __global const element *dsum, __global const float *stats,
                __global const float *sums, __global element *dx,
                __global parameter *dweight, __global parameter *dbias, long sheets, long samples, long channels,
                long span, long fused, long block, long blocks, long parts, long part, int want_dweight,
                int want_dbias, int accumulate) {
    tile t;
    cut_tile(&t, get_group_id(0), sheets, samples, channels, span, fused, block, blocks, parts, part);
    column_stats s;
    read_tile_stats(&s, &t, stats, weight, bias);
    float totals[2][COLUMNS];
    __global const float *own_sums = sums + t.group * EACH(&t);
    for (long p = 0; p < t.channels * EACH(&t); p++) {
        totals[0][p] = own_sums[p];
        totals[1][p] = own_sums[t.groups * EACH(&t) + p];
    }
    if (sheets == 1 && t.block == 0) {
        put_gradients(totals[0], totals[1], &t, dweight, dbias, want_dweight, want_dbias, accumulate);
    }
    dx_tile(x, dy, dsum, dx, &t, &s, stats, weight, bias, totals[0], totals[1], samples);
}
