// Backward over rows whose elements have a parameter each, as in layer normalization.
//
// dense_backward: a work-item does `block` rows; x and dy are read from memory once, the sums for the parameters live in the
// block's own row of partials [2][blocks][length]. With few long rows these would be larger than x itself; then
// dense_sums (one work-item a part of a row), dense_fold (one a row) and dense_columns (one a stretch of columns, over all rows) read x and dy
// twice, and write the parameters' gradients directly.
#include "cpu/gradients.cl"

// Rows up to this length are done four at a time; measured: 1.3 times as fast at 64, slower from 512 on.
#ifndef SHORT_ROW
#define SHORT_ROW 320
#endif

// Columns of a dense_columns work-item.
#ifndef COLUMNS
#define COLUMNS 1024
#endif

// The means over a row, as far as they are known.
typedef struct {
    float_pair g, gx;
} row_sums;

// Adds up a chunk of a row; what each element gives to its parameter goes to dw and db. The next row, `ahead` elements further,
// is fetched meanwhile.
inline row_sums add_dense(row_sums sums, __global const float *x, __global const float *dy, __global const float *w,
                          __global float *dw, __global float *db, long count, group_stats s, long ahead) {
    vec a0 = (vec)(0.0f), b0 = a0;
    long i = 0;
    for (; i + WIDTH <= count; i += WIDTH) {
        const vec g = load(dy + i);
        const vec t = g * normalized_of(load(x + i), s);
        fetch(x + ahead + i);
        fetch(dy + ahead + i);
#if PARAMETERS
        const vec dw_sum = load(dw + i) + t;
        const vec db_sum = load(db + i) + g;
        store(dw_sum, dw + i);
        store(db_sum, db + i);
#endif
#if HAS_WEIGHT
        a0 += g * load(w + i);
        b0 += t * load(w + i);
#else
        a0 += g;
        b0 += t;
#endif
    }
    if (i < count) {
        const long last = count - WIDTH;
        const vec g = last_lanes(load(dy + last), count - i);
        const vec t = last_lanes(g * normalized_of(load(x + last), s), count - i);
#if PARAMETERS
        store(load(dw + last) + t, dw + last);
        store(load(db + last) + g, db + last);
#endif
#if HAS_WEIGHT
        const vec weights = load(w + last);
        a0 += last_lanes(g * weights, count - i);
        b0 += last_lanes(t * weights, count - i);
#else
        a0 += g;
        b0 += t;
#endif
    }
    sums.g = pair_add(sums.g, sum_of(a0));
    sums.gx = pair_add(sums.gx, sum_of(b0));
    return sums;
}

