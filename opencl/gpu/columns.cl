// Groups that interleave: x is [rows, columns] without gaps and every column is a group of its own (batch normalization
// of [N, C], or channels last). A work-group takes a tile: LANES work-items side by side along the columns, WIDTH
// columns each, and DEPTH of them down the rows. Where rows are few one work-group walks all of them; else they are cut
// into chunks.

// Powers of two. WIDTH 4 asks for a number of columns that is a multiple of four; what decides about single columns,
// forward and merge_moments, is compiled for WIDTH 1 only.
#ifndef LANES
#define LANES 32
#endif
#ifndef DEPTH
#define DEPTH 8
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
#ifndef GIVEN
#define GIVEN 0
#endif
#define WORK_GROUP (LANES * DEPTH)

#include "gpu/moments.cl"

// Rows [from, to) of WIDTH columns, `columns` elements from row to row. A work-item beyond the last column has no rows.
typedef struct {
    long column, columns, from, to;
} strip;

// The statistics of WIDTH columns.
typedef struct {
    vec mean, delta, rstd, scale;
} column_stats;

static inline int depth() {
    return get_local_id(0) / LANES;
}

// The work-item's strip of a tile; past the last column it has no rows and stands at column 0, where it may look.
static inline strip strip_of(long tile, long columns, long from, long to) {
    const long column = (tile * LANES + get_local_id(0) % LANES) * WIDTH;
    strip s;
    s.columns = columns;
    s.column = column < columns ? column : 0;
    s.from = column < columns ? from : to;
    s.to = to;
    return s;
}

static inline strip chunk_strip(long chunk, long rows, long columns, long chunk_rows, long chunks) {
    return strip_of(get_group_id(0) / chunks, columns, chunk * chunk_rows, min((chunk + 1) * chunk_rows, rows));
}

static inline vec load_elements(__global const element *p, long at) {
#if STORAGE == FLOAT32
    return *(__global const vec *)(p + at);
#elif WIDTH == 4
    return (float4)(element_at(p + at), element_at(p + at + 1), element_at(p + at + 2), element_at(p + at + 3));
#else
    return element_at(p + at);
#endif
}

static inline void store_elements(__global element *p, long at, vec v) {
#if STORAGE == FLOAT32
    *(__global vec *)(p + at) = v;
#elif WIDTH == 4
    put_element(v.s0, p + at);
    put_element(v.s1, p + at + 1);
    put_element(v.s2, p + at + 2);
    put_element(v.s3, p + at + 3);
#else
    put_element(v, p + at);
#endif
}

static inline vec load_parameters(__global const parameter *p, long at) {
#if PARAMETERS_STORAGE == FLOAT32
    return *(__global const vec *)(p + at);
#elif WIDTH == 4
    return (float4)(parameter_at(p + at), parameter_at(p + at + 1), parameter_at(p + at + 2), parameter_at(p + at + 3));
#else
    return parameter_at(p + at);
#endif
}

static inline vec load_vec(__global const float *p, long at) {
    return *(__global const vec *)(p + at);
}

static inline void store_vec(__global float *p, long at, vec v) {
    *(__global vec *)(p + at) = v;
}

static inline column_stats load_columns(__global const float *stats, long columns, long column) {
    column_stats s;
    s.mean = load_vec(stats, MEAN * columns + column);
    s.delta = load_vec(stats, DELTA * columns + column);
    s.rstd = load_vec(stats, RSTD * columns + column);
    s.scale = load_vec(stats, SCALE * columns + column);
    return s;
}

static inline vec normalized_columns(vec x, column_stats s) {
    return ((x * s.scale - s.mean) - s.delta) * s.rstd;
}

static inline vec weights_of(__global const parameter *weight, long column) {
#if HAS_WEIGHT
    return load_parameters(weight, column);
#else
    return (vec)1.0f;
#endif
}

static inline vec biases_of(__global const parameter *bias, long column) {
#if HAS_BIAS
    return load_parameters(bias, column);
#else
    return (vec)0.0f;
#endif
}

