// Backward over rows, with the sums for the parameters made element by element: layer normalization, and group
// normalization whose parameters reach over few elements (`span`), whose weights are spread first (SPREAD) and whose
// sums are gathered last.
//
// dense_backward: a work-item does `block` samples of `chunk` row groups; x and dy are read from memory once, the sums
// stay in a core's cache. Those of a block go to the block's own row of partials [2][blocks][parameters]. With few long
// rows these would be larger than x itself; then dense_sums (one work-item a part of a row), dense_fold (one a row) and
// dense_columns (one a stretch of columns, over all rows) read x and dy twice, and write the parameters' gradients
// directly.
#include "cpu/gradients.cl"

// Columns of a dense_columns work-item.
#ifndef COLUMNS
#define COLUMNS 1024
#endif

// Rows of a sample in a chunk from which on the next rows to be fetched are those of the same sample. Measured with
// PoCL on Sapphire Rapids: 1.1 to 1.2 times as fast with 32 to 64 of them, slower by as much with 2.
#ifndef MANY_ROWS
#define MANY_ROWS 16
#endif

// The length of rows if it is known to the compiler, or 0.
#ifndef FIXED_LENGTH
#define FIXED_LENGTH 0
#endif

// 1: weights, and the biases where they are needed, are spread to one an element, as floats.
#ifndef SPREAD
#define SPREAD 0
#endif

#if SPREAD
typedef float weight_type;
#define load_weights(p) load(p)
#define load_biases(p) load(p)
#else
typedef parameter weight_type;
#define load_weights(p) weights_at(p)
#define load_biases(p) load_parameters(p)
#endif

// 1: the gradient depends on the bias.
#define BIASED (HAS_BIAS && ACTIVATION)

static inline vec own_weights(__global const weight_type *w) {
#if HAS_WEIGHT
    return load_weights(w);
#else
    return (vec)(1.0f);
#endif
}

static inline vec own_biases(__global const weight_type *b) {
#if BIASED
    return load_biases(b);
#else
    return (vec)(0.0f);
#endif
}

static inline void dx_dense(__global const element *x, __global const element *dy, __global const element *dsum,
                            __global element *dx, long count, group_stats s, __global const weight_type *w,
                            __global const weight_type *b, float mean_g, float mean_gx) {
#define DX_OF_DENSE(i)                                                                                                 \
    dx_of(load_elements(dy + (i)), x + (i), dsum + (i), s, own_weights(w + (i)), own_biases(b + (i)), mean_g, mean_gx)
    SWEEP(dx, count, DX_OF_DENSE)
}

// dx of a whole row; with STAGED into a stage, which then is that of all rows before it.
static inline void dx_row(__global const element *x, __global const element *dy, __global const element *dsum,
                          __global element *dx, stage *staged, long length, group_stats s,
                          __global const weight_type *w, __global const weight_type *b, float mean_g, float mean_gx) {
#if STAGED
    STAGE_ROW(staged, length, DX_OF_DENSE)
#else
    dx_dense(x, dy, dsum, dx, length, s, w, b, mean_g, mean_gx);
#endif
}

// Sums over four rows at once, in two floats each; see pair_add.
typedef struct {
    float4 hi, lo;
} four_pair;

static inline void four_pair_add(four_pair *a, float4 b) {
    const float4 sum = a->hi + b;
    const float4 t = sum - a->hi;
    const float4 error = (a->hi - (sum - t)) + (b - t);
    a->hi = sum;
    a->lo += error;
}

static inline float4 four_means(four_pair sums, float n) {
    return select(sums.hi, sums.hi + sums.lo, isfinite(sums.hi)) / n;
}

// The sums of g = dy * weight and of g * x_hat.
typedef struct {
    four_pair g, gx;
} four_sums;