// The same for four whole short rows at once, which is one reading and writing of dw and db instead of four.
inline void add_dense_four(__global const float *x, __global const float *dy, __global const float *w,
                           __global float *dw, __global float *db, long length, const group_stats *s, float4 *sums_g,
                           float4 *sums_gx) {
    vec a0 = (vec)(0.0f), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
    for (long i = 0; i < length; i += WIDTH) {
        const long at = min(i, length - WIDTH);
        __global const float *p = x + at;
        __global const float *q = dy + at;
        const vec g0 = fresh_lanes(load(q), length - i);
        const vec g1 = fresh_lanes(load(q + length), length - i);
        const vec g2 = fresh_lanes(load(q + 2 * length), length - i);
        const vec g3 = fresh_lanes(load(q + 3 * length), length - i);
        const vec t0 = fresh_lanes(g0 * normalized_of(load(p), s[0]), length - i);
        const vec t1 = fresh_lanes(g1 * normalized_of(load(p + length), s[1]), length - i);
        const vec t2 = fresh_lanes(g2 * normalized_of(load(p + 2 * length), s[2]), length - i);
        const vec t3 = fresh_lanes(g3 * normalized_of(load(p + 3 * length), s[3]), length - i);
        for (int k = 4; k < 8; k++) {
            fetch(p + k * length);
            fetch(q + k * length);
        }
#if PARAMETERS
        const vec dw_sum = load(dw + at) + ((t0 + t1) + (t2 + t3));
        const vec db_sum = load(db + at) + ((g0 + g1) + (g2 + g3));
        store(dw_sum, dw + at);
        store(db_sum, db + at);
#endif
#if HAS_WEIGHT
        const vec weights = fresh_lanes(load(w + at), length - i);
#else
        const vec weights = (vec)(1.0f);
#endif
        a0 += g0 * weights;
        a1 += g1 * weights;
        a2 += g2 * weights;
        a3 += g3 * weights;
        b0 += t0 * weights;
        b1 += t1 * weights;
        b2 += t2 * weights;
        b3 += t3 * weights;
    }
    *sums_g = sums_of_four(a0, a1, a2, a3);
    *sums_gx = sums_of_four(b0, b1, b2, b3);
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void dense_backward(__global const float *x, __global const float *dy, __global const float *weight,
                    __global const float *stats, __global float *dx, __global float *partials, long rows, long length,
                    long block) {
    const long b = get_group_id(0);
    const long blocks = get_num_groups(0);
    const long last = min((b + 1) * block, rows);
    __global float *dw = partials + b * length;
    __global float *db = partials + (blocks + b) * length;
#if PARAMETERS
    clear(dw, length);
    clear(db, length);
#endif
    const float n = (float)length;
    long r = b * block;
    for (; length <= SHORT_ROW && r + 4 <= last; r += 4) {
        const long row = r * length;
        group_stats s[4];
        for (int k = 0; k < 4; k++) {
            s[k] = load_stats(stats, rows, r + k);
        }
        float4 g, gx;
        add_dense_four(x + row, dy + row, weight, dw, db, length, s, &g, &gx);
#if DX
        g /= n;
        gx /= n;
        dx_dense(x + row, dy + row, dx + row, length, s[0], weight, g.x, gx.x);
        dx_dense(x + row + length, dy + row + length, dx + row + length, length, s[1], weight, g.y, gx.y);
        dx_dense(x + row + 2 * length, dy + row + 2 * length, dx + row + 2 * length, length, s[2], weight, g.z, gx.z);
        dx_dense(x + row + 3 * length, dy + row + 3 * length, dx + row + 3 * length, length, s[3], weight, g.w, gx.w);
#endif
    }
    for (; r < last; r++) {
        const group_stats s = load_stats(stats, rows, r);
        const long row = r * length;
        row_sums sums;
        sums.g = sums.gx = pair_of(0.0f);
        for (long from = 0; from < length; from += CHUNK) {
            sums = add_dense(sums, x + row + from, dy + row + from, weight + from, dw + from, db + from,
                             min((long)CHUNK, length - from), s, length);
        }
#if DX
        dx_dense(x + row, dy + row, dx + row, length, s, weight, settled(sums.g) / n, settled(sums.gx) / n);
#endif
    }
}

// sums: [2][rows][parts], of g = dy * weight and of g * x_hat.
__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void dense_sums(__global const float *x, __global const float *dy, __global const float *weight,
                __global const float *stats, __global float *sums, long rows, long length, long parts, long part) {
    const long id = get_group_id(0);
    const long r = id / parts;
    const long begin = id % parts * part;
    const long end = min(begin + part, length);
    const group_stats s = load_stats(stats, rows, r);
    float_pair g = pair_of(0.0f);
    float_pair gx = pair_of(0.0f);
    for (long from = begin; from < end; from += CHUNK) {
        const long count = min((long)CHUNK, end - from);
        vec a = (vec)(0.0f), b = a;
        long i = 0;
        for (; i + WIDTH <= count; i += WIDTH) {
            const vec v = weighted(dy + r * length + from + i, weight + from + i);
            a += v;
            b += v * normalized_of(load(x + r * length + from + i), s);
        }
        if (i < count) {
            const long last = from + count - WIDTH;
            const vec v = last_lanes(weighted(dy + r * length + last, weight + last), count - i);
            a += v;
            b += last_lanes(v * normalized_of(load(x + r * length + last), s), count - i);
        }
        g = pair_add(g, sum_of(a));
        gx = pair_add(gx, sum_of(b));
    }
    sums[id] = settled(g);
    sums[rows * parts + id] = settled(gx);
}

inline float mean_of(__global const float *sums, long parts, float n) {
    float_pair total = pair_of(0.0f);
    for (long p = 0; p < parts; p++) {
        total = pair_add(total, sums[p]);
    }
    return settled(total) / n;
}

// means: [2][rows].
__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void dense_fold(__global const float *sums, __global float *means, long rows, long length, long parts) {
    const long r = get_group_id(0);
    means[r] = mean_of(sums + r * parts, parts, (float)length);
    means[rows + r] = mean_of(sums + (rows + r) * parts, parts, (float)length);
}

// Adds the sums of a block of rows to the totals, and begins the next block.
inline void fold(vec_pair *totals, vec *sums) {
    for (int k = 0; k < COLUMNS / WIDTH; k++) {
        totals[k] = vec_pair_add(totals[k], sums[k]);
        sums[k] = (vec)(0.0f);
    }
}

// The last vector of a stretch overlaps the one before it, as it was loaded.
inline void put(__global float *gradient, const vec_pair *totals, long count, int accumulate) {
    for (long i = 0; i < count; i += WIDTH) {
        const long at = min(i, count - WIDTH);
        put_gradient(vec_settled(totals[i / WIDTH]), count - i, gradient + at, accumulate);
    }
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void dense_columns(__global const float *x, __global const float *dy, __global const float *weight,
                   __global const float *stats, __global const float *means, __global float *dx, __global float *dweight,
                   __global float *dbias, long rows, long length, long parts, int want_dweight, int want_dbias,
                   int accumulate) {
    const long from = get_group_id(0) * COLUMNS;
    const long count = min((long)COLUMNS, length - from);
    vec_pair dw_totals[COLUMNS / WIDTH], db_totals[COLUMNS / WIDTH];
    vec dw[COLUMNS / WIDTH], db[COLUMNS / WIDTH];
    for (int k = 0; k < COLUMNS / WIDTH; k++) {
        dw_totals[k].hi = dw_totals[k].lo = db_totals[k].hi = db_totals[k].lo = dw[k] = db[k] = (vec)(0.0f);
    }
    for (long r = 0; r < rows; r++) {
        const group_stats s = load_stats(stats, rows, r);
        const long row = r * length + from;
#if PARAMETERS
        for (long i = 0; i < count; i += WIDTH) {
            const long at = min(i, count - WIDTH);
            const vec g = load(dy + row + at);
            fetch(x + row + length + at);
            fetch(dy + row + length + at);
            dw[i / WIDTH] += g * normalized_of(load(x + row + at), s);
            db[i / WIDTH] += g;
        }
        if (r % 32 == 31) {
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
