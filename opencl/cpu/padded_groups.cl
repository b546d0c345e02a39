// The statistics of a group of stretches of which the first elements are valid: as moments.cl, but each stretch has a
// length of its own, 0 or shorter than a vector too. Room is never shorter than a vector, so that one which begins with
// a stretch may be loaded, and its first lanes taken.
#ifndef CPU_PADDED_GROUPS
#define CPU_PADDED_GROUPS
#include "cpu/moments.cl"
#include "common/padding.cl"

// 1: the statistics are running ones.
#ifndef GIVEN
#define GIVEN 0
#endif

// 1: every element of a stretch has a parameter of its own; 0: they share one.
#ifndef ELEMENTWISE
#define ELEMENTWISE 1
#endif

// A group's stretches of `span` elements, `stride` apart. The first belongs to a sample, the others to those `samples`
// further each; it begins `offset` elements behind the begin of a run.
typedef struct {
    long first, runs, stride, span, sample, samples, offset;
} stretches;

// The stretches of a group, of which the first is stretch q. Divisions are slow: there are none for each stretch.
static inline void stretches_of(stretches *of, long q, long runs, long run_step, long span, padding pad) {
    of->first = q * span;
    of->runs = runs;
    of->stride = run_step * span;
    of->span = span;
    of->sample = of->first / pad.sample;
    of->samples = runs == 1 ? 0 : of->stride / pad.sample;
    of->offset = of->first % pad.run;
}

static inline long begin_of(stretches of, long m) {
    return of.first + m * of.stride;
}

static inline long valid_of(stretches of, long m, padding pad) {
    const long end = (long)pad.lengths[of.sample + m * of.samples] * pad.unit;
    return clamp(end - of.offset, 0L, of.span);
}

// Behind what is valid.
static inline void put_zeros(__global element *out, long count) {
#define ZEROS(i) ((vec)(0.0f))
    if (count > 0) {
        SWEEP(out, count, ZEROS)
    }
}

// As block_distances, where less than a vector is valid.
static inline void few_distances(__global const element *x, long count, float mean, vec *sums, vec *squares) {
    const vec d = first_lanes(load_elements(x) - mean, count);
    *sums = d;
    *squares = d * d;
}

// Sums over the stretches from … to of the distances from a mean, and of their squares.
static inline void valid_distances(__global const element *x, stretches of, padding pad, long from, long to, float mean,
                                   vec *sums, vec *squares) {
    const long block = 4 * SERIAL_SUMS * WIDTH;
    vec_pair all, all_squares;
    all.hi = all.lo = all_squares.hi = all_squares.lo = (vec)(0.0f);
    for (long m = from; m < to; m++) {
        const long count = valid_of(of, m, pad);
        __global const element *p = x + begin_of(of, m);
        for (long i = 0; i < count; i += block) {
            if (count < WIDTH) {
                few_distances(p, count, mean, sums, squares);
            } else {
                block_distances(p, i, min(i + block, count), count, mean, sums, squares);
            }
            vec_pair_add(&all, *sums);
            vec_pair_add(&all_squares, *squares);
        }
    }
    *sums = all.hi + all.lo;
    *squares = all_squares.hi + all_squares.lo;
}

// As centered_moments, over `n` valid elements of the stretches from … to, the first of which has some.
static inline void few_moments(__global const element *x, stretches of, padding pad, long from, long to, long n,
                               moments *m) {
    vec sums, squares;
#if CENTERED
    m->mean = rough_mean(x + begin_of(of, from), valid_of(of, from, pad));
    for (int again = 0;; again++) {
        valid_distances(x, of, pad, from, to, m->mean, &sums, &squares);
        m->delta = sum_of(sums) / (float)n;
        const float off = (float)n * m->delta * m->delta;
        const float square = sum_of(squares) - off;
        m->squares = pair_of(square < 0.0f ? 0.0f : square); // a NaN stays
        if (again || (off <= square && n >= FEW)) {
            return;
        }
        m->mean += m->delta;
    }
#else
    valid_distances(x, of, pad, from, to, 0.0f, &sums, &squares);
    m->mean = m->delta = 0.0f;
    m->squares = pair_of(sum_of(squares));
#endif
}

