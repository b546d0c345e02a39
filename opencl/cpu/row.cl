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

// What a row is made of. `row` and `residual` begin at its first element, weight and bias at its first parameter.
typedef struct {
    __global const element *row, *residual;
    __global const parameter *weight, *bias;
} row_source;

// Normalizes the elements from … to of a row. The next row, `ahead` elements further, is fetched meanwhile.
static inline void apply_part(row_source in, __global element *y, long from, long to, long span, group_stats s,
                              long ahead) {
#if ELEMENTWISE
    apply_dense(in.row + from, in.residual + from, y + from, to - from, s, in.weight + from, in.bias + from, ahead);
#else
    long d = from / span;
    for (long i = from; i < to; d++) {
        const long end = min((d + 1) * span, to);
        const float w = weight_at(in.weight, d);
        const float b = bias_at(in.bias, d);
        apply_run(in.row + i, in.residual + i, y + i, end - i, s, w, b, ahead);
        i = end;
    }
#endif
}

// Normalizes a whole row to y; with STAGED into a stage, which then is that of all rows before it.
static inline void apply_row(row_source in, __global element *y, stage *staged, long length, long span, group_stats s) {
#if STAGED
    stage_dense(in.row, in.residual, staged, length, s, in.weight, in.bias, length);
#else
    apply_part(in, y, 0, length, span, s, length);
#endif
}

// Row r of all.
static inline void forward_row(row_source in, __global element *y, stage *staged, __global float *stats,
                               tracked running, long rows, long r, long length, long span, float eps, int zero_rstd) {
    moments m;
    group_moments(in.row, 1, 0, length, &m);
    group_stats s;
    finish_group(&m, in.row, 1, 0, length, stats, rows, r, eps, zero_rstd, &s);
    move_tracked(stats, rows, r, running);
    apply_row(in, y, staged, length, span, s);
}

// Where row r begins, of rows in memory.
static inline void find_row(row_source *in, __global const element *rows, __global const element *residual,
                            __global const parameter *weight, __global const parameter *bias, long r, long segments,
                            long length, long row_groups) {
    const long parameter = row_groups == 1 ? 0 : r % row_groups * segments;
    in->row = rows + r * length;
    in->residual = residual + r * length;
    in->weight = weight + parameter;
    in->bias = bias + parameter;
}
