// The statistics of a group, walked by one work-item: `outer` runs of `span` consecutive floats, `stride` apart.
//
// A chunk of at most CHUNK floats gets a pass around a rough mean; chunks merge by Chan's formula, always in the same
// order. A group whose squares left float's range is walked once more, scaled.
#include "cpu/vectors.cl"

#ifndef CHUNK
#define CHUNK 16384
#endif

// Mean in two floats and the sum of the squared deviations from it.
typedef struct {
    float mean, delta;
    float_pair squares;
} moments;

// Elements that a rough mean is taken of. Where there are fewer it is no mean but the first element, and a group of
// fewer gets a second pass always: the first may be off by a deviation, and its correction by 6e-8 of that, which shows
// where a large gradient meets an element near the mean.
#define FEW (4 * WIDTH)

// About the mean of a run, from its first elements: of each four the two in the middle, because a single large one
// would move it by much more than the mean, and the sum of all distances from there would lose digits. Exact where all
// values are equal. Of elements that are not finite it may be anything.
static inline float rough_mean(__global const element *x, long count) {
    const float pivot = element_at(x);
    if (count < FEW) {
        return pivot;
    }
    const vec a = load_elements(x), b = load_elements(x + WIDTH);
    const vec c = load_elements(x + 2 * WIDTH), d = load_elements(x + 3 * WIDTH);
    const vec low = max(min(a, b), min(c, d));
    const vec high = min(max(a, b), max(c, d));
    return pivot + sum_of((low - pivot) + (high - pivot)) / (2 * WIDTH);
}

// Sums of the distances from a mean, and of their squares, one a lane: over the elements begin … end of a run, few
// enough for plain sums.
static inline void block_distances(__global const element *x, long begin, long end, long count, float mean, vec *sums,
                                   vec *squares) {
    vec a0 = (vec)(0.0f), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
    long i = begin;
    for (; i + 4 * WIDTH <= end; i += 4 * WIDTH) {
        const vec d0 = load_elements(x + i) - mean;
        const vec d1 = load_elements(x + i + WIDTH) - mean;
        const vec d2 = load_elements(x + i + 2 * WIDTH) - mean;
        const vec d3 = load_elements(x + i + 3 * WIDTH) - mean;
        a0 += d0;
        a1 += d1;
        a2 += d2;
        a3 += d3;
        b0 += d0 * d0;
        b1 += d1 * d1;
        b2 += d2 * d2;
        b3 += d3 * d3;
    }
    for (; i < end; i += WIDTH) {
        const vec d = fresh_lanes(load_elements(x + min(i, count - WIDTH)) - mean, count - i);
        a0 += d;
        b0 += d * d;
    }
    *sums = (a0 + a1) + (a2 + a3);
    *squares = (b0 + b1) + (b2 + b3);
}

// Over any number of runs.
static inline void run_distances(__global const element *x, long runs, long stride, long count, float mean, vec *sums,
                                 vec *squares) {
    const long block = 4 * SERIAL_SUMS * WIDTH;
    if (runs == 1 && count <= block) {
        block_distances(x, 0, count, count, mean, sums, squares);
        return;
    }
    vec_pair all, all_squares;
    all.hi = all.lo = all_squares.hi = all_squares.lo = (vec)(0.0f);
    for (long r = 0; r < runs; r++) {
        for (long i = 0; i < count; i += block) {
            block_distances(x + r * stride, i, min(i + block, count), count, mean, sums, squares);
            vec_pair_add(&all, *sums);
            vec_pair_add(&all_squares, *squares);
        }
    }
    *sums = all.hi + all.lo;
    *squares = all_squares.hi + all_squares.lo;
}

// One pass around a rough mean, corrected by what the mean was off; where that was more than a deviation, and the
// squares would lose digits, or where elements are few, one more around the mean that the first pass found.
static inline void centered_moments(__global const element *x, long runs, long stride, long count, moments *m) {
    const float n = (float)(runs * count);
    m->mean = rough_mean(x, count);
    for (int again = 0;; again++) {
        vec sums, squares;
        run_distances(x, runs, stride, count, m->mean, &sums, &squares);
        m->delta = sum_of(sums) / n;
        const float off = n * m->delta * m->delta;
        const float square = sum_of(squares) - off;
        m->squares.hi = square < 0.0f ? 0.0f : square; // a NaN stays
        m->squares.lo = 0.0f;
        if (again || (off <= square && runs * count >= FEW)) {
            return;
        }
        m->mean += m->delta;
    }
}

// The same without a mean: the squares alone, and they are those of the elements.
static inline void uncentered_moments(__global const element *x, long runs, long stride, long count, moments *m) {
    vec sums, squares;
    run_distances(x, runs, stride, count, 0.0f, &sums, &squares);
    m->mean = m->delta = 0.0f;
    m->squares = pair_of(sum_of(squares));
}

