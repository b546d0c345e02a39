// Backward over planes, as in batch normalization: x is [outer][channels][span], a group is a channel.
//
// planes_backward: a work-item does a whole channel; batches_backward, one of a batch, where there are several batches.
// For few channels: planes_sums (one work-item a piece of a channel: `part` of each of `slices` consecutive samples),
// planes_fold (one a channel), planes_dx (`part` of each of `slices`
// consecutive slices). Given statistics need no sums for dx: planes_backward does dx and both sums of a channel in one
// sweep, planes_given those of slices where channels are few, or dx alone. partials is always [2][pieces][channels], of
// dy * x_hat and of dy, as sum_partials takes it.
#include "cpu/gradients.cl"

// Floats of x and dy that the L1 cache holds from the sums to dx.
#ifndef STRETCH
#define STRETCH 4096
#endif

// Adds the elements from `first` on to the sums and does their dx, a stretch at a time; the next stretch is fetched
// from `ahead` elements further.
static inline void given_run(gradient_sums *sums, __global const element *x, __global const element *dout,
                             __global const uint *signs, __global element *dy, __global const element *dsum,
                             __global element *dx, long first, long count, group_stats s, float w, float b,
                             long ahead) {
    for (long from = first; from < first + count; from += STRETCH) {
        const long part = min((long)STRETCH, first + count - from);
#if PARAMETERS
        add_runs(sums, x + from, dout + from, 1, 0, part, s, w, b GATE_AT(from));
#endif
#if DX
        dx_gated_run(x, dout, signs, dy, dsum, dx, from, part, s, w, b, 0.0f, 0.0f, ahead);
#endif
    }
}

