// Forward over rows: a group is one contiguous row. Every row is read from memory once and written once, as long as it
// fits the caches of a core.
//
// rows_forward: one work-item does `block` whole rows. For rows too few or too long for that: rows_moments (one
// work-item a part of a row), rows_merge (one a row), rows_apply (one the same part of `block` rows, so that the
// parameters of long rows are read from memory once).
#include "cpu/row.cl"

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void rows_forward(__global const element *x, __global const parameter *weight, __global const parameter *bias,
                  __global const element *residual, __global element *y, __global uint *signs, __global float *stats,
                  __global float *running_mean, __global float *running_var, long rows, long segments, long span,
                  long row_groups, long block, float eps, int zero_rstd, float momentum, float keep, float correction) {
    const tracked running = TRACKED;
    const long first = get_group_id(0) * block;
    const long last = min(first + block, rows);
    uint16 room[STAGED ? STAGE_BYTES / 64 : 1];
    stage staged;
    open_stage(&staged, room, y + first * segments * span);
    for (long r = first; r < last; r++) {
        forward_row(x, residual, weight, bias, y, signs, &staged, stats, running, rows, r, segments, span, row_groups,
                    eps, zero_rstd);
    }
#if STAGED
    close_stage(&staged);
#endif
}

// partials: [3][parts][rows], the mean in two floats and the squares of every part of `part` elements. The parts of all
// rows go from left to right, and rows_apply from right to left, so that it begins with what is still in the caches.
__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void rows_moments(__global const element *x, __global float *partials, long rows, long length, long parts, long part) {
    const long id = get_group_id(0);
    const long r = id % rows;
    const long from = id / rows * part;
    moments m;
    group_moments(x + r * length + from, 1, 0, min(part, length - from), &m);
    partials[id] = m.mean;
    partials[rows * parts + id] = m.delta;
    partials[2 * rows * parts + id] = pair_value(m.squares);
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void rows_merge(__global const element *x, __global const float *partials, __global float *stats, long rows,
                long length, long parts, long part, float eps, int zero_rstd) {
    const long r = get_group_id(0);
    moments all;
    for (long p = 0; p < parts; p++) {
        const long id = p * rows + r;
        moments one;
        one.mean = partials[id];
        one.delta = partials[rows * parts + id];
        one.squares = pair_of(partials[2 * rows * parts + id]);
        const float count = (float)min(part, length - p * part);
        if (p == 0) {
            all = one;
        } else {
            merge(&all, (float)(p * part), &one, count);
        }
    }
    group_stats s;
    finish_group(&all, x + r * length, 1, 0, length, stats, rows, r, eps, zero_rstd, &s);
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void rows_apply(__global const element *x, __global const parameter *weight, __global const parameter *bias,
                __global const element *residual, __global element *y, __global uint *signs, __global float *stats,
                __global float *running_mean, __global float *running_var, long rows, long segments, long span,
                long row_groups, long block, long parts, long part, float eps, int zero_rstd, float momentum,
                float keep, float correction) {
    const tracked running = TRACKED;
    const long id = get_group_id(0);
    const long length = segments * span;
    const long from = (parts - 1 - id % parts) * part;
    const long to = min(from + part, length);
    const long first = id / parts * block;
    const long last = min(first + block, rows);
    for (long r = first; r < last; r++) {
        const long at = r * length;
        const long parameter = row_groups == 1 ? 0 : r % row_groups * segments;
        group_stats s;
        settled_stats(&s, stats, rows, r, running, eps, zero_rstd, from == 0);
        apply_part(x + at, residual, weight + parameter, bias + parameter, y, signs, at, from, to, span, s, length);
    }
}
