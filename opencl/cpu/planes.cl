// Forward over planes, as in batch normalization: x is [outer][channels][span], a group is a channel.
//
// planes_forward: a work-item does a whole channel, or one of a batch where there are several batches. For few
// channels: planes_moments (one work-item a piece of a channel: `part` of each of `slices` consecutive samples),
// planes_merge (one a channel), planes_apply. Given statistics need planes_apply alone: a work-item does `part` of
// each of `slices` consecutive slices (sample, channel).
#include "cpu/apply.cl"

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void planes_forward(__global const element *x, __global const parameter *weight, __global const parameter *bias,
                    __global const element *residual, __global element *y, __global uint *signs, __global float *stats,
                    __global float *running_mean, __global float *running_var, long outer, long channels, long span,
                    float eps, int zero_rstd, float momentum, float keep, float correction) {
    const tracked running = TRACKED;
    const long group = get_group_id(0);
    const long groups = get_num_groups(0);
    const long c = group % channels;
    const long stride = channels * span;
    const long first = group / channels * outer * stride + c * span;
    moments m;
    group_moments(x + first, outer, stride, span, &m);
    group_stats s;
    finish_group(&m, x + first, outer, stride, span, stats, groups, group, eps, zero_rstd, &s);
    move_tracked(stats, groups, group, running);
#if WANT_Y
    const float w = weight_at(weight, c);
    const float b = bias_at(bias, c);
    for (long n = 0; n < outer; n++) {
        const long at = first + n * stride;
        apply_signed_run(x + at, residual + at, y + at, signs, at, span, s, w, b, span);
    }
#endif
}

// partials: [3][pieces][channels], the mean in two floats and the squares; a piece is (block of samples, part of a
// slice).
__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void planes_moments(__global const element *x, __global float *partials, long outer, long channels, long span,
                    long slices, long parts, long part) {
    const long id = get_group_id(0);
    const long all = get_num_groups(0);
    const long c = id % channels;
    const long piece = id / channels;
    const long n = piece / parts * slices;
    const long from = piece % parts * part;
    moments m;
    group_moments(x + (n * channels + c) * span + from, min(slices, outer - n), channels * span,
                  min(part, span - from), &m);
    partials[id] = m.mean;
    partials[all + id] = m.delta;
    partials[2 * all + id] = pair_value(m.squares);
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void planes_merge(__global const element *x, __global const float *partials, __global float *stats, long outer,
                  long channels, long span, long slices, long parts, long part, long pieces, float eps, int zero_rstd) {
    const long c = get_group_id(0);
    moments all;
    long seen = 0;
    for (long p = 0; p < pieces; p++) {
        const long id = p * channels + c;
        const long samples = min(slices, outer - p / parts * slices);
        const long count = samples * min(part, span - p % parts * part);
        moments one;
        one.mean = partials[id];
        one.delta = partials[pieces * channels + id];
        one.squares = pair_of(partials[2 * pieces * channels + id]);
        if (p == 0) {
            all = one;
        } else {
            merge(&all, (float)seen, &one, (float)count);
        }
        seen += count;
    }
    group_stats s;
    finish_group(&all, x + c * span, outer, channels * span, span, stats, channels, c, eps, zero_rstd, &s);
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void planes_apply(__global const element *x, __global const parameter *weight, __global const parameter *bias,
                  __global const element *residual, __global element *y, __global uint *signs, __global float *stats,
                  __global float *running_mean, __global float *running_var, long outer, long channels, long span,
                  long slices, long parts, long part, float eps, int zero_rstd, float momentum, float keep,
                  float correction) {
    const tracked running = TRACKED;
    const long id = get_group_id(0);
    const long first = id / parts * slices;
    const long last = min(first + slices, outer * channels);
    const long from = id % parts * part;
    long c = first % channels;
    for (long slice = first; slice < last; slice++) {
        const long at = slice * span + from;
        group_stats s;
        settled_stats(&s, stats, channels, c, running, eps, zero_rstd, slice < channels && from == 0);
        const float w = weight_at(weight, c);
        const float b = bias_at(bias, c);
        apply_signed_run(x + at, residual + at, y + at, signs, at, min(part, span - from), s, w, b, span);
        c = c + 1 == channels ? 0 : c + 1;
    }
}
