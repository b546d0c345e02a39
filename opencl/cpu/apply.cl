// Normalizing a run of consecutive floats, and its gradient, given the statistics of its group.
#include "cpu/activations.cl"
#include "cpu/moments.cl"
#include "cpu/signs.cl"
#include "cpu/stage.cl"

#ifndef HAS_WEIGHT
#define HAS_WEIGHT 1
#endif
#ifndef HAS_BIAS
#define HAS_BIAS 1
#endif

static inline vec normalized_of(vec x, group_stats s) {
#if CENTERED
    return ((x * s.scale - s.mean) - s.delta) * s.rstd;
#else
    return x * s.scale * s.rstd;
#endif
}

static inline float parameter_or(int present, __global const parameter *values, long index, float otherwise) {
    return present ? parameter_at(values + index) : otherwise;
}

// The weight and the bias at a parameter, or what stands for an absent one. Every weight is read by one of these.
static inline float weight_at(__global const parameter *weight, long index) {
    return HAS_WEIGHT ? weight_of_stored(parameter_at(weight + index)) : 1.0f;
}

static inline float bias_at(__global const parameter *bias, long index) {
    return parameter_or(HAS_BIAS, bias, index, 0.0f);
}

static inline vec weights_at(__global const parameter *weight) {
#if WEIGHT_PLUS_1
    return load_parameters(weight) + 1.0f;
#else
    return load_parameters(weight);
#endif
}

#if JOIN == ADD_AFTER
#define fetch_residual(p) fetch_far(p)
#else
#define fetch_residual(p) (void)0
#endif

// y from x_hat * w + b; `residual` is read where that is added.
static inline vec finished(vec v, __global const element *residual) {
#if JOIN == ADD_AFTER
    v += load_elements(residual);
#endif
    return activations(v);
}

#if KEEPS_SIGNS
#define NOTED_SIGNS(v) signed_whole(&writer, v)
#define NOTED_SIGNS_PART(v, skip, count) signed_part(&writer, v, skip, count)

// Stores VALUE(i) as SWEEP, and its bits from that of element `first` on.
#define SWEEP_SIGNED(out, count, VALUE, signs, first)                                                                  \
    {                                                                                                                  \
        sign_writer writer;                                                                                            \
        open_signs(&writer, signs, first);                                                                             \
        SWEEP_NOTED(out, count, VALUE, NOTED_SIGNS, NOTED_SIGNS_PART)                                                  \
        close_signs(&writer);                                                                                          \
    }
#else
#define SWEEP_SIGNED(out, count, VALUE, signs, first) SWEEP(out, count, VALUE)
#endif

// Stores element k of y, and its bit where these are kept.
static inline void put_signed(float value, __global element *y, __global uint *signs, long k) {
    put_element(value, y + k);
#if KEEPS_SIGNS
    const uint mask = 1u << k % SIGN_BITS;
    change_signs(signs + k / SIGN_BITS, element_at(y + k) <= 0.0f ? 0 : mask, mask);
#endif
}

// y over a run whose elements share one parameter. While it is stored, what lies `ahead` elements further is fetched.
static inline void apply_run(__global const element *x, __global const element *residual, __global element *y,
                             long count, group_stats s, float w, float b, long ahead) {
#define Y_OF_RUN(i)                                                                                                    \
    (fetch_far(x + ahead + (i)), fetch_residual(residual + ahead + (i)),                                               \
     finished(normalized_of(load_elements(x + (i)), s) * w + b, residual + (i)))
    SWEEP(y, count, Y_OF_RUN)
}

// The same, with the run's bits where these are kept, from that of element `first` on.
static inline void apply_signed_run(__global const element *x, __global const element *residual, __global element *y,
                                    __global uint *signs, long first, long count, group_stats s, float w, float b,
                                    long ahead) {
    SWEEP_SIGNED(y, count, Y_OF_RUN, signs, first)
}

// y over a run with a parameter an element.
static inline vec affine(vec x_hat, __global const parameter *w, __global const parameter *b) {
#if HAS_WEIGHT && HAS_BIAS
    return x_hat * weights_at(w) + load_parameters(b);
#elif HAS_WEIGHT
    return x_hat * weights_at(w);
#elif HAS_BIAS
    return x_hat + load_parameters(b);
#else
    return x_hat;
#endif
}

// Bits of the run, where they are kept, begin with that of element `first`.
static inline void apply_dense(__global const element *x, __global const element *residual, __global element *y,
                               __global uint *signs, long first, long count, group_stats s,
                               __global const parameter *w, __global const parameter *b, long ahead) {
#define Y_OF_DENSE(i)                                                                                                  \
    (fetch(x + ahead + (i)), fetch_residual(residual + ahead + (i)),                                                   \
     finished(affine(normalized_of(load_elements(x + (i)), s), w + (i), b + (i)), residual + (i)))
    SWEEP_SIGNED(y, count, Y_OF_DENSE, signs, first)
}

// The same into a stage.
static inline void stage_dense(__global const element *x, __global const element *residual, stage *staged, long count,
                               group_stats s, __global const parameter *w, __global const parameter *b, long ahead) {
    STAGE_ROW(staged, count, Y_OF_DENSE)
}
