// Forward over columns, as in batch normalization of [N, C] or of small planes, and where channels lie last: x is
// [sheets][samples][channels][span], a group is a channel of a sheet; column_tiles.cl says how it is cut.
//
// columns_forward: a work-item has some channels of all samples, and reads them for the second time from its cache: 2T.
// Where they are too much for a cache: columns_moments (a tile has a block of samples), columns_merge of
// columns_merge.cl, columns_apply; 3T, straight through memory. Given statistics need columns_apply alone.
#include "cpu/column_tiles.cl"

// y = (x - mean) * factor + rest, for channels that are plain: factor is rstd * weight, rest is bias - delta * factor.
typedef struct {
    float mean[COLUMNS], factor[COLUMNS], rest[COLUMNS];
    odd_channels odd; // those that are not
} COLUMN_ARRAYS column_affine;

// Whether rstd * weight keeps the digits of x_hat * weight. What its neighbours are does not change a channel's bits.
static inline int plain_channel(group_stats s, float w) {
    return s.scale == 1.0f && ordinary(s.rstd, 0x1p40f) && ordinary(w, 0x1p40f);
}

// The tile of a sheet's first samples speaks for its channels.
static inline void settle_affine(column_affine *a, const tile *t, __global float *stats, tracked running,
                                 __global const parameter *weight, __global const parameter *bias, float eps,
                                 int zero_rstd) {
    float mean[COLUMNS] COLUMN_ARRAYS, factor[COLUMNS] COLUMN_ARRAYS, rest[COLUMNS] COLUMN_ARRAYS;
    tile u;
    tile_of_parameters(&u, t);
    a->odd.count = 0;
    for (long c = 0; c < t->channels; c++) {
        group_stats s;
        int plain = 1;
        settled_stats(&s, stats, t->groups, t->group + c, running, eps, zero_rstd, t->block == 0);
        mean[c] = s.mean;
        for (long p = c * EACH(t); p < (c + 1) * EACH(t); p++) {
            const float w = WEIGHT(p);
            factor[p] = s.rstd * w;
            rest[p] = BIAS(p) - s.delta * (s.rstd * w);
            plain &= plain_channel(s, w);
        }
        note_channel(&a->odd, c, plain);
    }
    spread(a->mean, mean, t);
    spread(a->factor, factor, &u);
    spread(a->rest, rest, &u);
}

static inline vec y_of(vec x, const column_affine *a, long i) {
    return (x - own(a->mean + i)) * own(a->factor + i) + own(a->rest + i);
}

// y of one element from x_hat * w + b.
static inline float finished_one(float v, float residual) {
#if JOIN == ADD_AFTER
    v += residual;
#endif
    return activated(v);
}

#if JOIN == ADD_AFTER
#define residual_at(i) element_at(residual + (i))
#else
#define residual_at(i) 0.0f
#endif

// The odd channels of row r by the long formula: rare, so an element at a time. `kept` is what the row was, since y
// may lie where x does.
static inline void apply_odd(const float *kept, __global const element *residual, __global element *y,
                             __global uint *signs, const tile *t, long r, long columns, const column_affine *a,
                             __global float *stats, tracked running, __global const parameter *weight,
                             __global const parameter *bias, float eps, int zero_rstd) {
    const long row = row_of(t, r);
    for (int j = 0; j < a->odd.count; j++) {
        const long c = a->odd.channel[j];
        group_stats s;
        settled_stats(&s, stats, t->groups, t->group + c, running, eps, zero_rstd, 0);
        for (long i = c * t->span; i < columns; i += t->channels * t->span) {
            for (long k = 0; k < t->span; k++) {
                const long p = EACH(t) == 1 ? c : c * t->span + k;
                const float w = WEIGHT(p) * ROW_WEIGHT(r), b = BIAS(p) + ROW_BIAS(r);
                put_signed(finished_one(normalized(kept[i + k], s) * w + b, residual_at(row + i + k)), y, signs,
                           row + i + k);
            }
        }
    }
}