// Adds up `count` columns of four rows `stride` apart, or of one; what each element gives to its parameter goes to dw
// and db. Four at a time are one reading and writing of dw and db instead of four, and fewer rounding errors. The last
// vector of a row overlaps the one before it, in dw and db it has a place of its own: a vector cannot be loaded soon
// after it was stored in two pieces. The next rows are fetched meanwhile: 1.4 to 1.5
// times as fast at 64 to 512 elements, 1.05 to 1.15 times up to 32,768 (PoCL on Sapphire Rapids).
static inline void add_columns(four_sums *sums, __global const element *x, __global const element *dy,
                               __global const weight_type *w, __global const weight_type *b, __global float *dw,
                               __global float *db, long stride, long count, const group_stats *s, int four,
                               long ahead, __global const element *dsum) {
    vec a0 = (vec)(0.0f), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
    for (long i = 0; i < count; i += WIDTH) {
        const long at = min(i, count - WIDTH);
        __global const element *p = x + at;
        __global const element *q = dy + at;
        const vec weights = own_weights(w + at), biases = own_biases(b + at);
        const vec x0 = normalized_of(load_elements(p), s[0]);
        vec g = fresh_lanes(through(load_elements(q), x0, weights, biases), count - i);
        vec t = fresh_lanes(g * x0, count - i);
        a0 += g * weights;
        b0 += t * weights;
        for (int k = 0; k < (four ? 4 : 1); k++) {
            fetch(p + k * stride + ahead);
            fetch(q + k * stride + ahead);
            fetch_dsum(dsum + k * stride + at);
        }
        if (four) {
            const vec x1 = normalized_of(load_elements(p + stride), s[1]);
            const vec x2 = normalized_of(load_elements(p + 2 * stride), s[2]);
            const vec x3 = normalized_of(load_elements(p + 3 * stride), s[3]);
            const vec g1 = fresh_lanes(through(load_elements(q + stride), x1, weights, biases), count - i);
            const vec g2 = fresh_lanes(through(load_elements(q + 2 * stride), x2, weights, biases), count - i);
            const vec g3 = fresh_lanes(through(load_elements(q + 3 * stride), x3, weights, biases), count - i);
            const vec t1 = fresh_lanes(g1 * x1, count - i);
            const vec t2 = fresh_lanes(g2 * x2, count - i);
            const vec t3 = fresh_lanes(g3 * x3, count - i);
            a1 += g1 * weights;
            a2 += g2 * weights;
            a3 += g3 * weights;
            b1 += t1 * weights;
            b2 += t2 * weights;
            b3 += t3 * weights;
            g = (g + g1) + (g2 + g3);
            t = (t + t1) + (t2 + t3);
        }
#if PARAMETERS
        t += load(dw + i);
        g += load(db + i);
        store(t, dw + i);
        store(g, db + i);
#endif
    }
    four_pair_add(&sums->g, sums_of_four(a0, a1, a2, a3));
    four_pair_add(&sums->gx, sums_of_four(b0, b1, b2, b3));
}

// Four whole rows, or one, from `row` on; `apart` rows lie between.
static inline void backward_rows(__global const element *x, __global const element *dy, __global const element *dsum,
                                 __global const weight_type *weight, __global const weight_type *bias,
                                 __global const float *stats, __global element *dx, stage *staged, 
                                 __global float *dw, __global float *db, long rows, long row, long apart, long length,
                                 long ahead, int four) {
    const long at = row * length;
    const long stride = apart * length;
    group_stats s[4];
    for (int k = 0; k < (four ? 4 : 1); k++) {
        read_stats(stats, rows, row + k * apart, &s[k]);
    }
    four_sums sums;
    sums.g.hi = sums.g.lo = sums.gx.hi = sums.gx.lo = (float4)(0.0f);
    for (long from = 0; from < length; from += 2 * SERIAL_SUMS * WIDTH) {
        add_columns(&sums, x + at + from, dy + at + from, weight + from, bias + from, dw + from, db + from, stride,
                    min((long)(2 * SERIAL_SUMS * WIDTH), length - from), s, four, ahead, dsum + at + from);
    }
#if DX
    const float4 g = four_means(sums.g, (float)length);
    const float4 gx = four_means(sums.gx, (float)length);
    dx_row(x + at, dy + at, dsum + at, dx + at, staged, length, s[0], weight, bias, g.x, gx.x);
    if (four) {
        const long second = at + stride, third = second + stride, fourth = third + stride;
        dx_row(x + second, dy + second, dsum + second, dx + second, staged, length, s[1], weight, bias, g.y, gx.y);
        dx_row(x + third, dy + third, dsum + third, dx + third, staged, length, s[2], weight, bias, g.z, gx.z);
        dx_row(x + fourth, dy + fourth, dsum + fourth, dx + fourth, staged, length, s[3], weight, bias, g.w, gx.w);
    }
#endif
}

