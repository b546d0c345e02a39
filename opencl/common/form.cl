// What is done besides normalizing and the affine, see Form in the plan: y = act(x_hat * w + b + r).

#ifndef CENTERED  // 0: the mean is not subtracted, and the variance is the mean square
#define CENTERED 1
#endif
#ifndef WEIGHT_PLUS_1  // 1: the weight is stored as its difference from 1
#define WEIGHT_PLUS_1 0
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
#ifndef SLOPE_BITS  // of LEAKY_RELU's slope
#define SLOPE_BITS 0
#endif

static inline float weight_of_stored(float stored) {
#if WEIGHT_PLUS_1
    return 1.0f + stored;
#else
    return stored;
#endif
}

#if ACTIVATION == GELU_TANH
// 2 sqrt(2/pi) * (v + 0.044715 v^3), of which v * sigmoid is the activation.
static inline float gelu_tanh_inner(float v) {
    return v * fma(0.0713548162726f * v, v, 1.59576912160573f);
}
#endif

#if ACTIVATION == SILU || ACTIVATION == GELU_TANH
static inline float sigmoid(float v) {
    return 1.0f / (1.0f + exp(-v));
}
#endif

#if ACTIVATION == GELU
// The normal distribution function; by the complement, which keeps its digits where it is small.
static inline float normal_cdf(float v) {
    return 0.5f * erfc(-0.70710678118655f * v);
}
#endif

static inline float activated(float v) {
#if ACTIVATION == RELU
    return v <= 0.0f ? 0.0f : v;
#elif ACTIVATION == LEAKY_RELU
    return v <= 0.0f ? as_float(SLOPE_BITS) * v : v;
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
static inline float activation_slope(float v) {
#if ACTIVATION == RELU
    return v <= 0.0f ? 0.0f : 1.0f;
#elif ACTIVATION == LEAKY_RELU
    return v <= 0.0f ? as_float(SLOPE_BITS) : 1.0f;
#elif ACTIVATION == SILU
    const float s = sigmoid(v);
    return s * fma(v, 1.0f - s, 1.0f);
#elif ACTIVATION == GELU
    return fma(v * 0.398942280401433f, exp(-0.5f * v * v), normal_cdf(v));
#elif ACTIVATION == GELU_TANH
    v = clamp(v, -16.0f, 16.0f);  // beyond, the slope is 0 or 1, and powers of v would leave float's range
    const float s = sigmoid(gelu_tanh_inner(v));
    return s * fma(v * fma(0.2140644488178f * v, v, 1.59576912160573f), 1.0f - s, 1.0f);
#else
    return 1.0f;
#endif
}