static inline void apply_tile(__global const element *x, __global const element *residual, __global element *y,
                              __global uint *signs, const tile *t, const column_affine *a, __global float *stats,
                              tracked running, __global const parameter *weight, __global const parameter *bias,
                              float eps, int zero_rstd) {
    float kept[COLUMNS] COLUMN_ARRAYS;
#if PARAMETER_OF == SAMPLE
#define AFFINE_OF_COLUMN(i) (y_of(load_elements(row + (i)), a, i) * w + b)
#else
#define AFFINE_OF_COLUMN(i) y_of(load_elements(row + (i)), a, i)
#endif
#define Y_OF_COLUMN(i) finished(AFFINE_OF_COLUMN(i), added + (i))
    for (long r = 0; r < t->rows; r++) {
        __global const element *row = x + row_of(t, r);
        __global const element *added = residual + row_of(t, r);
        __global element *out = y + row_of(t, r);
#if PARAMETER_OF == SAMPLE
        const float w = ROW_WEIGHT(r), b = ROW_BIAS(r);
#endif
        keep_row(kept, row, t->count, &a->odd);
        SWEEP_SIGNED(out, t->count, Y_OF_COLUMN, signs, row_of(t, r))
        apply_odd(kept, residual, y, signs, t, r, t->count, a, stats, running, weight, bias, eps, zero_rstd);
    }
    const long last = row_of(t, t->rows);
    keep_row(kept, x + last, t->rest, &a->odd);
    for (long i = 0; i < t->rest; i++) {
        const float v = (element_at(x + last + i) - a->mean[i]) * a->factor[i] + a->rest[i];
        put_signed(finished_one(v, residual_at(last + i)), y, signs, last + i);
    }
    apply_odd(kept, residual, y, signs, t, t->rows, t->rest, a, stats, running, weight, bias, eps, zero_rstd);
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
// Where no mean is subtracted the squares are those of the elements.
static inline void measure_tile(__global const element *x, const tile *t, tile_moments *m) {
    column_sums sums, squares;
#if CENTERED
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
#else
    fill(m->mean, t->count, 0.0f);
    fill(m->delta, t->channels, 0.0f);
    tile_distances(x, t, m->mean, &sums, &squares);
    fold(m->squares, squares.hi, squares.lo, t);
#endif
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void columns_forward(__global const element *x, __global const parameter *weight, __global const parameter *bias,
                     __global const element *residual, __global element *y, __global uint *signs, __global float *stats,
                     __global float *running_mean, __global float *running_var, long sheets, long samples,
                     long channels, long span, long fused, long parts, long part, float eps, int zero_rstd,
                     float momentum, float keep, float correction) {
    const tracked running = TRACKED;
    tile t;
    cut_tile(&t, get_group_id(0), sheets, samples, channels, span, fused, samples, 1, parts, part);
    tile_moments all;
    measure_tile(x, &t, &all);
    for (long i = 0; i < t.channels; i++) {
        moments m;
        m.mean = all.mean[i * span];
        m.delta = all.delta[i];
        m.squares = pair_of(all.squares[i]);
        group_stats s;
        finish_group(&m, x + t.origin + i * span, samples, channels * span, span, stats, t.groups, t.group + i, eps,
                     zero_rstd, &s);
    }
#if WANT_Y
    column_affine a;
    settle_affine(&a, &t, stats, running, weight, bias, eps, zero_rstd);
    apply_tile(x, residual, y, signs, &t, &a, stats, running, weight, bias, eps, zero_rstd);
#endif
}

// partials: [3][sheets * blocks][channels], the mean in two floats and the squared deviations of every block of
// samples.
__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void columns_moments(__global const element *x, __global float *partials, long sheets, long samples, long channels,
                     long span, long fused, long block, long blocks, long parts, long part) {
    tile t;
    cut_tile(&t, get_group_id(0), sheets, samples, channels, span, fused, block, blocks, parts, part);
    tile_moments all;
    measure_tile(x, &t, &all);
    const long plane = sheets * blocks * channels;
    __global float *out = partials + t.slot * channels + t.channel;
    for (long i = 0; i < t.channels; i++) {
        out[i] = all.mean[i * span];
        out[plane + i] = all.delta[i];
        out[2 * plane + i] = all.squares[i];
    }
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void columns_apply(__global const element *x, __global const parameter *weight, __global const parameter *bias,
                   __global const element *residual, __global element *y, __global uint *signs, __global float *stats,
                   __global float *running_mean, __global float *running_var, long sheets, long samples, long channels,
                   long span, long fused, long block, long blocks, long parts, long part, float eps, int zero_rstd,
                   float momentum, float keep, float correction) {
    const tracked running = TRACKED;
    tile t;
    cut_tile(&t, get_group_id(0), sheets, samples, channels, span, fused, block, blocks, parts, part);
    column_affine a;
    settle_affine(&a, &t, stats, running, weight, bias, eps, zero_rstd);
    apply_tile(x, residual, y, signs, &t, &a, stats, running, weight, bias, eps, zero_rstd);
}
