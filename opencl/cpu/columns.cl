// Forward over columns, as in batch normalization of [N, C] or of small planes: x is [samples][channels][span], a group
// is a channel; column_tiles.cl says how it is cut.
//
// columns_forward: a work-item has some channels of all samples, and reads them for the second time from its cache: 2T.
// Where they are too much for a cache: columns_moments (a tile has a block of samples), columns_merge of
// columns_merge.cl, columns_apply; 3T, straight through memory. Given statistics need columns_apply alone.
#include "cpu/column_tiles.cl"

// y = ((x * scale - mean) - delta) * rstd * weight + bias; or, if `plain`, where every scale is 1, (x - mean) * rstd +
// bias, with weight already in rstd and delta in bias.
typedef struct {
    float mean[COLUMNS], rstd[COLUMNS], bias[COLUMNS], scale[COLUMNS], delta[COLUMNS], weight[COLUMNS];
    int plain;
} COLUMN_ARRAYS column_affine;

static inline void read_affine(column_affine *a, const tile *t, __global const float *stats,
                               __global const parameter *weight, __global const parameter *bias, long channels) {
    float one[COLUMNS] COLUMN_ARRAYS;
#define STAT(which, c) channel_stat(stats, channels, which, c)
#define WEIGHT(c) channel_parameter(HAS_WEIGHT, weight, c, 1.0f)
#define FILL(array, value)                                                                                             \
    for (long c = 0; c < t->channels; c++) {                                                                           \
        one[c] = (value);                                                                                              \
    }                                                                                                                  \
    spread(array, one, t);
    a->plain = 1;
    for (long c = 0; c < t->channels; c++) {
        a->plain &= STAT(SCALE, c) == 1.0f && ordinary(STAT(RSTD, c), 0x1p40f) && ordinary(WEIGHT(c), 0x1p40f);
    }
    FILL(a->mean, STAT(MEAN, c))
    if (a->plain) {
        FILL(a->rstd, STAT(RSTD, c) * WEIGHT(c))
        FILL(a->bias, channel_parameter(HAS_BIAS, bias, c, 0.0f) - STAT(DELTA, c) * (STAT(RSTD, c) * WEIGHT(c)))
        return;
    }
    FILL(a->rstd, STAT(RSTD, c))
    FILL(a->bias, channel_parameter(HAS_BIAS, bias, c, 0.0f))
    FILL(a->scale, STAT(SCALE, c))
    FILL(a->delta, STAT(DELTA, c))
    FILL(a->weight, WEIGHT(c))
}

static inline vec plain_y(vec x, const column_affine *a, long i) {
    return (x - own(a->mean + i)) * own(a->rstd + i) + own(a->bias + i);
}

static inline vec any_y(vec x, const column_affine *a, long i) {
    return ((x * own(a->scale + i) - own(a->mean + i)) - own(a->delta + i)) * own(a->rstd + i) * own(a->weight + i)
            + own(a->bias + i);
}

static inline void put_y(__global const element *x, __global element *y, const column_affine *a, long i) {
    const float one = element_at(x + i);
    put_element(a->plain ? (one - a->mean[i]) * a->rstd[i] + a->bias[i]
                        : ((one * a->scale[i] - a->mean[i]) - a->delta[i]) * a->rstd[i] * a->weight[i] + a->bias[i],
                y + i);
}

static inline void apply_tile(__global const element *x, __global element *y, const tile *t, const column_affine *a) {
    for (long r = 0; r < t->rows; r++) {
        __global const element *row = x + row_of(t, r);
        __global element *out = y + row_of(t, r);
#define PLAIN_Y(i) plain_y(load_elements(row + (i)), a, i)
#define ANY_Y(i) any_y(load_elements(row + (i)), a, i)
        if (a->plain) {
            SWEEP(out, t->count, PLAIN_Y)
        } else {
            long i = 0;
            SWEEP_REST(out, t->count, ANY_Y)
        }
    }
    for (long i = 0; i < t->rest; i++) {
        put_y(x + row_of(t, t->rows), y + row_of(t, t->rows), a, i);
    }
}

// Elements of a channel whose mean its sums are taken around, or ROUGH_ROWS rows.
#define ROUGH 64
#define ROUGH_ROWS 16

// About the mean of every channel, exact where all values are equal. `ofs` and `sums` are work space.
static inline void rough_means(__global const element *x, const tile *t, float *means, float *ofs, column_sums *sums) {
    const long copies = t->count / t->channels;
    const long rows = min(min((ROUGH + copies - 1) / copies, (long)ROUGH_ROWS), t->rows);
    for (long c = 0; c < t->channels; c++) {
        ofs[c] = element_at(x + t->origin + c * t->span);
    }
    spread(means, ofs, t);
    start_sums(sums, t->count);
    for (long r = 0; r < rows; r++) {
        __global const element *row = x + row_of(t, r);
        for (long i = 0; i < t->count; i += WIDTH) {
            const long at = min(i, t->count - WIDTH);
            add_now(sums, at, fresh_lanes(load_elements(row + at) - own(means + at), t->count - i));
        }
    }
    fold(sums->hi, sums->now, sums->lo, t);
    for (long c = 0; c < t->channels; c++) {
        ofs[c] += sums->hi[c] / (float)(rows * copies);
    }
    spread(means, ofs, t);
}