// Replaces a tally by the sum over the work-items down the rows.
INLINED void column_total(tally *t, __local slot *slots) {
    strided_total(t, slots, DEPTH, LANES, ALL);
}

// The sums of d and d * d and the largest |d|, d = x * scale - centre, over what this work-item visits.
static inline tally deviations(__global const element *x, strip s, vec scale, vec centre) {
    tally t = empty_tally();
    for (long n = s.from + depth(); n < s.to; n += DEPTH) {
        const vec d = load_elements(x, n * s.columns + s.column) * scale - centre;
        t = add_second(add_first(t, d), d * d);
        t.largest = fmax(t.largest, fabs(d));
    }
    return t;
}

// The corrected two-pass around a pivot, the first element: equal elements give exact zeros.
INLINED void two_pass(moments *m, __global const element *x, strip s, vec scale, __local slot *slots) {
    const vec pivot = s.from < s.to ? load_elements(x, s.from * s.columns + s.column) * scale : (vec)0.0f;
    const float count = (float)max(s.to - s.from, 1L);
    tally t = deviations(x, s, scale, pivot);
    column_total(&t, slots);
    const vec mean = pivot + both(t.first, t.first_low) / count;
    t = deviations(x, s, scale, mean);
    column_total(&t, slots);
    *m = moments_of(t, mean, count, scale);
}

static inline void normalize(__global const element *x, __global element *y, __global const parameter *weight,
                             __global const parameter *bias, strip s, column_stats stats) {
    const vec w = weights_of(weight, s.column);
    const vec b = biases_of(bias, s.column);
    for (long n = s.from + depth(); n < s.to; n += DEPTH) {
        const long at = n * s.columns + s.column;
        store_elements(y, at, normalized_columns(load_elements(x, at), stats) * w + b);
    }
}

#if WIDTH == 1

// The sum of x * 2^-60, finite where all x are, and the largest |x|.
static inline tally magnitudes(__global const element *x, strip s) {
    tally t = empty_tally();
    for (long n = s.from + depth(); n < s.to; n += DEPTH) {
        const float v = x[n * s.columns + s.column];
        t = add_first(t, v * 0x1p-60f);
        t.largest = fmax(t.largest, fabs(v));
    }
    return t;
}

// Walks the columns that are doubtful once more. The whole tile walks if one of them has to.
INLINED void check(moments *m, __global const element *x, strip s, float eps, __local slot *slots,
                   __local int *answer) {
    const int again = doubtful(*m);
    if (any_item(again, answer)) {
        tally t = magnitudes(x, s);
        column_total(&t, slots);
        moments scaled;
        two_pass(&scaled, x, s, isfinite(t.first) ? rescue_scale(t.largest, eps) : 1.0f, slots);
        *m = rescued(again, *m, scaled, t.first);
    }
}

FIXED_WORK_GROUP
__kernel void forward(__global const element *restrict x, __global element *restrict y,
                      __global const parameter *restrict weight, __global const parameter *restrict bias,
                      __global float *restrict stats, long rows, long columns, float eps, int zero_rstd) {
    __local slot slots[WORK_GROUP];
    __local int answer;
    const strip s = strip_of(get_group_id(0), columns, 0, rows);
    moments m;
    two_pass(&m, x, s, 1.0f, slots);
    check(&m, x, s, eps, slots, &answer);
    if (s.from < s.to && depth() == 0) {
        store_moments(stats, columns, s.column, m, eps, zero_rstd);
    }
    const group_stats f = finished(m, eps, zero_rstd);
    column_stats c;
    c.mean = f.mean;
    c.delta = f.delta;
    c.rstd = f.rstd;
    c.scale = f.scale;
    normalize(x, y, weight, bias, s, c);
}

