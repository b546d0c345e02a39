// The activation of form.cl and its derivative, a vector at a time: what OpenCL has for this goes lane by lane in PoCL.
#include "cpu/vectors.cl"

#if ACTIVATION == SILU || ACTIVATION == GELU || ACTIVATION == GELU_TANH
// exp to 1.5e-7 of itself; 0 below -87.7, infinite above 88.4, where that is near anyway. A NaN stays. 2^n comes from
// the bits of n, which adding 1.5 * 2^23 leaves in the last ones of the sum.
static inline vec exponential(vec x) {
    x = select(x, (vec)(-88.0f), x < -88.0f);
    x = select(x, (vec)(88.8f), x > 88.8f);
    const vec shifted = x * 1.44269504f + 12582912.0f;
    const vec n = shifted - 12582912.0f;
    const vec r = (x - n * 0.693359375f) + n * 2.12194440e-4f; // ln 2 in two floats, the first of few bits
    vec p = r * 1.3888889e-3f + 8.3333333e-3f;
    p = p * r + 4.1666667e-2f;
    p = p * r + 1.6666667e-1f;
    p = p * r + 0.5f;
    p = p * (r * r) + r + 1.0f;
    return p * VEC_OF((WORDS_OF(shifted) + 127) << 23);
}
#endif

#if ACTIVATION == GELU
// The normal distribution function, and exp(-v^2 / 2), which its derivative needs. From 0 down it is that exponential
// times a function that t * P(t) with t = 1 / (1 + 0.3 |v|) meets to 1.3e-7 of itself, fitted for |v| up to 13.4;
// beyond, the exponential is 0.
static inline vec normal_cdfs(vec v, vec *density) {
    const vec a = fabs(v);
    const vec t = 1.0f / (a * 0.3f + 1.0f);
    *density = exponential(a * a * -0.5f);
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
    return v / (1.0f + exponential(-v));
#elif ACTIVATION == GELU
    vec density;
    return v * normal_cdfs(v, &density);
#elif ACTIVATION == GELU_TANH
    return v / (1.0f + exponential(-gelu_tanh_inners(v)));
#else
    return v;
#endif
}

#if ACTIVATION == SILU || ACTIVATION == GELU_TANH
// The derivative of v * sigmoid(u), where u' is that of u by v; the complement of the sigmoid keeps its digits.
static inline vec gated_slopes(vec v, vec u, vec u_slope) {
    const vec e = exponential(-u);
    const vec s = 1.0f / (1.0f + e);
    const vec rest = select(e * s, 1.0f - s, e > 1.0f);
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
