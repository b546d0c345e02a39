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
    float_pair dyx, dy;
} gradient_sums;

inline gradient_sums no_sums(void) {
    gradient_sums s;
    s.dyx = pair_of(0.0f);
    s.dy = pair_of(0.0f);
    return s;
}

inline gradient_sums add_chunk(gradient_sums sums, __global const float *x, __global const float *dy, long runs,
                               long stride, long count, group_stats s) {
    vec a0 = (vec)(0.0f), a1 = a0, b0 = a0, b1 = a0;
    for (long r = 0; r < runs; r++) {
        __global const float *p = x + r * stride;
        __global const float *q = dy + r * stride;
        long i = 0;
        for (; i + 2 * WIDTH <= count; i += 2 * WIDTH) {
            const vec g0 = load(q + i);
            const vec g1 = load(q + i + WIDTH);
            a0 += g0 * normalized_of(load(p + i), s);
            a1 += g1 * normalized_of(load(p + i + WIDTH), s);
            b0 += g0;
            b1 += g1;
        }
        if (i + WIDTH <= count) {
            const vec g = load(q + i);
            a0 += g * normalized_of(load(p + i), s);
            b0 += g;
            i += WIDTH;
        }
        if (i < count) {
            const vec g = load(q + count - WIDTH);
            a1 += last_lanes(g * normalized_of(load(p + count - WIDTH), s), count - i);
            b1 += last_lanes(g, count - i);
        }
    }
    sums.dyx = pair_add(sums.dyx, sum_of(a0 + a1));
    sums.dy = pair_add(sums.dy, sum_of(b0 + b1));
    return sums;
}

// The same over `outer` runs of any length, in chunks that keep the error of a sum small.
inline gradient_sums add_runs(gradient_sums sums, __global const float *x, __global const float *dy, long outer,
                              long stride, long span, group_stats s) {
    const long runs = runs_in_chunk(span);
    for (long n = 0; n < outer; n += runs) {
        for (long from = 0; from < span; from += CHUNK) {
            const long at = n * stride + from;
            sums = add_chunk(sums, x + at, dy + at, min(runs, outer - n), stride, min((long)CHUNK, span - from), s);
        }
    }
    return sums;
}

// dx over a run. While it is stored, what lies `ahead` elements further is fetched. mean_g and mean_gx are the means of g = dy * w and of g * x_hat over the group; unused if GIVEN.
inline vec dx_of(vec g, __global const float *x, group_stats s, float mean_g, float mean_gx) {
#if GIVEN
    return g * s.rstd * s.scale;
#else
    return (g - mean_g - normalized_of(load(x), s) * mean_gx) * s.rstd * s.scale;
#endif
}

inline void dx_run(__global const float *x, __global const float *dy, __global float *dx, long count, group_stats s, float w,
                   float mean_g, float mean_gx, long ahead) {
#define DX_OF_RUN(i)                                                                                                    \
    (fetch_far(x + ahead + (i)), fetch_far(dy + ahead + (i)), dx_of(load(dy + (i)) * w, x + (i), s, mean_g, mean_gx))
    SWEEP(dx, count, DX_OF_RUN)
}

inline vec weighted(__global const float *dy, __global const float *w) {
#if HAS_WEIGHT
    return load(dy) * load(w);
#else
    return load(dy);
#endif
}

inline void dx_dense(__global const float *x, __global const float *dy, __global float *dx, long count, group_stats s,
                     __global const float *w, float mean_g, float mean_gx) {
#define DX_OF_DENSE(i) dx_of(weighted(dy + (i), w + (i)), x + (i), s, mean_g, mean_gx)
    SWEEP(dx, count, DX_OF_DENSE)
}
