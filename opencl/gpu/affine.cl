// The affine and what is done beside it (common/form.cl), on packs and on single elements. Weights are read here alone.
#ifndef HAS_WEIGHT
#define HAS_WEIGHT 1
#endif
#ifndef HAS_BIAS
#define HAS_BIAS 1
#endif

#include "gpu/pack.cl"

#if PACK == 8
#define OF_EACH(f, v) \
    ((pack)(f((v).s0), f((v).s1), f((v).s2), f((v).s3), f((v).s4), f((v).s5), f((v).s6), f((v).s7)))
#else
#define OF_EACH(f, v) ((pack)(f((v).s0), f((v).s1), f((v).s2), f((v).s3)))
#endif

// What of a backward pass's team_total the means of a group are made of.
#if CENTERED
#define MEANS SUMS
#else
#define MEANS FIRST
#endif

INLINED pack activated_pack(pack v) {
#if ACTIVATION
    return OF_EACH(activated, v);
#else
    return v;
#endif
}

// The gradient through the activation at v; without one v is not even read.
#if ACTIVATION
INLINED pack activation_slopes(pack v) {
    return OF_EACH(activation_slope, v);
}

#define THROUGH(dy, v) ((dy) * activation_slope(v))
#define PACK_THROUGH(dy, v) ((dy) * activation_slopes(v))
#else
#define THROUGH(dy, v) (dy)
#define PACK_THROUGH(dy, v) (dy)
#endif

static inline float weight_at(__global const parameter *weight, long i) {
#if HAS_WEIGHT
    return weight_of_stored(parameter_at(weight + i));
#else
    return 1.0f;
#endif
}

static inline float bias_at(__global const parameter *bias, long i) {
#if HAS_BIAS
    return parameter_at(bias + i);
#else
    return 0.0f;
#endif
}

static inline pack weights_of_stored(pack stored) {
#if WEIGHT_PLUS_1
    return 1.0f + stored;
#else
    return stored;
#endif
}

INLINED pack weights_at(__global const parameter *weight, long i) {
#if HAS_WEIGHT
    return weights_of_stored(parameters_at(weight + i));
#else
    return (pack)1.0f;
#endif
}

INLINED pack biases_at(__global const parameter *bias, long i) {
#if HAS_BIAS
    return parameters_at(bias + i);
#else
    return (pack)0.0f;
#endif
}

static inline pack normalized_pack(pack x, group_stats s) {
    return ((x * s.scale - s.mean) - s.delta) * s.rstd;
}

// dx from the means over the group of g, the gradient of x_hat, and of g * x_hat.
static inline pack input_gradients(pack g, pack x_hat, float mean_g, float mean_gx, group_stats s) {
    return (((g - mean_g) - x_hat * mean_gx) * s.rstd) * s.scale;
}
