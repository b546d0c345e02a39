// Backward over samples that end before their room does: groups and stretches as in padded.cl.
//
// padded_backward: a work-item does `block` whole groups, and the second reading of x and dy finds them in its cache.
// 3T. Where a parameter belongs to one group (OWNED), its gradient is complete there; else the sums of stretch q go to
// partials [2][stretches], of dy * x_hat and of dy, as sum_partials takes them.
//
// padded_rows: parameters belong to elements, which rows share. What each element gives to its parameter is added up
// over the `block` rows of a work-item, as in rows_dense.cl, and goes to partials [2][blocks][span].
#include "cpu/padded_groups.cl"
#include "cpu/rows_dense.cl"

// 1: a parameter belongs to one group.
#ifndef OWNED
#define OWNED 0
#endif

// Adds the valid elements of a stretch that shares the parameters w and b.
static inline void add_valid(gradient_sums *sums, __global const element *x, __global const element *dy, long count,
                             group_stats s, float w, float b) {
    if (count >= WIDTH) {
        add_runs(sums, x, dy, 1, 0, count, s, w, b);
    } else if (count > 0) {
        const vec x_hat = normalized_of(load_elements(x), s);
        const vec g = through(load_elements(dy), x_hat, (vec)(w), (vec)(b));
        vec_pair_add(&sums->dyx, first_lanes(g * x_hat, count));
        vec_pair_add(&sums->dy, first_lanes(g, count));
    }
}