static inline void chunk_moments(__global const element *x, long runs, long stride, long count, moments *m) {
#if CENTERED
    centered_moments(x, runs, stride, count, m);
#else
    uncentered_moments(x, runs, stride, count, m);
#endif
}

// Chan's formula. The mean stays relative to a's, so that nothing is lost to a large offset.
static inline void merge(moments *a, float n_a, const moments *b, float n_b) {
    const float step = (b->mean - a->mean) + (b->delta - a->delta);
    const float share = n_b / (n_a + n_b);
    a->delta += step * share;
    add_to(&a->squares, b->squares.hi);
    add_to(&a->squares, b->squares.lo);
    add_to(&a->squares, step * step * (n_a * share));
}

static inline void group_moments(__global const element *x, long outer, long stride, long span, moments *all) {
    if (outer == 1 && span <= CHUNK) {
        chunk_moments(x, 1, 0, span, all);
        return;
    }
    const long runs = span < CHUNK ? CHUNK / span : 1;
    const long pieces = (span + CHUNK - 1) / CHUNK;
    const long part = ((span + pieces - 1) / pieces + LINE - 1) / LINE * LINE;
    long seen = 0;
    for (long n = 0; n < outer; n += runs) {
        for (long from = 0; from < span; from += part) {
            const long rows = min(runs, outer - n);
            const long count = min(part, span - from);
            moments one;
            chunk_moments(x + n * stride + from, rows, stride, count, &one);
            if (seen == 0) {
                *all = one;
            } else {
                merge(all, (float)seen, &one, (float)(rows * count));
            }
            seen += rows * count;
        }
    }
}

typedef struct {
    float mean, delta, variance, scale;
} rescued;

// Sums of scaled values or squares, exact enough for any length: short sums of one float each, added up in two.
static inline float strided_sum(__global const element *x, long outer, long stride, long span, float scale, float mean,
                                int squares) {
    float_pair total = {0.0f, 0.0f};
    for (long n = 0; n < outer; n++) {
        for (long from = 0; from < span; from += SERIAL_SUMS) {
            float sum = 0.0f;
            for (long i = from; i < min(from + SERIAL_SUMS, span); i++) {
                const float d = element_at(x + n * stride + i) * scale - mean;
                sum += squares ? d * d : d;
            }
            add_to(&total, sum);
        }
    }
    return pair_value(total);
}

// The statistics of a group that the plain way could not represent: constant, huge, tiny or not finite. Not for speed,
// but a constant group, which is the common one (padding, a dead channel), costs one pass; uncentered, one of zeros.
static void rescue(__global const element *x, long outer, long stride, long span, float eps, rescued *s) {
    const float n = (float)(outer * span);
    const uint first = as_uint(element_at(x));
    uint differs = 0;
    uint largest = 0;
    for (long o = 0; o < outer; o++) {
        for (long i = 0; i < span; i++) {
            const uint bits = as_uint(element_at(x + o * stride + i));
            differs |= bits ^ first;
            largest = max(largest, bits & 0x7fffffffu);
        }
    }
    s->delta = 0.0f;
    s->scale = 1.0f;
    if (largest >= 0x7f800000u) { // the finite values cannot overflow, scaled; what is not finite decides alone
        float sum = 0.0f;
        for (long o = 0; o < outer; o++) {
            for (long i = 0; i < span; i++) {
                sum += element_at(x + o * stride + i) * 0x1p-30f;
            }
        }
        s->mean = CENTERED ? sum : 0.0f;
        s->variance = CENTERED ? NAN : as_float(largest); // the mean square of what is infinite is infinite
        return;
    }
    s->mean = CENTERED ? element_at(x) : 0.0f;
    s->variance = 0.0f;
    if (CENTERED ? differs == 0 : largest == 0) {
        return;
    }
    s->scale = rescue_scale(as_float(largest), eps);
#if CENTERED
    const float pivot = element_at(x) * s->scale;
    s->mean = pivot + strided_sum(x, outer, stride, span, s->scale, pivot, 0) / n;
    s->delta = strided_sum(x, outer, stride, span, s->scale, s->mean, 0) / n;
#endif
    const float squares = strided_sum(x, outer, stride, span, s->scale, s->mean, 1);
    s->variance = fmax(squares / n - s->delta * s->delta, 0.0f);
}

// From the moments of a whole group to its stored statistics.
static inline void finish_group(const moments *m, __global const element *x, long outer, long stride, long span,
                                __global float *stats, long groups, long group, float eps, int zero_rstd,
                                group_stats *result) {
    rescued s;
    s.mean = m->mean + m->delta;
    s.delta = m->delta - (s.mean - m->mean);
    s.variance = pair_value(m->squares) / (float)(outer * span);
    s.scale = 1.0f;
    if (needs_rescue(s.variance)) {
        rescue(x, outer, stride, span, eps, &s);
    }
    *result = store_stats(stats, groups, group, s.mean, s.delta, s.variance, s.scale, eps, zero_rstd);
}