// Adds SERIAL_SUMS rows' sums to totals in two floats, and begins anew.
static inline void move_sums(__global float *sums, __global float *hi, __global float *lo, long count) {
    for (long i = 0; i < count; i += WIDTH) {
        vec_pair total;
        total.hi = load(hi + i);
        total.lo = load(lo + i);
        vec_pair_add(&total, load(sums + i));
        store(total.hi, hi + i);
        store(total.lo, lo + i);
        store((vec)(0.0f), sums + i);
    }
}

// Rows of sums are whole vectors long.
static inline long padded(long length) {
    return (length + WIDTH - 1) / WIDTH * WIDTH;
}

// Ends a block of rows that have a parameter an element.
static inline void put_sums(__global const float *hi, __global const float *lo, __global float *partials, long length) {
    for (long i = 0; i < length; i += WIDTH) {
        const vec sum = lo ? load(hi + i) + load(lo + i) : load(hi + i);
        put_last(sum, length - i, partials + min(i, length - WIDTH));
    }
}

// Ends a block: a partial sum is what all the elements of a parameter gave to it.
static inline void gather(__global const float *hi, __global const float *lo, __global float *partials, long length,
                          long span) {
    const long last = padded(length) - WIDTH;
    if (span == length && padded(length) <= SERIAL_SUMS * WIDTH) { // what is padded is zero
        vec sum = (vec)(0.0f);
        for (long i = 0; i <= last; i += WIDTH) {
            sum += lo ? load(hi + i) + load(lo + i) : load(hi + i);
        }
        partials[0] = sum_of(sum);
        return;
    }
    for (long p = 0; p * span < length; p++) {
        float_pair total = pair_of(0.0f);
        for (long from = p * span; from < (p + 1) * span; from += SERIAL_SUMS) {
            float sum = 0.0f;
            for (long i = from; i < min(from + SERIAL_SUMS, (p + 1) * span); i++) {
                const long at = i < last ? i : i + last + WIDTH - length;
                sum += lo ? hi[at] + lo[at] : hi[at];
            }
            add_to(&total, sum);
        }
        partials[p] = pair_value(total);
    }
}

static inline void end_block(__global const float *hi, __global const float *lo, __global float *partials, long groups,
                             long length, long span) {
    for (long g = 0; g < groups; g++) {
        const long at = g * padded(length);
        if (span == 1) {
            put_sums(hi + at, lo ? lo + at : 0, partials + g * length, length);
        } else {
            gather(hi + at, lo ? lo + at : 0, partials + g * (length / span), length, span);
        }
    }
}

static inline void spread_one(float value, __global float *to, long span) {
    for (long i = 0; i < span; i++) {
        to[i] = value;
    }
}

// A work-item's own memory in sums, in rows for all groups of its chunk: the running sums of dweight and dbias; with
// `pairs` totals in two floats of both; with SPREAD the weights, and the biases.
#define REGION(pairs) (2 + ((pairs) ? 4 : 0) + (SPREAD ? 1 + BIASED : 0))

