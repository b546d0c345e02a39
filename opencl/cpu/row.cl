// Forward over one row: its statistics, then y. Row r begins at parameter (r % row_groups) * segments.
#include "cpu/apply.cl"

// The length of rows if it is known to the compiler, or 0.
#ifndef FIXED_LENGTH
#define FIXED_LENGTH 0
#endif

// 1: every element of a row has a parameter of its own (span is 1); 0: `span` neighbours share one.
#ifndef ELEMENTWISE
#define ELEMENTWISE 1
#endif

// Normalizes the elements from … to of a row, which begins with element `row` of residual and y; weight and bias begin
// at the row's first parameter. The next row, `ahead` elements further, is fetched meanwhile.
static inline void apply_part(__global const element *x, __global const element *all_residual,
                              __global const parameter *weight, __global const parameter *bias,
                              __global element *all_y, __global uint *signs, long row, long from, long to, long span,
                              group_stats s, long ahead) {
    __global const element *residual = all_residual + row;
    __global element *y = all_y + row;
#if ELEMENTWISE
    apply_dense(x + from, residual + from, y + from, signs, row + from, to - from, s, weight + from, bias + from,
                ahead);
#else
    long d = from / span;
    for (long i = from; i < to; d++) {
        const long end = min((d + 1) * span, to);
        const float w = weight_at(weight, d);
        const float b = bias_at(bias, d);
        apply_signed_run(x + i, residual + i, y + i, signs, row + i, end - i, s, w, b, ahead);
        i = end;
    }
#endif
}

// Normalizes a whole row; with STAGED into a stage, which then is that of all rows before it.
static inline void apply_row(__global const element *x, __global const element *residual,
                             __global const parameter *weight, __global const parameter *bias, __global element *y,
                             __global uint *signs, stage *staged, long r, long segments, long span, long row_groups,
                             group_stats s) {
#if WANT_Y
    const long length = FIXED_LENGTH ? FIXED_LENGTH : segments * span;
    const long first = row_groups == 1 ? 0 : r % row_groups * segments;
#if STAGED
    stage_dense(x + r * length, residual + r * length, staged, length, s, weight + first, bias + first, length);
#else
    apply_part(x + r * length, residual, weight + first, bias + first, y, signs, r * length, 0, length, span, s,
               length);
#endif
#endif
}

static inline void forward_row(__global const element *x, __global const element *residual,
                               __global const parameter *weight, __global const parameter *bias, __global element *y,
                               __global uint *signs, stage *staged, __global float *stats, tracked running, long rows,
                               long r, long segments, long span, long row_groups, float eps, int zero_rstd) {
    const long length = segments * span;
    moments m;
    group_moments(x + r * length, 1, 0, length, &m);
    group_stats s;
    finish_group(&m, x + r * length, 1, 0, length, stats, rows, r, eps, zero_rstd, &s);
    move_tracked(stats, rows, r, running);
    apply_row(x, residual, weight, bias, y, signs, staged, r, segments, span, row_groups, s);
}
