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

// What reached y: dy, or dout gated by bits, which is what dy becomes. Runs tell which bits are theirs by `first`.
#if GATED
#define INCOMING dout
#define GATE_PARAMETERS , __global const uint *signs, long first
#define GATE_AT(first) , signs, first
#define gradient_at(p, i) gated_by(load_elements((p) + (i)), signs_at(signs, first + (i)))
#else
#define INCOMING dy
#define GATE_PARAMETERS
#define GATE_AT(first)
#define gradient_at(p, i) load_elements((p) + (i))
#endif

// Adds a run of `count` consecutive floats, which share the parameters w and b.
static inline void add_run(gradient_sums *sums, __global const element *p, __global const element *q, long count,
                           group_stats s, float w, float b GATE_PARAMETERS) {
    for (long i = 0; i < count;) {
        const long end = min(i + 2 * SERIAL_SUMS * WIDTH, count);
        vec a0 = (vec)(0.0f), a1 = a0, b0 = a0, b1 = a0;
        for (; i + 2 * WIDTH <= end; i += 2 * WIDTH) {
            const vec x0 = normalized_of(load_elements(p + i), s);
            const vec x1 = normalized_of(load_elements(p + i + WIDTH), s);
            const vec g0 = through(gradient_at(q, i), x0, (vec)(w), (vec)(b));
            const vec g1 = through(gradient_at(q, i + WIDTH), x1, (vec)(w), (vec)(b));
            a0 += g0 * x0;
            a1 += g1 * x1;
            b0 += g0;
            b1 += g1;
        }
        for (; i < end; i += WIDTH) {
            const long at = min(i, count - WIDTH);
            const vec x_hat = normalized_of(load_elements(p + at), s);
            const vec g = through(gradient_at(q, at), x_hat, (vec)(w), (vec)(b));
            a0 += fresh_lanes(g * x_hat, count - i);
            b0 += fresh_lanes(g, count - i);
        }
        vec_pair_add(&sums->dyx, a0 + a1);
        vec_pair_add(&sums->dy, b0 + b1);
    }
}

// Adds `runs` runs, `stride` apart.
static inline void add_runs(gradient_sums *sums, __global const element *x, __global const element *dy, long runs,
                            long stride, long count, group_stats s, float w, float b GATE_PARAMETERS) {
    for (long r = 0; r < runs; r++) {
        add_run(sums, x + r * stride, dy + r * stride, count, s, w, b GATE_AT(first + r * stride));
    }
}

// Whether dx is made of x.
#define DX_OF_X (!GIVEN || ACTIVATION)

// mean_g and mean_gx are the means over the group of g, the gradient of x_hat, and of g * x_hat; unused if GIVEN, and
// where no mean is subtracted mean_g too. dsum is read where it is added.
static inline vec dx_of(vec dy, __global const element *x, __global const element *dsum, group_stats s, vec w, vec b,
                        float mean_g, float mean_gx) {
#if DX_OF_X
    const vec x_hat = normalized_of(load_elements(x), s);
#else
    const vec x_hat = (vec)(0.0f);
#endif
    vec g = through(dy, x_hat, w, b) * w;
#if !GIVEN && CENTERED
    g = g - mean_g - x_hat * mean_gx;
#elif !GIVEN
    g = g - x_hat * mean_gx;
#endif
    g = g * s.rstd * s.scale;
#if JOIN == ADD_BEFORE
    g += load_elements(dsum);
#endif
    return g;
}

#if !DX_OF_X && !PARAMETERS
#define fetch_x(p) (void)0
#else
#define fetch_x(p) fetch_far(p)
#endif
#if JOIN == ADD_BEFORE
#define fetch_dsum(p) fetch_far(p)
#else
#define fetch_dsum(p) (void)0
#endif

// dx over a run that shares the parameters w and b. While it is stored, what lies `ahead` elements further is fetched.
static inline void dx_run(__global const element *x, __global const element *dy, __global const element *dsum,
                          __global element *dx, long count, group_stats s, float w, float b, float mean_g,
                          float mean_gx, long ahead GATE_PARAMETERS) {
#define DX_OF_RUN(i)                                                                                                   \
    (fetch_x(x + ahead + (i)), fetch_far(dy + ahead + (i)), fetch_dsum(dsum + ahead + (i)),                            \
     dx_of(gradient_at(dy, i), x + (i), dsum + (i), s, (vec)(w), (vec)(b), mean_g, mean_gx))
    SWEEP(dx, count, DX_OF_RUN)
}

// Elements of dout that the L1 cache holds from dy to dx.
#define GATED_STRETCH 4096

// dx over the elements from `first` on of all tensors, and dy, where that is gated: `dout` is dy elsewhere. dx may lie
// where dout does, so dy comes first.
static inline void dx_gated_run(__global const element *x, __global const element *dout, __global const uint *signs,
                                __global element *dy, __global const element *dsum, __global element *dx, long first,
                                long count, group_stats s, float w, float b, float mean_g, float mean_gx, long ahead) {
#if GATED
#define GATED_DY(i) gradient_at(dout + first, i)
    const long last = first + count;
    for (; first < last; first += GATED_STRETCH) {
        const long part = min((long)GATED_STRETCH, last - first);
        SWEEP(dy + first, part, GATED_DY)
        dx_run(x + first, dout + first, dsum + first, dx + first, part, s, w, b, mean_g, mean_gx,
               count > GATED_STRETCH ? GATED_STRETCH : ahead, signs, first);
    }
#else
    dx_run(x + first, dout + first, dsum + first, dx + first, count, s, w, b, mean_g, mean_gx, ahead);
#endif
}