// Adds a row, or four, to the sums of the distances from the means and of their squares.
static inline void add_distances(__global const element *x, long stride, int four, const float *means,
                                 column_sums *sums, column_sums *squares, long count) {
    for (long i = 0; i < count; i += WIDTH) {
        const long at = min(i, count - WIDTH);
        const vec mean = own(means + at);
        const vec d0 = load_elements(x + at) - mean;
        vec sum = d0;
        vec square = d0 * d0;
        if (four) {
            const vec d1 = load_elements(x + stride + at) - mean;
            const vec d2 = load_elements(x + 2 * stride + at) - mean;
            const vec d3 = load_elements(x + 3 * stride + at) - mean;
            sum = (d0 + d1) + (d2 + d3);
            square = (square + d1 * d1) + (d2 * d2 + d3 * d3);
        }
        add_now(sums, at, fresh_lanes(sum, count - i));
        add_now(squares, at, fresh_lanes(square, count - i));
    }
}

static inline void tile_distances(__global const element *x, const tile *t, const float *means, column_sums *sums,
                                  column_sums *squares) {
    start_sums(sums, t->count);
    start_sums(squares, t->count);
    for (long r = 0; r < t->rows;) {
        const long end = min(r + SETTLED_ROWS, t->rows);
        for (; r + 4 <= end; r += 4) {
            add_distances(x + row_of(t, r), t->stride, 1, means, sums, squares, t->count);
        }
        for (; r < end; r++) {
            add_distances(x + row_of(t, r), t->stride, 0, means, sums, squares, t->count);
        }
        settle(sums, t->count);
        settle(squares, t->count);
    }
    for (long i = 0; i < t->rest; i++) {
        const float d = element_at(x + row_of(t, t->rows) + i) - means[i];
        sums->now[i] = d;
        squares->now[i] = d * d;
    }
    settle(sums, t->count);
    settle(squares, t->count);
}

// Moments of a tile's channels: a mean a column, and what it is off and the squares a channel.
typedef struct {
    float mean[COLUMNS], delta[COLUMNS], squares[COLUMNS];
} COLUMN_ARRAYS tile_moments;

// One pass around rough means; where one of these was off by more than a deviation, one more around the means found.
static inline void measure_tile(__global const element *x, const tile *t, tile_moments *m) {
    column_sums sums, squares;
    const float n = (float)(t->samples * t->span);
    rough_means(x, t, m->mean, m->delta, &sums);
    for (int again = 0;; again++) {
        int good = 1;
        tile_distances(x, t, m->mean, &sums, &squares);
        fold(m->delta, sums.hi, sums.lo, t);
        fold(m->squares, squares.hi, squares.lo, t);
        for (long c = 0; c < t->channels; c++) {
            const float delta = m->delta[c] / n;
            const float off = n * delta * delta;
            const float square = m->squares[c] - off;
            m->delta[c] = delta;
            m->squares[c] = square < 0.0f ? 0.0f : square; // a NaN stays
            good &= off <= square;
        }
        if (again || good) {
            return;
        }
        for (long c = 0; c < t->channels; c++) {
            const float delta = m->delta[c];
            if (!(n * delta * delta <= m->squares[c])) { // the others stay as they are, to the bit
                fill_channel(m->mean, t, c, m->mean[c * t->span] + delta);
            }
        }
    }
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void columns_forward(__global const element *x, __global const parameter *weight, __global const parameter *bias,
                     __global element *y, __global float *stats, long samples, long channels, long span, long fused,
                     long parts, long part, float eps, int zero_rstd) {
    tile t;
    cut_tile(&t, get_group_id(0), samples, channels, span, fused, samples, 1, parts, part);
    tile_moments all;
    measure_tile(x, &t, &all);
    for (long i = 0; i < t.channels; i++) {
        const long c = t.channel + i;
        moments m;
        m.mean = all.mean[i * span];
        m.delta = all.delta[i];
        m.squares = pair_of(all.squares[i]);
        group_stats s;
        finish_group(&m, x + c * span, samples, channels * span, span, stats, channels, c, eps, zero_rstd, &s);
    }
    column_affine a;
    read_affine(&a, &t, stats, weight, bias, channels);
    apply_tile(x, y, &t, &a);
}

// partials: [3][blocks][channels], the mean in two floats and the squared deviations of every block of samples.
__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void columns_moments(__global const element *x, __global float *partials, long samples, long channels, long span,
                     long fused, long block, long blocks, long parts, long part) {
    tile t;
    cut_tile(&t, get_group_id(0), samples, channels, span, fused, block, blocks, parts, part);
    tile_moments all;
    measure_tile(x, &t, &all);
    __global float *out = partials + t.block * channels + t.channel;
    for (long i = 0; i < t.channels; i++) {
        out[i] = all.mean[i * span];
        out[blocks * channels + i] = all.delta[i];
        out[2 * blocks * channels + i] = all.squares[i];
    }
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void columns_apply(__global const element *x, __global const parameter *weight, __global const parameter *bias,
                   __global element *y, __global const float *stats, long samples, long channels, long span,
                   long fused, long block, long blocks, long parts, long part) {
    tile t;
    cut_tile(&t, get_group_id(0), samples, channels, span, fused, block, blocks, parts, part);
    column_affine a;
    read_affine(&a, &t, stats, weight, bias, channels);
    apply_tile(x, y, &t, &a);
}
