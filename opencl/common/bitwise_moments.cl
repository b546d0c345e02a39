// The statistics of the bitwise variant: the corrected two-pass, and what is done where squares leave float's range.
#include "common/bitwise_sums.cl"

typedef struct {
    own mean, delta, variance;
} own_moments;

// Corrected two-pass relative to the first element, so that equal elements have no variance at all.
INLINED void moments_of(own_moments *m, source *from, const walk *w, __local float *shared) {
    const own n = (own)(float)w->n;
    own sum, squares;
#if ACROSS
    place p;
    find(&p, w, 0);
    from->center = elements_at(from->x, w, &p) * from->scale;
#else
    from->center = element_at(from->x + w->at) * from->scale;
#endif
    for (int again = 0; again < 2; again++) {
        sum_of(&sum, &squares, DISTANCES, from, w, shared);
        if (again == 0) {
            m->mean = from->center + sum / n;
            from->center = m->mean;
        }
    }
    m->delta = select((own)0.0f, sum / n, isfinite(m->mean));
    m->variance = squares / n - m->delta * m->delta;
    m->variance = select(m->variance, (own)0.0f, m->variance < (own)0.0f);
}

// The power of two that brings a group's average magnitude to 2 ... 4, as far as eps * scale^2 stays in range. The
// average was taken of numbers multiplied by 2^-shift.
static inline float rescue_by(float average, int shift, float eps) {
    if (!(average > 0.0f && average <= FLT_MAX)) {
        return 1.0f;
    }
    int power = 1 - (exponent_of(average) + shift);
    if (eps > 0.0f) {
        power = min(power, (100 - exponent_of(eps)) / 2);
    }
    power = clamp(power, -126, 126);
    return as_float((power + 127) << 23);
}

#define SHIFT 40  // as many elements as have a sum in float's range, however large they are

static inline own rescue_scales(own averages, own shrunk, float eps) {
#if ACROSS
    float average[WIDTH], shrink[WIDTH], scale[WIDTH];
    VECTOR_STORE(averages, average);
    VECTOR_STORE(shrunk, shrink);
    for (int v = 0; v < WIDTH; v++) {
        scale[v] = rescue_by(average[v], shrink[v] == 1.0f ? 0 : SHIFT, eps);
    }
    return VECTOR_LOAD(scale);
#else
    return rescue_by(averages, shrunk == 1.0f ? 0 : SHIFT, eps);
#endif
}

static inline own rstd_by(own variances, own scales, float eps, int zero_rstd) {
#if ACROSS
    float variance[WIDTH], scale[WIDTH], rstd[WIDTH];
    VECTOR_STORE(variances, variance);
    VECTOR_STORE(scales, scale);
    for (int v = 0; v < WIDTH; v++) {
        rstd[v] = rstd_of(variance[v], eps, scale[v], zero_rstd);
    }
    return VECTOR_LOAD(rstd);
#else
    return rstd_of(variances, eps, scales, zero_rstd);
#endif
}

// Mean and rstd of groups. Those whose squares left float's range are walked again, scaled; and with them those that a
// work-group has beside them, unscaled, to the same end. A group with an infinite element has that as its mean.
INLINED void statistics_of(group_own *s, source *from, __global float *stats, const walk *w, float eps, int zero_rstd,
                           __local float *shared) {
    own_moments m;
    own scale = (own)1.0f;
    from->scale = scale;
    moments_of(&m, from, w, shared);
    if (anywhere(ANY(!(m.variance > (own)0x1p-80f && m.variance <= (own)FLT_MAX)), shared)) {
        own sum, magnitudes;
        const own before = m.variance;
        const own shrunk = select((own)0x1p-40f, (own)1.0f, before <= (own)FLT_MAX);
        from->scale = shrunk;
        sum_of(&sum, &magnitudes, MAGNITUDES, from, w, shared);
        const own n = (own)(float)w->n;
        const own rescue = select(rescue_scales(magnitudes / n, shrunk, eps), (own)1.0f,
                before > (own)0x1p-80f && before <= (own)FLT_MAX);
        own_moments scaled;
        from->scale = rescue;
        moments_of(&scaled, from, w, shared);
        // as rescue_helps of numerics.cl
        m.mean = select(m.mean, scaled.mean, scaled.variance > (own)0.0f || rescue > (own)1.0f);
        m.delta = select(m.delta, scaled.delta, scaled.variance > (own)0.0f || rescue > (own)1.0f);
        m.variance = select((own)0.0f, scaled.variance, scaled.variance > (own)0.0f || rescue > (own)1.0f);
        scale = select(scale, rescue, scaled.variance > (own)0.0f || rescue > (own)1.0f);
        // what is left is not finite
        m.mean = select(sum, m.mean, before <= (own)FLT_MAX || isfinite(sum));
        m.delta = select((own)0.0f, m.delta, before <= (own)FLT_MAX || isfinite(sum));
        m.variance = select((own)NAN, m.variance, before <= (own)FLT_MAX || isfinite(sum));
    }
    s->mean = m.mean;
    s->delta = m.delta;
    s->rstd = rstd_by(m.variance, scale, eps, zero_rstd);
    s->scale = scale;
    if (w->worker == 0) {
        put_own(s->mean, stats + MEAN * from->groups, w);
        put_own(s->delta, stats + DELTA * from->groups, w);
        put_own(s->rstd, stats + RSTD * from->groups, w);
        put_own(s->scale, stats + SCALE * from->groups, w);
        put_own(m.variance, stats + VARIANCE * from->groups, w);
    }
}

#define WALK {{size0, size1, size2, size3}, {stride0, stride1, stride2, stride3}, {other0, other1, other2, other3}}
