// The activation of form.cl and its derivative, a vector at a time: what OpenCL has for this goes lane by lane in PoCL.
#include "cpu/vectors.cl"

#if ACTIVATION == SILU || ACTIVATION == GELU || ACTIVATION == GELU_TANH
// exp(-x) to 1.5e-7 of itself, for x from 0 to MOST, where it is 0. A NaN stays. 2^n comes from the bits of n, which
// adding 1.5 * 2^23 leaves in the last ones of the sum.
#define MOST 87.9f
static inline vec exp_minus(vec x) {
    const vec shifted = x * -1.44269504f + 12582912.0f;
    const vec n = shifted - 12582912.0f;
    const vec r = n * 2.12194440e-4f - (x + n * 0.693359375f); // ln 2 in two floats, the first of few bits
    vec p = r * 1.3888889e-3f + 8.3333333e-3f;
    p = p * r + 4.1666667e-2f;
    p = p * r + 1.6666667e-1f;
    p = p * r + 0.5f;
    p = p * (r * r) + r + 1.0f;
    return p * VEC_OF((WORDS_OF(shifted) + 127) << 23);
}

// 1 / d to 1e-7 of itself, for d from 1 to 5: a guess from the bits, 12 % off at most, that Newton's step squares three
// times. A division would take as long as all the rest.
static inline vec reciprocal(vec d) {
    vec r = VEC_OF(0x7ef311c3u - WORDS_OF(d));
    r = r * (2.0f - d * r);
    r = r * (2.0f - d * r);
    return r + r * (1.0f - d * r);
}
#endif

#if ACTIVATION == GELU
// The normal distribution function, and exp(-v^2 / 2), which its derivative needs. From 0 down it is that exponential
// times a function that t * P(t) with t = 1 / (1 + 0.3 |v|) meets to 1.3e-7 of itself, fitted for |v| up to 13.4;
// before, the exponential is 0.
static inline vec normal_cdfs(vec v, vec *density) {
    vec a = fabs(v);
    a = select(a, (vec)(13.255f), a > 13.255f);
    const vec t = reciprocal(a * 0.3f + 1.0f);
    *density = exp_minus(a * a * 0.5f);
    vec p = t * 0.035984119f - 0.15849507f;
    p = p * t + 0.20858576f;
    p = p * t - 0.055744707f;
    p = p * t + 0.12965604f;
    p = p * t + 0.099580425f;
    p = p * t + 0.12080759f;
    p = p * t + 0.11962578f;
    const vec tail = *density * (t * p);
    return select(1.0f - tail, tail, v < 0.0f);
}
#endif

#if ACTIVATION == SILU || ACTIVATION == GELU_TANH
// The sigmoid, and its difference from 1, each with all its digits.
static inline vec sigmoids(vec u, vec *rest) {
    vec a = fabs(u);
    a = select(a, (vec)(MOST), a > MOST);
    const vec e = exp_minus(a);
    const vec large = reciprocal(e + 1.0f);
    const vec small = e * large;
    *rest = select(small, large, u < 0.0f);
    return select(large, small, u < 0.0f);
}
#endif

#if ACTIVATION == GELU_TANH
static inline vec gelu_tanh_inners(vec v) {
    return v * (v * v * 0.0713548162726f + 1.59576912160573f);
}
#endif

static inline vec activations(vec v) {
#if ACTIVATION == RELU
    return select(v, (vec)(0.0f), v <= 0.0f);
#elif ACTIVATION == LEAKY_RELU
    return select(v, v * as_float(SLOPE_BITS), v <= 0.0f);
#elif ACTIVATION == SILU
    vec rest;
    return v * sigmoids(v, &rest);
#elif ACTIVATION == GELU
    vec density;
    return v * normal_cdfs(v, &density);
#elif ACTIVATION == GELU_TANH
    vec rest;
    return v * sigmoids(gelu_tanh_inners(v), &rest);
#else
    return v;
#endif
}

#if ACTIVATION == SILU || ACTIVATION == GELU_TANH
// The derivative of v * sigmoid(u), where u_slope is that of u by v.
static inline vec gated_slopes(vec v, vec u, vec u_slope) {
    vec rest;
    const vec s = sigmoids(u, &rest);
    return s * (v * u_slope * rest + 1.0f);
}
#endif

static inline vec activation_slopes(vec v) {
#if ACTIVATION == RELU
    return select((vec)(1.0f), (vec)(0.0f), v <= 0.0f);
#elif ACTIVATION == LEAKY_RELU
    return select((vec)(1.0f), (vec)(as_float(SLOPE_BITS)), v <= 0.0f);
#elif ACTIVATION == SILU
    return gated_slopes(v, v, (vec)(1.0f));
#elif ACTIVATION == GELU
    vec density;
    const vec cdf = normal_cdfs(v, &density);
    return v * 0.398942280401433f * density + cdf;
#elif ACTIVATION == GELU_TANH
    v = select(v, (vec)(-16.0f), v < -16.0f); // beyond, it is 0 or 1, and powers of v would leave float's range
    v = select(v, (vec)(16.0f), v > 16.0f);
    return gated_slopes(v, gelu_tanh_inners(v), v * v * 0.2140644488178f + 1.59576912160573f);
#else
    return (vec)(1.0f);
#endif
}

// The gradient of x_hat * w + b: dy, through the activation.
static inline vec through(vec dy, vec x_hat, vec w, vec b) {
#if ACTIVATION
    return dy * activation_slopes(x_hat * w + b);
#else
    return dy;
#endif
}
