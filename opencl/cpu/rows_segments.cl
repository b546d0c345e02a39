// Backward over rows made of segments that share a parameter each, as in group and instance normalization.
//
// segments_backward: a work-item does `block` whole rows, and the second reading of x and dy finds them in its cache.
// For few long rows: segments_sums (one work-item a part of a segment), segments_fold (one a row), segments_dx (one a
// part). The sums of row r, segment d go to partials [2][rows * segments] at r * segments + d, which is what
// sum_partials takes.
#include "cpu/gradients.cl"

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void segments_backward(__global const element *x, __global const element *dout, __global const uint *signs,
                       __global element *dy, __global const parameter *weight, __global const parameter *bias,
                       __global const float *stats, __global const element *dsum, __global element *dx,
                       __global float *partials, long rows, long segments, long span, long row_groups, long block) {
    const long length = segments * span;
    const long first = get_group_id(0) * block;
    const long last = min(first + block, rows);
    for (long r = first; r < last; r++) {
        group_stats s;
        read_stats(stats, rows, r, &s);
        __global const parameter *w = weight + r % row_groups * segments;
        __global const parameter *b = bias + r % row_groups * segments;
        float_pair g = pair_of(0.0f);
        float_pair gx = pair_of(0.0f);
        for (long d = 0; d < segments; d++) {
            const long at = r * length + d * span;
            const float wd = weight_at(w, d);
            gradient_sums sums;
            clear_sums(&sums);
            add_runs(&sums, x + at, INCOMING + at, 1, 0, span, s, wd, bias_at(b, d) GATE_AT(at));
            const float dyx_sum = total_sum(sums.dyx);
            const float dy_sum = total_sum(sums.dy);
#if PARAMETERS
            partials[r * segments + d] = dyx_sum;
            partials[(rows + r) * segments + d] = dy_sum;
#endif
            add_to(&g, dy_sum * wd);
            add_to(&gx, dyx_sum * wd);
        }
#if DX
        const float mean_g = pair_value(g) / (float)length;
        const float mean_gx = pair_value(gx) / (float)length;
        for (long d = 0; d < segments; d++) {
            const long at = r * length + d * span;
            dx_gated_run(x, INCOMING, signs, dy, dsum, dx, at, span, s, weight_at(w, d), bias_at(b, d), mean_g,
                         mean_gx, length);
        }
#endif
    }
}

// sums: [2][rows * segments][parts], of dy * x_hat and of dy over a part.
__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void segments_sums(__global const element *x, __global const element *dout, __global const uint *signs,
                   __global const element *dy, __global const parameter *weight, __global const parameter *bias,
                   __global const float *stats, __global float *sums, long rows, long segments, long span,
                   long row_groups, long parts, long part) {
    const long id = get_group_id(0);
    const long segment = id / parts;
    const long from = id % parts * part;
    const long at = segment * span + from;
    group_stats s;
    read_stats(stats, rows, segment / segments, &s);
    const long parameter = segment % (row_groups * segments);
    gradient_sums one;
    clear_sums(&one);
    add_runs(&one, x + at, INCOMING + at, 1, 0, min(part, span - from), s, weight_at(weight, parameter),
             bias_at(bias, parameter) GATE_AT(at));
    sums[id] = total_sum(one.dyx);
    sums[rows * segments * parts + id] = total_sum(one.dy);
}

static inline float total_of(__global const float *sums, long parts) {
    float_pair total = {0.0f, 0.0f};
    for (long p = 0; p < parts; p++) {
        add_to(&total, sums[p]);
    }
    return pair_value(total);
}

// means: [2][rows], of g = dy * weight and of g * x_hat.
__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void segments_fold(__global const float *sums, __global const parameter *weight, __global float *means,
                   __global float *partials, long rows, long segments, long span, long row_groups, long parts) {
    const long r = get_group_id(0);
    __global const parameter *w = weight + r % row_groups * segments;
    float_pair g = pair_of(0.0f);
    float_pair gx = pair_of(0.0f);
    for (long d = 0; d < segments; d++) {
        const long segment = r * segments + d;
        const float dyx_sum = total_of(sums + segment * parts, parts);
        const float dy_sum = total_of(sums + (rows * segments + segment) * parts, parts);
#if PARAMETERS
        partials[segment] = dyx_sum;
        partials[rows * segments + segment] = dy_sum;
#endif
        const float wd = weight_at(w, d);
        add_to(&g, dy_sum * wd);
        add_to(&gx, dyx_sum * wd);
    }
    means[r] = pair_value(g) / (float)(segments * span);
    means[rows + r] = pair_value(gx) / (float)(segments * span);
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void segments_dx(__global const element *x, __global const element *dout, __global const uint *signs,
                 __global element *dy, __global const parameter *weight, __global const parameter *bias,
                 __global const float *stats, __global const float *means, __global const element *dsum,
                 __global element *dx, long rows, long segments, long span, long row_groups, long parts, long part) {
    const long id = get_group_id(0);
    const long segment = id / parts;
    const long r = segment / segments;
    const long from = id % parts * part;
    const long at = segment * span + from;
    const long parameter = segment % (row_groups * segments);
    group_stats s;
    read_stats(stats, rows, r, &s);
    dx_gated_run(x, INCOMING, signs, dy, dsum, dx, at, min(part, span - from), s, weight_at(weight, parameter),
                 bias_at(bias, parameter), means[r], means[rows + r], part);
}
