// The sums a gradient needs, and dx, over runs of consecutive floats.
#include "cpu/apply.cl"

// 0: dx is not asked for.
#ifndef DX
#define DX 1
#endif
// 0: neither dweight nor dbias is asked for.
#ifndef PARAMETERS
#define PARAMETERS 1
#endif
// 1: the statistics were given, and do not depend on x.
#ifndef GIVEN
#define GIVEN 0
#endif

// Over elements that share a parameter: dyx is the sum of dy * x_hat (dweight), dy that of dy (dbias).
typedef struct {
    vec_pair dyx, dy;
} gradient_sums;

static inline void clear_sums(gradient_sums *s) {
    s->dyx.hi = s->dyx.lo = s->dy.hi = s->dy.lo = (vec)(0.0f);
}

static inline float total_sum(vec_pair lanes_sums) {
    return sum_of(lanes_sums.hi + lanes_sums.lo);
}

// Adds `runs` runs of `count` consecutive floats, `stride` apart.
static inline void add_runs(gradient_sums *sums, __global const element *x, __global const element *dy, long runs,
                            long stride, long count, group_stats s) {
    for (long r = 0; r < runs; r++) {
        __global const element *p = x + r * stride;
        __global const element *q = dy + r * stride;
        for (long i = 0; i < count;) {
            const long end = min(i + 2 * SERIAL_SUMS * WIDTH, count);
            vec a0 = (vec)(0.0f), a1 = a0, b0 = a0, b1 = a0;
            for (; i + 2 * WIDTH <= end; i += 2 * WIDTH) {
                const vec g0 = load_elements(q + i);
                const vec g1 = load_elements(q + i + WIDTH);
                a0 += g0 * normalized_of(load_elements(p + i), s);
                a1 += g1 * normalized_of(load_elements(p + i + WIDTH), s);
                b0 += g0;
                b1 += g1;
            }
            for (; i < end; i += WIDTH) {
                const long at = min(i, count - WIDTH);
                const vec g = load_elements(q + at);
                a0 += fresh_lanes(g * normalized_of(load_elements(p + at), s), count - i);
                b0 += fresh_lanes(g, count - i);
            }
            vec_pair_add(&sums->dyx, a0 + a1);
            vec_pair_add(&sums->dy, b0 + b1);
        }
    }
}

// mean_g and mean_gx are the means of g = dy * w and of g * x_hat over the group; unused if GIVEN,
// and without a mean that is subtracted mean_g too.
static inline vec dx_of(vec g, __global const element *x, group_stats s, float mean_g, float mean_gx) {
#if GIVEN
    return g * s.rstd * s.scale;
#elif CENTERED
    return (g - mean_g - normalized_of(load_elements(x), s) * mean_gx) * s.rstd * s.scale;
#else
    return (g - normalized_of(load_elements(x), s) * mean_gx) * s.rstd * s.scale;
#endif
}

#if GIVEN && !PARAMETERS
#define fetch_x(p) (void)0
#else
#define fetch_x(p) fetch_far(p)
#endif

// dx over a run. While it is stored, what lies `ahead` elements further is fetched.
static inline void dx_run(__global const element *x, __global const element *dy, __global element *dx, long count,
                          group_stats s, float w, float mean_g, float mean_gx, long ahead) {
#define DX_OF_RUN(i)                                                                                                   \
    (fetch_x(x + ahead + (i)), fetch_far(dy + ahead + (i)),                                                            \
     dx_of(load_elements(dy + (i)) * w, x + (i), s, mean_g, mean_gx))
    SWEEP(dx, count, DX_OF_RUN)
}