static inline void dx_valid(__global const element *x, __global const element *dy, __global element *dx, long count,
                            group_stats s, float w, float b, float mean_g, float mean_gx, long span,
                            long ahead) {
    if (count >= WIDTH) {
        dx_run(x, dy, dy, dx, count, s, w, b, mean_g, mean_gx, ahead);
    } else if (count > 0) {
        store_first(stored_of(dx_of(load_elements(dy), x, dy, s, (vec)(w), (vec)(b), mean_g, mean_gx)), count, dx);
    }
    put_zeros(dx + count, span - count);
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void padded_backward(__global const element *x, __global const element *dy, __global const parameter *weight,
                     __global const parameter *bias, __global const float *stats, __global const float *lengths,
                     __global element *dx, __global parameter *dweight, __global parameter *dbias,
                     __global float *partials, long sample, long run, long unit, long groups, long group_step,
                     long runs, long run_step, long span, long channels, long param_step, long block, int want_dweight,
                     int want_dbias, int accumulate) {
    const padding pad = PADDING;
    const long first = get_group_id(0) * block;
    const long last = min(first + block, groups);
    for (long g = first; g < last; g++) {
        stretches of;
        stretches_of(&of, g * group_step, runs, run_step, span, pad);
        const long first_parameter = g * group_step % channels;
        group_stats s;
        read_stats(stats, groups, g, &s);
        float_pair sum_g = pair_of(0.0f), sum_gx = pair_of(0.0f);
        long n = 0;
        gradient_sums sums;
        clear_sums(&sums);
#if PARAMETERS || !GIVEN
        for (long m = 0; m < runs; m++) {
            const long p = first_parameter + m * param_step;
            const long at = begin_of(of, m);
            const long count = valid_of(of, m, pad);
            const float w = weight_at(weight, p);
            n += count;
#if !OWNED
            clear_sums(&sums);
#endif
            add_valid(&sums, x + at, dy + at, count, s, w, bias_at(bias, p));
#if !OWNED
            const float dyx_sum = total_sum(sums.dyx);
            const float dy_sum = total_sum(sums.dy);
#if PARAMETERS
            partials[g * group_step + m * run_step] = dyx_sum;
            partials[groups * runs + g * group_step + m * run_step] = dy_sum;
#endif
            add_to(&sum_g, dy_sum * w);
            add_to(&sum_gx, dyx_sum * w);
#endif
        }
#endif
#if OWNED
        const float dyx_sum = total_sum(sums.dyx);
        const float dy_sum = total_sum(sums.dy);
        if (want_dweight) {
            put_one_gradient(dyx_sum, dweight + g, accumulate);
        }
        if (want_dbias) {
            put_one_gradient(dy_sum, dbias + g, accumulate);
        }
        sum_g = pair_of(dy_sum * weight_at(weight, g));
        sum_gx = pair_of(dyx_sum * weight_at(weight, g));
#endif
#if DX
        const float mean_g = n > 0 ? pair_value(sum_g) / (float)n : 0.0f;
        const float mean_gx = n > 0 ? pair_value(sum_gx) / (float)n : 0.0f;
        for (long m = 0; m < runs; m++) {
            const long p = first_parameter + m * param_step;
            const long at = begin_of(of, m);
            dx_valid(x + at, dy + at, dx + at, valid_of(of, m, pad), s, weight_at(weight, p), bias_at(bias, p),
                     mean_g, mean_gx, span, group_step * span);
        }
#endif
    }
}

// As add_columns of one row, of which fewer elements may be valid than a vector has. The lanes of its last vector that
// the one before it has seen add nothing.
static inline void add_row(vec_pair *sum_g, vec_pair *sum_gx, __global const element *x, __global const element *dy,
                           __global const parameter *weight, __global const parameter *bias, __global float *dw,
                           __global float *db, long count, group_stats s, long ahead) {
    for (long from = 0; from < count; from += 2 * SERIAL_SUMS * WIDTH) {
        const long to = min(from + 2 * SERIAL_SUMS * WIDTH, count);
        vec a = (vec)(0.0f), b = a;
        for (long i = from; i < to; i += WIDTH) {
            const long at = max(min(i, count - WIDTH), 0L);
            const vec w = own_weights(weight + at);
            const vec x_hat = normalized_of(load_elements(x + at), s);
            vec g = through(load_elements(dy + at), x_hat, w, own_biases(bias + at));
            vec t = g * x_hat;
            if (count - i < WIDTH) {
                g = count < WIDTH ? first_lanes(g, count) : last_lanes(g, count - i);
                t = count < WIDTH ? first_lanes(t, count) : last_lanes(t, count - i);
            }
            fetch(x + at + ahead);
            fetch(dy + at + ahead);
            a += g * w;
            b += t * w;
#if PARAMETERS
            store(t + load(dw + at), dw + at);
            store(g + load(db + at), db + at);
#endif
        }
        vec_pair_add(sum_g, a);
        vec_pair_add(sum_gx, b);
    }
}

static inline void dx_row_valid(__global const element *x, __global const element *dy, __global element *dx, long count,
                                group_stats s, __global const parameter *weight, __global const parameter *bias,
                                float mean_g, float mean_gx, long span) {
    if (count >= WIDTH) {
        dx_dense(x, dy, dy, dx, count, s, weight, bias, mean_g, mean_gx);
    } else if (count > 0) {
        const vec value = dx_of(load_elements(dy), x, dy, s, own_weights(weight), own_biases(bias), mean_g, mean_gx);
        store_first(stored_of(value), count, dx);
    }
    put_zeros(dx + count, span - count);
}

// The partial sums of a block.
static inline void put_totals(__global const float *hi, __global const float *lo, __global float *to, long span) {
    for (long i = 0; i < span; i += WIDTH) {
        const long at = min(i, span - WIDTH);
        store(lo ? load(hi + at) + load(lo + at) : load(hi + at), to + at);
    }
}

// sums: a work-item's own memory, in rows of whole vectors: running sums of dweight and dbias; with `pairs`, because a
// block has more than SERIAL_SUMS rows, totals of both in two floats.
__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void padded_rows(__global const element *x, __global const element *dy, __global const parameter *weight,
                 __global const parameter *bias, __global const float *stats, __global const float *lengths,
                 __global element *dx, __global float *sums, __global float *partials, long sample, long run, long unit,
                 long groups, long span, long block, long pairs) {
    const padding pad = PADDING;
    const long first = get_group_id(0) * block;
    const long last = min(first + block, groups);
    const long size = padded(span);
    __global float *dw = sums + get_group_id(0) * (pairs ? 6 : 2) * size;
    __global float *db = dw + size;
    __global float *totals = db + size;
#if PARAMETERS
    clear(dw, (pairs ? 6 : 2) * size);
#endif
    for (long r = first; r < last; r++) {
        stretches of;
        stretches_of(&of, r, 1, 1, span, pad);
        const long at = of.first;
        const long count = valid_of(of, 0, pad);
        group_stats s;
        read_stats(stats, groups, r, &s);
        vec_pair sum_g, sum_gx;
        sum_g.hi = sum_g.lo = sum_gx.hi = sum_gx.lo = (vec)(0.0f);
        add_row(&sum_g, &sum_gx, x + at, dy + at, weight, bias, dw, db, count, s, span);
#if DX
        const float n = (float)max(count, 1L);
        dx_row_valid(x + at, dy + at, dx + at, count, s, weight, bias, total_sum(sum_g) / n, total_sum(sum_gx) / n,
                     span);
#endif
#if PARAMETERS
        if (pairs && ((r - first) % SERIAL_SUMS == SERIAL_SUMS - 1 || r == last - 1)) {
            move_sums(dw, totals, totals + size, size);
            move_sums(db, totals + 2 * size, totals + 3 * size, size);
        }
#endif
    }
#if PARAMETERS
    const long blocks = get_num_groups(0);
    __global float *dw_partials = partials + get_group_id(0) * span;
    __global float *db_partials = dw_partials + blocks * span;
    put_totals(pairs ? totals : dw, pairs ? totals + size : 0, dw_partials, span);
    put_totals(pairs ? totals + 2 * size : db, pairs ? totals + 3 * size : 0, db_partials, span);
#endif
}
