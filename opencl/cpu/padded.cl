// Forward over samples that end before their room does. A group is `runs` stretches of `span` elements; stretch m of
// group g is stretch g * group_step + m * run_step of the tensor, and its first elements are valid (padding.cl): planes
// of a channel in batch normalization, members of a group, one plane in instance normalization, one row in layer
// normalization. Parameters belong to stretches, and repeat after `channels` of them; ELEMENTWISE, to the elements of
// the only one.
//
// padded_forward: a work-item does `block` whole groups. 2T as long as a group fits a core's cache, whatever is valid:
// y is 0 behind that. The statistics are those of the valid elements.
#include "cpu/apply.cl"
#include "cpu/padded_groups.cl"

// y of a stretch of which `count` elements are valid. What stands for a residual is not read. The next group, `ahead`
// elements further, is fetched meanwhile.
static inline void apply_valid(__global const element *x, __global element *y, long count, group_stats s,
                               __global const parameter *weight, __global const parameter *bias, long span,
                               long ahead) {
    __global const element *residual = x;
#if ELEMENTWISE
#define Y_OF_VALID(i) finished(affine(normalized_of(load_elements(x + (i)), s), weight + (i), bias + (i)), x)
    if (count >= WIDTH) {
        apply_dense(x, residual, y, 0, 0, count, s, weight, bias, ahead); // no signs are kept of it
    }
#else
    const float w = weight_at(weight, 0);
    const float b = bias_at(bias, 0);
#define Y_OF_VALID(i) finished(normalized_of(load_elements(x + (i)), s) * w + b, x)
    if (count >= WIDTH) {
        apply_run(x, residual, y, count, s, w, b, ahead);
    }
#endif
    if (count > 0 && count < WIDTH) {
        store_first(stored_of(Y_OF_VALID(0)), count, y);
    }
    put_zeros(y + count, span - count);
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void padded_forward(__global const element *x, __global const parameter *weight, __global const parameter *bias,
                    __global element *y, __global float *stats, __global const float *lengths,
                    __global float *running_mean, __global float *running_var, long sample, long run, long unit,
                    long groups, long group_step, long runs, long run_step, long span, long channels, long param_step,
                    long block, float eps, int zero_rstd, float momentum, float keep, float correction) {
    const padding pad = PADDING;
    const tracked running = TRACKED;
    const long first = get_group_id(0) * block;
    const long last = min(first + block, groups);
    for (long g = first; g < last; g++) {
        stretches of;
        stretches_of(&of, g * group_step, runs, run_step, span, pad);
        group_stats s;
#if GIVEN
        settled_stats(&s, stats, groups, g, running, eps, zero_rstd, 1);
#else
        valid_stats(&s, x, of, pad, stats, groups, g, eps, zero_rstd);
        move_tracked(stats, groups, g, running);
#endif
        long p = ELEMENTWISE ? 0 : g * group_step % channels;
        for (long m = 0; m < runs; m++) {
            const long at = begin_of(of, m);
            apply_valid(x + at, y + at, valid_of(of, m, pad), s, weight + p, bias + p, span,
                        group_step * span);
            p += param_step;
        }
    }
}
