// Forward over rows of a sum, x = first + residual, which is written too: what is normalized is the sum as stored.
//
// rows_sum: a work-item does `block` whole rows; each is read once, and x and y are written once. For rows too few or
// too long for that: sum_moments in the place of rows_moments of rows.cl, and then as there.
#include "cpu/row.cl"

#define SUM_AT(i)                                                                                                      \
    (fetch(first + ahead + (i)), fetch(residual + ahead + (i)),                                                        \
     load_elements(first + (i)) + load_elements(residual + (i)))
#define KEPT_AT(i) load_elements(kept + (i))

// The sum of a run, through the caches. What lies `ahead` elements further is fetched.
static inline void sum_run(__global const element *first, __global const element *residual, __global element *sum,
                           long count, long ahead) {
    long i = 0;
    SWEEP_REST(sum, count, SUM_AT)
}

// x goes past the caches with STREAM, and then its rows are `kept` beside until they are done.
__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void rows_sum(__global const element *first, __global const element *residual, __global element *x,
              __global const parameter *weight, __global const parameter *bias, __global element *y,
              __global element *kept, __global float *stats, __global float *running_mean,
              __global float *running_var, long rows, long segments, long span, long row_groups, long block, long room,
              float eps, int zero_rstd, float momentum, float keep, float correction) {
    const tracked running = TRACKED;
    const long length = segments * span;
    const long from = get_group_id(0) * block;
    const long last = min(from + block, rows);
#if STREAM
    kept += get_group_id(0) * room;
#endif
    for (long r = from; r < last; r++) {
        const long at = r * length;
        const long parameter = row_groups == 1 ? 0 : r % row_groups * segments;
#if STREAM
        sum_run(first + at, residual + at, kept, length, length);
        SWEEP(x + at, length, KEPT_AT)
        __global const element *row = kept;
#else
        sum_run(first + at, residual + at, x + at, length, length);
        __global const element *row = x + at;
#endif
        moments m;
        group_stats s;
        group_moments(row, 1, 0, length, &m);
        finish_group(&m, row, 1, 0, length, stats, rows, r, eps, zero_rstd, &s);
        move_tracked(stats, rows, r, running);
#if WANT_Y
        apply_part(row, residual, weight + parameter, bias + parameter, y, 0, at, 0, length, span, s, 0);
#endif
    }
}

// See rows_moments.
__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void sum_moments(__global const element *first, __global const element *residual, __global element *x,
                 __global float *partials, long rows, long length, long parts, long part) {
    const long id = get_group_id(0);
    const long r = id % rows;
    const long from = id / rows * part;
    const long at = r * length + from;
    const long count = min(part, length - from);
    sum_run(first + at, residual + at, x + at, count, 0);
    moments m;
    group_moments(x + at, 1, 0, count, &m);
    partials[id] = m.mean;
    partials[rows * parts + id] = m.delta;
    partials[2 * rows * parts + id] = pair_value(m.squares);
}