// The statistics of every column from those of its chunks, as in planes.cl; partials is [3][chunks][columns].
FIXED_WORK_GROUP
__kernel void merge_moments(__global const element *restrict x, __global const float *restrict partials,
                            __global float *restrict stats, long rows, long columns, long chunk_rows, long chunks,
                            float eps, int zero_rstd) {
    __local slot slots[WORK_GROUP];
    __local int answer;
    const strip s = strip_of(get_group_id(0), columns, 0, rows);
    const long own = s.from < s.to ? chunks : 0;
    const long all = chunks * columns;
    const float count = (float)rows;
    const float pivot = partials[s.column];
    tally t = empty_tally();
    for (long k = depth(); k < own; k += DEPTH) {
        const long at = k * columns + s.column;
        const float n = (float)min(chunk_rows, rows - k * chunk_rows);
        t = add_first(t, n * ((partials[at] - pivot) + partials[all + at]));
    }
    column_total(&t, slots);
    const float mean = pivot + both(t.first, t.first_low) / count;
    t = empty_tally();
    for (long k = depth(); k < own; k += DEPTH) {
        const long at = k * columns + s.column;
        const float n = (float)min(chunk_rows, rows - k * chunk_rows);
        const float d = (partials[at] - mean) + partials[all + at];
        const float variance = partials[2 * all + at];
        t = add_second(add_first(t, n * d), n * (d * d + variance));
        t.largest = fmax(t.largest, fmax(fabs(d), variance));
    }
    column_total(&t, slots);
    moments m = moments_of(t, mean, count, 1.0f);
    check(&m, x, s, eps, slots, &answer);
    if (own > 0 && depth() == 0) {
        store_moments(stats, columns, s.column, m, eps, zero_rstd);
    }
}

#endif

// Mean, delta and variance of every chunk: partials is [3][chunks][columns].
FIXED_WORK_GROUP
__kernel void chunk_moments(__global const element *restrict x, __global float *restrict partials, long rows,
                            long columns, long chunk_rows, long chunks) {
    __local slot slots[WORK_GROUP];
    const long chunk = get_group_id(0) % chunks;
    const strip s = chunk_strip(chunk, rows, columns, chunk_rows, chunks);
    moments m;
    two_pass(&m, x, s, (vec)1.0f, slots);
    if (s.from < s.to && depth() == 0) {
        const long at = chunk * columns + s.column;
        store_vec(partials, at, m.mean);
        store_vec(partials, chunks * columns + at, m.delta);
        store_vec(partials, 2 * chunks * columns + at, honest_variance(m));
    }
}

// y from statistics that are there.
FIXED_WORK_GROUP
__kernel void apply(__global const element *restrict x, __global element *restrict y,
                    __global const parameter *restrict weight, __global const parameter *restrict bias,
                    __global const float *restrict stats, long rows, long columns, long chunk_rows, long chunks) {
    const strip s = chunk_strip(get_group_id(0) % chunks, rows, columns, chunk_rows, chunks);
    normalize(x, y, weight, bias, s, load_columns(stats, columns, s.column));
}

// The sums of dy * x_hat and dy over what this work-item visits.
static inline tally strip_sums(__global const element *x, __global const element *dy, strip s, column_stats stats) {
    tally t = empty_tally();
    for (long n = s.from + depth(); n < s.to; n += DEPTH) {
        const long at = n * s.columns + s.column;
        const vec g = load_elements(dy, at);
        t = add_second(add_first(t, g * normalized_columns(load_elements(x, at), stats)), g);
    }
    return t;
}

// dx from the means over the column of g = dy * w and of g * x_hat; where the statistics were given these are no part
// of it.
static inline void strip_gradient(__global const element *x, __global const element *dy, __global element *dx, strip s,
                                  column_stats stats, vec w, vec mean_g, vec mean_gx) {
    for (long n = s.from + depth(); n < s.to; n += DEPTH) {
        const long at = n * s.columns + s.column;
        const vec g = load_elements(dy, at) * w;
#if GIVEN
        store_elements(dx, at, (g * stats.rstd) * stats.scale);
#else
        const vec x_hat = normalized_columns(load_elements(x, at), stats);
        store_elements(dx, at, (((g - mean_g) - x_hat * mean_gx) * stats.rstd) * stats.scale);
#endif
    }
}

static inline void store_partials(__global float *partials, long blocks, long block, strip s, tally t) {
    if (s.from < s.to && depth() == 0) {
        store_vec(partials, block * s.columns + s.column, both(t.first, t.first_low));
        store_vec(partials, (blocks + block) * s.columns + s.column, both(t.second, t.second_low));
    }
}

