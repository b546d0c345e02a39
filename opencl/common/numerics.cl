// What every kernel shares: the statistics of a group, how they are stored, and sums that do not lose digits.
//
// A group's statistics are five reals: mean and delta (together the mean in two floats), rstd, scale and variance,
// all of the group multiplied by scale, a power of two that is 1 but for groups whose squares would over- or
// underflow:
//     x_hat = ((x * scale - mean) - delta) * rstd
// The buffer holds five planes of `groups` reals in that order.
#include "common/storage.cl"

// Stands before functions that are handed local memory. A compiler that keeps them apart may write the address of a
// kernel's local array into them; PoCL 3.1 then shares that array between its threads, and sums are wrong now and then.
// They return no structures, because Oclgrind 21.10 cannot run what clang makes of inlining that.
#define INLINED static inline __attribute__((always_inline))

#define MEAN 0
#define DELTA 1
#define RSTD 2
#define SCALE 3
#define VARIANCE 4

typedef struct {
    real mean, delta, rstd, scale;
} group_stats;

// A sum in two reals (Knuth's two-sum), normalized after every term: lo stays below half a unit of hi, so that its
// own rounding errors stay small too. They matter where all terms are equal and all errors have one sign: without
// it, 150,000 equal terms were off by 9e-7. Once hi is not finite, lo is 0.
typedef struct {
    real hi, lo;
} float_pair;

static inline float_pair pair_of(real value) {
    float_pair p;
    p.hi = value;
    p.lo = 0.0f;
    return p;
}

static inline float_pair pair_add(float_pair a, real b) {
    const real sum = a.hi + b;
    const real t = sum - a.hi;
    const real low = a.lo + ((a.hi - (sum - t)) + (b - t));
    const int finite = isfinite(sum);
    float_pair r;
    r.hi = finite ? sum + low : sum;
    r.lo = finite ? low - (r.hi - sum) : 0.0f;
    return r;
}

static inline float_pair pair_add_pair(float_pair a, float_pair b) {
    float_pair r = pair_add(a, b.hi);
    r.lo += b.lo;
    return r;
}

static inline real pair_value(float_pair a) {
    return a.hi + a.lo;
}

static inline real normalized(real x, group_stats s) {
    return ((x * s.scale - s.mean) - s.delta) * s.rstd;
}

// floor(log2(value)) of a positive finite value, denormals included.
static inline int exponent_of(real value) {
#if STORAGE == FLOAT64
    return ilogb(value);
#else
    const int denormal = value < 0x1p-126f;
    const int bits = as_int(denormal ? value * 0x1p24f : value);
    return ((bits >> 23) & 255) - 127 - (denormal ? 24 : 0);
#endif
}

#if STORAGE == FLOAT64
#define LEAST_VARIANCE 0x1p-900
#define MOST_POWER 1022
#define MOST_EPS_POWER 900
#else
#define LEAST_VARIANCE 0x1p-80f
#define MOST_POWER 126
#define MOST_EPS_POWER 100
#endif

static inline real power_of_two(int power) {
#if STORAGE == FLOAT64
    return as_double((long)(power + 1023) << 52);
#else
    return as_float((power + 127) << 23);
#endif
}

// Whether the squares of a group left a real's range, so that it must be walked once more, scaled. Also true where
// nothing is wrong but a non-finite input; the second walk tells which.
static inline int needs_rescue(real variance) {
    return !(variance > LEAST_VARIANCE && variance <= REAL_MAX);
}

// The power of two that brings the largest magnitude of a group to 2 … 4, as far as eps * scale^2 stays in range.
static inline real rescue_scale(real largest, real eps) {
    if (!(largest > 0.0f && largest <= REAL_MAX)) {
        return 1.0f;
    }
    int power = 1 - exponent_of(largest);
    if (eps > 0.0f) {
        power = min(power, (MOST_EPS_POWER - exponent_of(eps)) / 2);
    }
    return power_of_two(clamp(power, -MOST_POWER, MOST_POWER));
}

// Whether a second walk, scaled, found more than the first. Scaled up it always has, be it a mean in finer steps than
// denormal numbers have, where eps keeps the scale so low that no squares show. Scaled down it found equal elements if
// there is no variance, and the scale would make eps vanish.
static inline int rescue_helps(real variance, real scale) {
    return variance > 0.0f || scale > 1.0f;
}

// 1/sqrt(v), refined once because OpenCL grants sqrt 3 and division 2.5 units of error.
static inline real rstd_of(real variance, real eps, real scale, int zero_rstd) {
    const real v = variance + eps * scale * scale;
    if (v == 0.0f && zero_rstd) {
        return 0.0f;
    }
    const real r = 1.0f / sqrt(v);
    const int ordinary = v > 0x1p-100f && v < 0x1p100f;
    return ordinary ? fma((real)0.5f * r, fma(-v * r, r, (real)1.0f), r) : r;
}

static inline void read_stats(__global const real *stats, long groups, long group, group_stats *s) {
    s->mean = stats[MEAN * groups + group];
    s->delta = stats[DELTA * groups + group];
    s->rstd = stats[RSTD * groups + group];
    s->scale = stats[SCALE * groups + group];
}

static inline group_stats load_stats(__global const real *stats, long groups, long group) {
    group_stats s;
    read_stats(stats, groups, group, &s);
    return s;
}

static inline void put_stats(__global real *stats, long groups, long group, group_stats s, real variance) {
    stats[MEAN * groups + group] = s.mean;
    stats[DELTA * groups + group] = s.delta;
    stats[RSTD * groups + group] = s.rstd;
    stats[SCALE * groups + group] = s.scale;
    stats[VARIANCE * groups + group] = variance;
}

// Stores a group's statistics and returns what normalizing needs.
static inline group_stats store_stats(__global real *stats, long groups, long group, real mean, real delta,
                                      real variance, real scale, real eps, int zero_rstd) {
    group_stats s;
    s.mean = mean;
    s.delta = delta;
    s.rstd = rstd_of(variance, eps, scale, zero_rstd);
    s.scale = scale;
    put_stats(stats, groups, group, s, variance);
    return s;
}
