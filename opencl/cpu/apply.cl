// Normalizing a run of consecutive floats, and its gradient, given the statistics of its group.
#include "cpu/moments.cl"

#ifndef HAS_WEIGHT
#define HAS_WEIGHT 1
#endif
#ifndef HAS_BIAS
#define HAS_BIAS 1
#endif

static inline vec normalized_of(vec x, group_stats s) {
    return ((x * s.scale - s.mean) - s.delta) * s.rstd;
}

// As load_stats.
static inline void read_stats(__global const float *stats, long groups, long group, group_stats *s) {
    s->mean = stats[MEAN * groups + group];
    s->delta = stats[DELTA * groups + group];
    s->rstd = stats[RSTD * groups + group];
    s->scale = stats[SCALE * groups + group];
}

static inline float parameter_or(int present, __global const float *values, long index, float otherwise) {
    return present ? values[index] : otherwise;
}

// y over a run whose elements share one parameter. While it is stored, what lies `ahead` elements further is fetched.
static inline void apply_run(__global const float *x, __global float *y, long count, group_stats s, float w, float b,
                             long ahead) {
#define Y_OF_RUN(i) (fetch_far(x + ahead + (i)), normalized_of(load(x + (i)), s) * w + b)
    SWEEP(y, count, Y_OF_RUN)
}

// y over a run with a parameter an element.
static inline vec affine(vec x_hat, __global const float *w, __global const float *b) {
#if HAS_WEIGHT && HAS_BIAS
    return x_hat * load(w) + load(b);
#elif HAS_WEIGHT
    return x_hat * load(w);
#elif HAS_BIAS
    return x_hat + load(b);
#else
    return x_hat;
#endif
}

static inline void apply_dense(__global const float *x, __global float *y, long count, group_stats s,
                               __global const float *w, __global const float *b, long ahead) {
#define Y_OF_DENSE(i) (fetch(x + ahead + (i)), affine(normalized_of(load(x + (i)), s), w + (i), b + (i)))
    SWEEP(y, count, Y_OF_DENSE)
}
