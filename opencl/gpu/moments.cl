// Mean and variance from the sums of two passes, and the judgement whether a group must be walked once more, scaled.
#include "gpu/reduce.cl"
#include "common/form.cl"

// The mean in two floats and the variance of elements times scale. Where form.cl says that they are not CENTERED, means
// are 0 all along, and the variance is the mean square.
typedef struct {
    float mean, delta, variance, scale;
} moments;

// The second pass: t holds the sums of d and d * d, d being the distance from mean.
static inline moments moments_of(tally t, float mean, float count, float scale) {
    moments m;
    m.mean = mean;
    m.delta = isfinite(mean) ? both(t.first, t.first_low) / count : 0.0f;
    const float variance = both(t.second, t.second_low) / count - m.delta * m.delta;
    m.variance = variance < 0.0f ? 0.0f : variance;
    m.scale = scale;
    return m;
}

// The same of elements that are not CENTERED, from the sum of their squares.
static inline moments mean_square_of(float squares, float count, float scale) {
    moments m;
    m.mean = m.delta = 0.0f;
    m.variance = squares / count;
    m.scale = scale;
    return m;
}

// That of elements that are not all finite; a mean square is infinite where they are.
#if CENTERED
#define ODD_VARIANCE NAN
#else
#define ODD_VARIANCE plain.variance
#endif

// What to keep after a second walk; `again` tells of whom it was asked. sum is that of x * 2^-60, which no finite x can
// overflow. Without branches, because PoCL 3.1 loses values over a branch that work-items take apart within a
// conditional region that has barriers.
static inline moments rescued(int again, moments plain, moments scaled, float sum) {
    const int finite = isfinite(sum);
    const int better = again && finite && rescue_helps(scaled.variance, scaled.scale);
    moments m = plain;
    m.mean = CENTERED && again && !finite ? sum : better ? scaled.mean : plain.mean;
    m.delta = again && !finite ? 0.0f : better ? scaled.delta : plain.delta;
    m.variance = !again ? plain.variance : !finite ? ODD_VARIANCE : better ? scaled.variance : 0.0f;
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
