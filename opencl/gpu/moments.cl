// Mean and variance from the sums of two passes, and the judgement whether a group must be walked once more, scaled.
#include "gpu/reduce.cl"

// The mean in two floats and the variance of elements times scale. spread is the largest distance from mean: where it
// is zero all elements are equal, and a variance of zero is the truth and no underflow.
typedef struct {
    vec mean, delta, variance, spread, scale;
} moments;

// The second pass: t holds the sums of d and d * d, d being the distance from mean.
static inline moments moments_of(tally t, vec mean, float count, vec scale) {
    moments m;
    m.mean = mean;
    m.delta = isfinite(mean) ? both(t.first, t.first_low) / count : (vec)0.0f;
    const vec variance = both(t.second, t.second_low) / count - m.delta * m.delta;
    m.variance = variance < 0.0f ? (vec)0.0f : variance;
    m.spread = t.largest;
    m.scale = scale;
    return m;
}

// The sums of the second pass lose what is so small that its square vanishes; a group of such elements is not constant.
static inline vec honest_variance(moments m) {
    return m.variance == 0.0f && m.spread > 0.0f ? (vec)0x1p-100f : m.variance;
}

#if WIDTH == 1

static inline int doubtful(moments m) {
    return needs_rescue(m.variance) && !(m.variance == 0.0f && m.spread == 0.0f);
}

// What to keep after a second walk; `again` tells of whom it was asked. sum is that of x * 2^-60, which no finite x can
// overflow. Without branches, because PoCL 3.1 loses values over a branch that work-items take apart within a
// conditional region that has barriers.
static inline moments rescued(int again, moments plain, moments scaled, float sum) {
    const int finite = isfinite(sum);
    const int better = again && finite && scaled.variance > 0.0f;
    moments m = plain;
    m.mean = again && !finite ? sum : better ? scaled.mean : plain.mean;
    m.delta = again && !finite ? 0.0f : better ? scaled.delta : plain.delta;
    m.variance = !again ? plain.variance : !finite ? NAN : better ? scaled.variance : 0.0f;
    m.scale = better ? scaled.scale : plain.scale;
    return m;
}

static inline group_stats finished(moments m, float eps, int zero_rstd) {
    group_stats s;
    s.mean = m.mean;
    s.delta = m.delta;
    s.rstd = rstd_of(m.variance, eps, m.scale, zero_rstd);
    s.scale = m.scale;
    return s;
}

static inline void store_moments(__global float *stats, long groups, long group, moments m, float eps, int zero_rstd) {
    store_stats(stats, groups, group, m.mean, m.delta, m.variance, m.scale, eps, zero_rstd);
}

#endif
