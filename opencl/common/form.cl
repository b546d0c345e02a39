// What is done besides normalizing and the affine, see Form in the plan: y = act(x_hat * w + b + r).

#ifndef CENTERED  // 0: the mean is not subtracted, and the variance is the mean square
#define CENTERED 1
#endif
#ifndef WEIGHT_PLUS_1  // 1: the weight is stored as its difference from 1
#define WEIGHT_PLUS_1 0
#endif

#ifndef WANT_Y  // 0: a forward pass makes statistics alone
#define WANT_Y 1
#endif

#define RELU 1
#define LEAKY_RELU 2
#define SILU 3
#define GELU 4
#define GELU_TANH 5

#define ADD_BEFORE 1  // forward: x = first + residual; backward: the gradient dsum of that sum is added to dx
#define ADD_AFTER 2  // residual is added before the activation; forward only

#ifndef JOIN  // one of them, or 0
#define JOIN 0
#endif

#ifndef ACTIVATION  // one of them, or 0
#define ACTIVATION 0
#endif
#ifndef SLOPE_BITS  // of LEAKY_RELU's slope as a float
#define SLOPE_BITS 0
#endif
#ifndef SLOPE_LOW  // the same as a double, in two halves
#define SLOPE_LOW 0
#endif
#ifndef SLOPE_HIGH
#define SLOPE_HIGH 0
#endif

#if STORAGE == FLOAT64
#define SLOPE as_double(upsample((int)SLOPE_HIGH, (uint)SLOPE_LOW))
#else
#define SLOPE as_float(SLOPE_BITS)
#endif

static inline real weight_of_stored(real stored) {
#if WEIGHT_PLUS_1
    return 1.0f + stored;
#else
    return stored;
#endif
}

#if ACTIVATION == GELU_TANH
// 2 sqrt(2/pi) * (v + 0.044715 v^3), of which v * sigmoid is the activation.
static inline real gelu_tanh_inner(real v) {
    return v * fma(REAL(0.07135481627260025) * v, v, REAL(1.5957691216057308));
}
#endif

#if ACTIVATION == SILU || ACTIVATION == GELU_TANH
static inline real sigmoid(real v) {
    return 1.0f / (1.0f + exp(-v));
}
#endif

#if ACTIVATION == GELU
// The normal distribution function; by the complement, which keeps its digits where it is small.
static inline real normal_cdf(real v) {
    return 0.5f * erfc(-REAL(0.7071067811865476) * v);
}
#endif

static inline real activated(real v) {
#if ACTIVATION == RELU
    return v <= 0.0f ? 0.0f : v;
#elif ACTIVATION == LEAKY_RELU
    return v <= 0.0f ? SLOPE * v : v;
#elif ACTIVATION == SILU
    return v * sigmoid(v);
#elif ACTIVATION == GELU
    return v * normal_cdf(v);
#elif ACTIVATION == GELU_TANH
    return v * sigmoid(gelu_tanh_inner(v));
#else
    return v;
#endif
}

// The derivative.
static inline real activation_slope(real v) {
#if ACTIVATION == RELU
    return v <= 0.0f ? 0.0f : 1.0f;
#elif ACTIVATION == LEAKY_RELU
    return v <= 0.0f ? SLOPE : 1.0f;
#elif ACTIVATION == SILU
    return sigmoid(v) * fma(v, sigmoid(-v), (real)1.0f);
#elif ACTIVATION == GELU
    return fma(v * REAL(0.3989422804014327), exp(-0.5f * v * v), normal_cdf(v));
#elif ACTIVATION == GELU_TANH
    // beyond, the slope is 0 or 1, and powers of v would leave the range; NaN stays NaN, as clamp does not promise
    v = v < -16.0f ? -16.0f : v > 16.0f ? 16.0f : v;
    const real inner = gelu_tanh_inner(v);
    const real rise = fma(REAL(0.21406444881780076) * v, v, REAL(1.5957691216057308));
    return sigmoid(inner) * fma(v * rise, sigmoid(-inner), (real)1.0f);
#else
    return 1.0f;
#endif
}