// The sums of a channel of a batch, and its dx.
static inline void channel_backward(gradient_sums *sums, __global const element *x, __global const element *dout,
                                    __global const uint *signs, __global element *dy, __global const parameter *weight,
                                    __global const parameter *bias, __global const float *stats,
                                    __global const element *dsum, __global element *dx, long outer, long channels,
                                    long span) {
    const long group = get_group_id(0);
    const long c = group % channels;
    const long stride = channels * span;
    const long first = group / channels * outer * stride + c * span;
    const long end = first + outer * stride;
    group_stats s;
    read_stats(stats, get_num_groups(0), group, &s);
    const float w = weight_at(weight, c);
    const float b = bias_at(bias, c);
    clear_sums(sums);
#if GIVEN
    for (long at = first; at < end; at += stride) {
        given_run(sums, x, INCOMING, signs, dy, dsum, dx, at, span, s, w, b, span > STRETCH ? STRETCH : stride);
    }
#else
    add_runs(sums, x + first, INCOMING + first, outer, stride, span, s, w, b GATE_AT(first));
#endif
#if DX && !GIVEN
    const float n = (float)(outer * span);
    const float mean_g = total_sum(sums->dy) * w / n;
    const float mean_gx = total_sum(sums->dyx) * w / n;
    for (long at = first; at < end; at += stride) {
        dx_gated_run(x, INCOMING, signs, dy, dsum, dx, at, span, s, w, b, mean_g, mean_gx, span);
    }
#endif
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void planes_backward(__global const element *x, __global const element *dout, __global const uint *signs,
                     __global element *dy, __global const parameter *weight, __global const parameter *bias,
                     __global const float *stats, __global const element *dsum, __global element *dx,
                     __global parameter *dweight, __global parameter *dbias, long outer, long channels, long span,
                     int want_dweight, int want_dbias, int accumulate) {
    const long c = get_group_id(0);
    gradient_sums sums;
    channel_backward(&sums, x, dout, signs, dy, weight, bias, stats, dsum, dx, outer, channels, span);
    if (want_dweight) {
        put_one_gradient(total_sum(sums.dyx), dweight + c, accumulate);
    }
    if (want_dbias) {
        put_one_gradient(total_sum(sums.dy), dbias + c, accumulate);
    }
}

// Of several batches, whose sums are pieces of a channel's.
__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void batches_backward(__global const element *x, __global const element *dout, __global const uint *signs,
                      __global element *dy, __global const parameter *weight, __global const parameter *bias,
                      __global const float *stats, __global const element *dsum, __global element *dx,
                      __global float *partials, long outer, long channels, long span) {
    gradient_sums sums;
    channel_backward(&sums, x, dout, signs, dy, weight, bias, stats, dsum, dx, outer, channels, span);
#if PARAMETERS
    partials[get_group_id(0)] = total_sum(sums.dyx);
    partials[get_num_groups(0) + get_group_id(0)] = total_sum(sums.dy);
#endif
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void planes_sums(__global const element *x, __global const element *dout, __global const uint *signs,
                 __global const element *dy, __global const parameter *weight, __global const parameter *bias,
                 __global const float *stats, __global float *partials, long outer, long channels, long span,
                 long slices, long parts, long part) {
    const long id = get_group_id(0);
    const long c = id % channels;
    const long piece = id / channels;
    const long n = piece / parts * slices;
    const long from = piece % parts * part;
    const long at = (n * channels + c) * span + from;
    gradient_sums sums;
    clear_sums(&sums);
    group_stats s;
    read_stats(stats, channels, c, &s);
    add_runs(&sums, x + at, INCOMING + at, min(slices, outer - n), channels * span, min(part, span - from), s,
             weight_at(weight, c), bias_at(bias, c) GATE_AT(at));
    partials[id] = total_sum(sums.dyx);
    partials[get_num_groups(0) + id] = total_sum(sums.dy);
}

static inline float total_of(__global const float *sums, long count, long stride) {
    float_pair total = {0.0f, 0.0f};
    for (long i = 0; i < count; i++) {
        add_to(&total, sums[i * stride]);
    }
    return pair_value(total);
}

// means: [2][channels], of g = dy * weight and of g * x_hat.
__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void planes_fold(__global const float *partials, __global const parameter *weight, __global float *means, long outer,
                 long channels, long span, long pieces) {
    const long c = get_group_id(0);
    const float n = (float)(outer * span);
    const float w = weight_at(weight, c);
    means[c] = total_of(partials + pieces * channels + c, pieces, channels) * w / n;
    means[channels + c] = total_of(partials + c, pieces, channels) * w / n;
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void planes_dx(__global const element *x, __global const element *dout, __global const uint *signs,
               __global element *dy, __global const parameter *weight, __global const parameter *bias,
               __global const float *stats, __global const float *means, __global const element *dsum,
               __global element *dx, long outer, long channels, long span, long slices, long parts, long part) {
    const long id = get_group_id(0);
    const long first = id / parts * slices;
    const long last = min(first + slices, outer * channels);
    const long from = id % parts * part;
    for (long slice = first; slice < last; slice++) {
        const long c = slice % channels;
        const long at = slice * span + from;
        const float w = weight_at(weight, c);
        group_stats s;
        read_stats(stats, channels, c, &s);
        dx_gated_run(x, INCOMING, signs, dy, dsum, dx, at, min(part, span - from), s, w, bias_at(bias, c), means[c],
                     means[channels + c], span);
    }
}

// A piece here is (sample, part), and a work-item does `part` of `slices` consecutive slices.
__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void planes_given(__global const element *x, __global const element *dout, __global const uint *signs,
                  __global element *dy, __global const parameter *weight, __global const parameter *bias,
                  __global const float *stats, __global const element *dsum, __global element *dx,
                  __global float *partials, long outer, long channels, long span, long slices, long parts, long part) {
    const long id = get_group_id(0);
    const long first = id / parts * slices;
    const long last = min(first + slices, outer * channels);
    const long begin = id % parts * part;
    const long end = min(begin + part, span);
    for (long slice = first; slice < last; slice++) {
        const long c = slice % channels;
        group_stats s;
        read_stats(stats, channels, c, &s);
        const float w = weight_at(weight, c);
        gradient_sums sums;
        clear_sums(&sums);
        const long at = slice * span + begin;
        given_run(&sums, x, INCOMING, signs, dy, dsum, dx, at, end - begin, s, w, bias_at(bias, c), STRETCH);
#if PARAMETERS
        const long piece = slice / channels * parts + id % parts;
        partials[piece * channels + c] = total_sum(sums.dyx);
        partials[(outer * parts + piece) * channels + c] = total_sum(sums.dy);
#endif
    }
}