// by_four: four samples at a time. pairs: a block has more than SERIAL_SUMS steps.
__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void dense_backward(__global const element *x, __global const element *dy, __global const parameter *weight,
                    __global const parameter *bias, __global const float *stats, __global const element *dsum,
                    __global element *dx, __global float *sums, __global float *partials, long rows, long segments,
                    long span, long row_groups, long chunk, long block, long by_four, long pairs) {
    const long length = FIXED_LENGTH ? FIXED_LENGTH : segments * span;
    const long chunks = (row_groups + chunk - 1) / chunk;
    const long samples = rows / row_groups;
    const long b = get_group_id(0) / chunks;
    const long first_group = get_group_id(0) % chunks * chunk;
    const long groups = min(chunk, row_groups - first_group);
    const long last = min((b + 1) * block, samples);
    const long size = chunk * padded(length);
    __global float *dw = sums + get_group_id(0) * REGION(pairs) * size;
    __global float *db = dw + size;
    __global float *totals = db + size;
#if SPREAD
    __global float *w = dw + (REGION(pairs) - 1) * size;
    __global float *biases = BIASED ? w - size : w;
    for (long p = 0; p < groups * segments; p++) {
        spread_one(weight_at(weight, first_group * segments + p), w + p * span, span);
        if (BIASED) {
            spread_one(bias_at(bias, first_group * segments + p), biases + p * span, span);
        }
    }
#else
    __global const parameter *w = weight + first_group * segments;
    __global const parameter *biases = bias + first_group * segments;
#endif
#if PARAMETERS
    clear(dw, (pairs ? 6 : 2) * size);
#endif
    uint16 room[STAGED ? STAGE_BYTES / 64 : 1];
    stage staged;
    open_stage(&staged, room, dx + b * block * length);
    const int short_rows = chunk >= MANY_ROWS;
    long step = 0;
    for (long n = b * block; n < last;) {
        const int four = by_four && n + 4 <= last;
        for (long g = 0; g < groups; g++) {
            const long row = n * row_groups + first_group + g;
            const long at = g * padded(length);
            if (four) {
                backward_rows(x, dy, dsum, w + g * length, biases + g * length, stats, dx, &staged, dw + at, db + at,
                              rows, row, row_groups, length, short_rows ? 4 * length : 4 * row_groups * length, 1);
            } else {
                backward_rows(x, dy, dsum, w + g * length, biases + g * length, stats, dx, &staged, dw + at, db + at,
                              rows, row, row_groups, length, short_rows ? 4 * length : row_groups * length, 0);
            }
        }
        n += four ? 4 : 1;
        step++;
#if PARAMETERS
        if (pairs && (step % SERIAL_SUMS == 0 || n == last)) {
            move_sums(dw, totals, totals + size, size);
            move_sums(db, totals + 2 * size, totals + 3 * size, size);
        }
#endif
    }
#if DX && STAGED
    close_stage(&staged);
#endif
#if PARAMETERS
    __global float *dw_partials = partials + (b * row_groups + first_group) * segments;
    __global float *db_partials = dw_partials + (samples + block - 1) / block * row_groups * segments;
    if (pairs) {
        end_block(totals, totals + size, dw_partials, groups, length, span);
        end_block(totals + 2 * size, totals + 3 * size, db_partials, groups, length, span);
    } else {
        end_block(dw, 0, dw_partials, groups, length, span);
        end_block(db, 0, db_partials, groups, length, span);
    }
#endif
}

