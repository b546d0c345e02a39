// Backward over rows whose elements have a parameter each, as in layer normalization.
//
// dense_backward: a work-item does `block` rows; x and dy are read from memory once, the sums for the parameters live
// in the block's own row of partials [2][blocks][length]. With few long rows these would be larger than x itself; then
// dense_sums (one work-item a part of a row), dense_fold (one a row) and dense_columns (one a stretch of columns, over
// all rows) read x and dy twice, and write the parameters' gradients directly.
#include "cpu/gradients.cl"

// Columns of a dense_columns work-item.
#ifndef COLUMNS
#define COLUMNS 1024
#endif

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

// Adds up `count` columns of four rows, or of one; what each element gives to its parameter goes to dw and db. Four at
// a time are one reading and writing of dw and db instead of four, and fewer rounding errors. The next rows are fetched
// meanwhile.
static inline void add_columns(four_sums *sums, __global const element *x, __global const element *dy,
                               __global const parameter *w, __global float *dw, __global float *db, long length,
                               long count, const group_stats *s, int four) {
    vec a0 = (vec)(0.0f), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
    for (long i = 0; i < count; i += WIDTH) {
        const long at = min(i, count - WIDTH);
        __global const element *p = x + at;
        __global const element *q = dy + at;
#if HAS_WEIGHT
        const vec weights = fresh_lanes(load_parameters(w + at), count - i);
#else
        const vec weights = (vec)(1.0f);
#endif
        vec g = fresh_lanes(load_elements(q), count - i);
        vec t = fresh_lanes(g * normalized_of(load_elements(p), s[0]), count - i);
        a0 += g * weights;
        b0 += t * weights;
        fetch(p + (four ? 4 : 1) * length);
        fetch(q + (four ? 4 : 1) * length);
        if (four) {
            const vec g1 = fresh_lanes(load_elements(q + length), count - i);
            const vec g2 = fresh_lanes(load_elements(q + 2 * length), count - i);
            const vec g3 = fresh_lanes(load_elements(q + 3 * length), count - i);
            const vec t1 = fresh_lanes(g1 * normalized_of(load_elements(p + length), s[1]), count - i);
            const vec t2 = fresh_lanes(g2 * normalized_of(load_elements(p + 2 * length), s[2]), count - i);
            const vec t3 = fresh_lanes(g3 * normalized_of(load_elements(p + 3 * length), s[3]), count - i);
            for (int k = 5; k < 8; k++) {
                fetch(p + k * length);
                fetch(q + k * length);
            }
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
        t += load(dw + at);
        g += load(db + at);
        store(t, dw + at);
        store(g, db + at);
#endif
    }
    four_pair_add(&sums->g, sums_of_four(a0, a1, a2, a3));
    four_pair_add(&sums->gx, sums_of_four(b0, b1, b2, b3));
}

// Four whole rows, or one, from `row` on.
static inline void backward_rows(__global const element *x, __global const element *dy,
                                 __global const parameter *weight, __global const float *stats, __global element *dx,
                                 __global float *dw, __global float *db, long rows, long row, long length, int four) {
    const long at = row * length;
    group_stats s[4];
    for (int k = 0; k < (four ? 4 : 1); k++) {
        read_stats(stats, rows, row + k, &s[k]);
    }
    four_sums sums;
    sums.g.hi = sums.g.lo = sums.gx.hi = sums.gx.lo = (float4)(0.0f);
    for (long from = 0; from < length; from += 2 * SERIAL_SUMS * WIDTH) {
        add_columns(&sums, x + at + from, dy + at + from, weight + from, dw + from, db + from, length,
                    min((long)(2 * SERIAL_SUMS * WIDTH), length - from), s, four);
    }
#if DX
    const float4 g = four_means(sums.g, (float)length);
    const float4 gx = four_means(sums.gx, (float)length);
    dx_dense(x + at, dy + at, dx + at, length, s[0], weight, g.x, gx.x);
    if (four) {
        const long second = at + length, third = second + length, fourth = third + length;
        dx_dense(x + second, dy + second, dx + second, length, s[1], weight, g.y, gx.y);
        dx_dense(x + third, dy + third, dx + third, length, s[2], weight, g.z, gx.z);
        dx_dense(x + fourth, dy + fourth, dx + fourth, length, s[3], weight, g.w, gx.w);
    }
#endif
}

// Adds a row of sums to another, and clears it.
static inline void move_sums(__global float *from, __global float *to, long count) {
    for (long i = 0; i < count; i++) {
        to[i] += from[i];
        from[i] = 0.0f;
    }
}

// by_four: rows are short and taken four at a time. Others are added up in sums [2][blocks][length] first, SERIAL_SUMS
// of them, because four long rows do not fit the L1 cache.
__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void dense_backward(__global const element *x, __global const element *dy, __global const parameter *weight,
                    __global const float *stats, __global element *dx, __global float *sums, __global float *partials,
                    long rows, long length, long block, long by_four) {
    const long b = get_group_id(0);
    const long blocks = get_num_groups(0);
    const long first = b * block;
    const long last = min(first + block, rows);
    __global float *dw = partials + b * length;
    __global float *db = partials + (blocks + b) * length;
    __global float *dw_sums = by_four ? dw : sums + b * length;
    __global float *db_sums = by_four ? db : sums + (blocks + b) * length;
#if PARAMETERS
    clear(dw, length);
    clear(db, length);
    clear(dw_sums, length);
    clear(db_sums, length);
#endif
    long r = first;
    for (; by_four && r + 4 <= last; r += 4) {
        backward_rows(x, dy, weight, stats, dx, dw, db, rows, r, length, 1);
    }
    for (; r < last; r++) {
        backward_rows(x, dy, weight, stats, dx, dw_sums, db_sums, rows, r, length, 0);
#if PARAMETERS
        if (!by_four && ((r - first) % SERIAL_SUMS == SERIAL_SUMS - 1 || r == last - 1)) {
            move_sums(dw_sums, dw, length);
            move_sums(db_sums, db, length);
        }
#endif
    }
}

// sums: [2][rows][parts], of g = dy * weight and of g * x_hat.
__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void dense_sums(__global const element *x, __global const element *dy, __global const parameter *weight,
                __global const float *stats, __global float *sums, long rows, long length, long parts, long part) {
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
            const vec v = fresh_lanes(weighted(dy + r * length + at, weight + at), end - i);
            a += v;
            b += fresh_lanes(v * normalized_of(load_elements(x + r * length + at), s), end - i);
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

// Adds the sums of a block of rows to the totals, and begins the next block.
static inline void fold(vec_pair *totals, vec *sums) {
    for (int k = 0; k < COLUMNS / WIDTH; k++) {
        vec_pair_add(&totals[k], sums[k]);
        sums[k] = (vec)(0.0f);
    }
}

// The last vector of a stretch overlaps the one before it, as it was loaded.
static inline void put(__global parameter *gradient, const vec_pair *totals, long count, int accumulate) {
    for (long i = 0; i < count; i += WIDTH) {
        const long at = min(i, count - WIDTH);
        put_gradient(totals[i / WIDTH].hi + totals[i / WIDTH].lo, count - i, gradient + at, accumulate);
    }
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void dense_columns(__global const element *x, __global const element *dy, __global const parameter *weight,
                   __global const float *stats, __global const float *means, __global element *dx,
                   __global parameter *dweight, __global parameter *dbias, long rows, long length, int want_dweight,
                   int want_dbias, int accumulate) {
    const long from = get_group_id(0) * COLUMNS;
    const long count = min((long)COLUMNS, length - from);
    vec_pair dw_totals[COLUMNS / WIDTH], db_totals[COLUMNS / WIDTH];
    vec dw[COLUMNS / WIDTH], db[COLUMNS / WIDTH];
    for (int k = 0; k < COLUMNS / WIDTH; k++) {
        dw_totals[k].hi = dw_totals[k].lo = db_totals[k].hi = db_totals[k].lo = dw[k] = db[k] = (vec)(0.0f);
    }
    for (long r = 0; r < rows; r++) {
        group_stats s;
        read_stats(stats, rows, r, &s);
        const long row = r * length + from;
#if PARAMETERS
        for (long i = 0; i < count; i += WIDTH) {
            const long at = min(i, count - WIDTH);
            const vec g = load_elements(dy + row + at);
            fetch(x + row + length + at);
            fetch(dy + row + length + at);
            dw[i / WIDTH] += g * normalized_of(load_elements(x + row + at), s);
            db[i / WIDTH] += g;
        }
        if (r % SERIAL_SUMS == SERIAL_SUMS - 1) {
            fold(dw_totals, dw);
            fold(db_totals, db);
        }
#endif
#if DX
        dx_dense(x + row, dy + row, dx + row, count, s, weight + from, means[r], means[rows + r]);
#endif
    }
    fold(dw_totals, dw);
    fold(db_totals, db);
    if (want_dweight) {
        put(dweight + from, dw_totals, count, accumulate);
    }
    if (want_dbias) {
        put(dbias + from, db_totals, count, accumulate);
    }
}