// The sums of every chunk, and dx where nothing else is needed for it: where there is one chunk only, or the statistics
// were given. partials from `raw` on is [2][chunks][columns].
FIXED_WORK_GROUP
__kernel void chunk_sums(__global const element *restrict x, __global const element *restrict dy,
                         __global element *restrict dx, __global const parameter *restrict weight,
                         __global const float *restrict stats, __global float *restrict partials, long rows,
                         long columns, long chunk_rows, long chunks, long raw) {
    __local slot slots[WORK_GROUP];
    const long chunk = get_group_id(0) % chunks;
    const strip s = chunk_strip(chunk, rows, columns, chunk_rows, chunks);
    const column_stats c = load_columns(stats, columns, s.column);
    tally t = empty_tally();
#if WANT_PARAMETERS || !GIVEN
    t = strip_sums(x, dy, s, c);
    column_total(&t, slots);
    store_partials(partials + raw, chunks, chunk, s, t);
#endif
#if WANT_DX
    if (GIVEN || chunks == 1) {
        const vec w = weights_of(weight, s.column);
        strip_gradient(x, dy, dx, s, c, w, w * both(t.second, t.second_low) / (float)rows,
                       w * both(t.first, t.first_low) / (float)rows);
    }
#endif
}

// dx from the chunks' sums, which every work-group adds up for its columns.
FIXED_WORK_GROUP
__kernel void gradient(__global const element *restrict x, __global const element *restrict dy,
                       __global element *restrict dx, __global const parameter *restrict weight,
                       __global const float *restrict stats, __global const float *restrict partials, long rows,
                       long columns, long chunk_rows, long chunks, long raw) {
    __local slot slots[WORK_GROUP];
    const long chunk = get_group_id(0) % chunks;
    const strip s = chunk_strip(chunk, rows, columns, chunk_rows, chunks);
    tally t = empty_tally();
    for (long k = depth(); k < chunks; k += DEPTH) {
        const long at = raw + k * columns + s.column;
        t = add_second(add_first(t, load_vec(partials, at)), load_vec(partials, chunks * columns + at));
    }
    column_total(&t, slots);
    const vec w = weights_of(weight, s.column);
    strip_gradient(x, dy, dx, s, load_columns(stats, columns, s.column), w,
                   w * both(t.second, t.second_low) / (float)rows, w * both(t.first, t.first_low) / (float)rows);
}

// Rows with a parameter an element, too long or too few for rows.cl: dx and the parameters' sums, column by column.
// stats are those of the rows, means are [2][rows] of g * x_hat and g; partials from `raw` on is [2][chunks][columns].
FIXED_WORK_GROUP
__kernel void row_gradients(__global const element *restrict x, __global const element *restrict dy,
                            __global element *restrict dx, __global const parameter *restrict weight,
                            __global const float *restrict stats, __global const float *restrict means,
                            __global float *restrict partials, long rows, long columns, long chunk_rows, long chunks,
                            long raw) {
    __local slot slots[WORK_GROUP];
    const long chunk = get_group_id(0) % chunks;
    const strip s = chunk_strip(chunk, rows, columns, chunk_rows, chunks);
    const vec w = weights_of(weight, s.column);
    tally t = empty_tally();
    for (long n = s.from + depth(); n < s.to; n += DEPTH) {
        const long at = n * columns + s.column;
        const group_stats row = load_stats(stats, rows, n);
        const vec x_hat = ((load_elements(x, at) * row.scale - row.mean) - row.delta) * row.rstd;
        const vec g = load_elements(dy, at);
        t = add_second(add_first(t, g * x_hat), g);
#if WANT_DX
        store_elements(dx, at, (((g * w - means[rows + n]) - x_hat * means[n]) * row.rstd) * row.scale);
#endif
    }
#if WANT_PARAMETERS
    column_total(&t, slots);
    store_partials(partials + raw, chunks, chunk, s, t);
#endif
}