// sums: [2][rows][parts], of g = dy * weight and of g * x_hat.
__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void dense_sums(__global const element *x, __global const element *dy, __global const parameter *weight,
                __global const parameter *bias, __global const float *stats, __global float *sums, long rows,
                long length, long parts, long part) {
    const long id = get_group_id(0);
    const long r = id / parts;
    const long begin = id % parts * part;
    const long end = min(begin + part, length);
    group_stats s;
    read_stats(stats, rows, r, &s);
    vec_pair g, gx;
    g.hi = g.lo = gx.hi = gx.lo = (vec)(0.0f);
    for (long i = begin; i < end;) {
        const long stop = min(i + SERIAL_SUMS * WIDTH, end);
        vec a = (vec)(0.0f), b = a;
        for (; i < stop; i += WIDTH) {
            const long at = min(i, end - WIDTH);
            const vec w = own_weights(weight + at);
            const vec x_hat = normalized_of(load_elements(x + r * length + at), s);
            const vec v = through(load_elements(dy + r * length + at), x_hat, w, own_biases(bias + at)) * w;
            a += fresh_lanes(v, end - i);
            b += fresh_lanes(v * x_hat, end - i);
        }
        vec_pair_add(&g, a);
        vec_pair_add(&gx, b);
    }
    sums[id] = total_sum(g);
    sums[rows * parts + id] = total_sum(gx);
}

static inline float mean_of(__global const float *sums, long parts, float n) {
    float_pair total = {0.0f, 0.0f};
    for (long p = 0; p < parts; p++) {
        add_to(&total, sums[p]);
    }
    return pair_value(total) / n;
}

// means: [2][rows].
__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void dense_fold(__global const float *sums, __global float *means, long rows, long length, long parts) {
    const long r = get_group_id(0);
    means[r] = mean_of(sums + r * parts, parts, (float)length);
    means[rows + r] = mean_of(sums + (rows + r) * parts, parts, (float)length);
}

// Stores WIDTH columns' gradients. The last vector of a stretch overlaps the one before it, as it was loaded.
static inline void put_columns(__global parameter *dweight, __global parameter *dbias, long at, long left, vec dw,
                               vec db, int want_dweight, int want_dbias, int accumulate) {
    if (want_dweight) {
        put_gradient(dw, left, dweight + at, accumulate);
    }
    if (want_dbias) {
        put_gradient(db, left, dbias + at, accumulate);
    }
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void dense_columns(__global const element *x, __global const element *dy, __global const parameter *weight,
                   __global const parameter *bias, __global const float *stats, __global const float *means,
                   __global const element *dsum, __global element *dx, __global parameter *dweight,
                   __global parameter *dbias, long rows, long length, int want_dweight, int want_dbias,
                   int accumulate) {
    const long from = get_group_id(0) * COLUMNS;
    const long count = min((long)COLUMNS, length - from);
    vec_pair dw_totals[COLUMNS / WIDTH], db_totals[COLUMNS / WIDTH];
    for (long first = 0; first < rows; first += SERIAL_SUMS) {
        const long last = min(first + SERIAL_SUMS, rows);
#if PARAMETERS
        for (long i = 0; i < count; i += WIDTH) {
            const long at = from + min(i, count - WIDTH);
            const vec w = own_weights(weight + at), b = own_biases(bias + at);
            vec dw = (vec)(0.0f), db = dw;
            for (long r = first; r < last; r++) {
                group_stats s;
                read_stats(stats, rows, r, &s);
                const vec x_hat = normalized_of(load_elements(x + r * length + at), s);
                const vec g = through(load_elements(dy + r * length + at), x_hat, w, b);
                dw += g * x_hat;
                db += g;
            }
            vec_pair *dw_total = &dw_totals[i / WIDTH];
            vec_pair *db_total = &db_totals[i / WIDTH];
            if (first == 0) {
                dw_total->hi = dw;
                db_total->hi = db;
                dw_total->lo = db_total->lo = (vec)(0.0f);
            } else {
                vec_pair_add(dw_total, dw);
                vec_pair_add(db_total, db);
            }
            if (last == rows) {
                put_columns(dweight, dbias, at, count - i, dw_total->hi + dw_total->lo, db_total->hi + db_total->lo,
                            want_dweight, want_dbias, accumulate);
            }
        }
#endif
#if DX
        for (long r = first; r < last; r++) {
            group_stats s;
            read_stats(stats, rows, r, &s);
            const long row = r * length + from;
            dx_dense(x + row, dy + row, dsum + row, dx + row, count, s, weight + from, bias + from, means[r],
                     means[rows + r]);
        }
#endif
    }
}