// The moments of a group, and how many of its elements are valid; nothing where none is.
static inline long valid_moments(__global const element *x, stretches of, padding pad, moments *all) {
    long seen = 0;
    for (long from = 0; from < of.runs;) {
        long n = valid_of(of, from, pad);
        long to = from + 1;
        if (n > 0) {
            moments one;
            for (; to < of.runs && n + of.span <= CHUNK; to++) {
                n += valid_of(of, to, pad);
            }
            if (to == from + 1 && n >= WIDTH) {
                group_moments(x + begin_of(of, from), 1, 0, n, &one);
            } else {
                few_moments(x, of, pad, from, to, n, &one);
            }
            if (seen == 0) {
                *all = one;
            } else {
                merge(all, (float)seen, &one, (float)n);
            }
            seen += n;
        }
        from = to;
    }
    return seen;
}

// Of all valid elements of a group: the bits of the largest magnitude, whether some differ, the first of them, and the
// sum of them, small.
typedef struct {
    uint largest, differs;
    float first, sum;
} survey;

static inline void survey_of(survey *found, __global const element *x, stretches of, padding pad) {
    found->largest = found->differs = 0;
    found->first = found->sum = 0.0f;
    int begun = 0;
    for (long m = 0; m < of.runs; m++) {
        const long count = valid_of(of, m, pad);
        for (long i = 0; i < count; i++) {
            const float value = element_at(x + begin_of(of, m) + i);
            found->first = begun ? found->first : value;
            begun = 1;
            found->differs |= as_uint(value) ^ as_uint(found->first);
            found->largest = max(found->largest, as_uint(value) & 0x7fffffffu);
            found->sum += value * 0x1p-30f;
        }
    }
}

static inline float scaled_sum(__global const element *x, stretches of, padding pad, float scale, float mean,
                               int squares) {
    float_pair total = pair_of(0.0f);
    for (long m = 0; m < of.runs; m++) {
        add_to(&total, strided_sum(x + begin_of(of, m), 1, 0, valid_of(of, m, pad), scale, mean, squares));
    }
    return pair_value(total);
}

// As rescue.
static void rescue_valid(__global const element *x, stretches of, padding pad, long n, float eps, rescued *s) {
    survey found;
    survey_of(&found, x, of, pad);
    s->delta = 0.0f;
    s->scale = 1.0f;
    if (found.largest >= 0x7f800000u) {
        s->mean = CENTERED ? found.sum : 0.0f;
        s->variance = CENTERED ? NAN : as_float(found.largest);
        return;
    }
    s->mean = CENTERED ? found.first : 0.0f;
    s->variance = 0.0f;
    if (CENTERED ? found.differs == 0 : found.largest == 0) {
        return;
    }
    s->scale = rescue_scale(as_float(found.largest), eps);
#if CENTERED
    const float pivot = found.first * s->scale;
    s->mean = pivot + scaled_sum(x, of, pad, s->scale, pivot, 0) / (float)n;
    s->delta = scaled_sum(x, of, pad, s->scale, s->mean, 0) / (float)n;
#endif
    const float squares = scaled_sum(x, of, pad, s->scale, s->mean, 1);
    s->variance = fmax(squares / (float)n - s->delta * s->delta, 0.0f);
}

// Finds and stores the statistics of a group; without valid elements, those of zeros.
static inline void valid_stats(group_stats *result, __global const element *x, stretches of, padding pad,
                               __global float *stats, long groups, long group, float eps, int zero_rstd) {
    moments m;
    const long n = valid_moments(x, of, pad, &m);
    rescued s;
    s.mean = s.delta = s.variance = 0.0f;
    s.scale = 1.0f;
    if (n > 0) {
        s.mean = m.mean + m.delta;
        s.delta = m.delta - (s.mean - m.mean);
        s.variance = pair_value(m.squares) / (float)n;
        if (needs_rescue(s.variance)) {
            rescue_valid(x, of, pad, n, eps, &s);
        }
    }
    *result = store_stats(stats, groups, group, s.mean, s.delta, s.variance, s.scale, eps, zero_rstd);
}
#endif
