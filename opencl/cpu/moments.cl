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

// The value of a sum; an infinite one as it is, where the second float is NaN.
inline float settled(float_pair sum) {
    return isfinite(sum.hi) ? pair_value(sum) : sum.hi;
}

// About the mean of a run, from its first elements. Exact where all values are equal.
inline float rough_mean(__global const float *x, long count) {
    const float pivot = x[0];
    if (count < 4 * WIDTH) {
        return pivot;
    }
    const vec sum = ((load(x) - pivot) + (load(x + WIDTH) - pivot))
            + ((load(x + 2 * WIDTH) - pivot) + (load(x + 3 * WIDTH) - pivot));
    return pivot + sum_of(sum) / (4 * WIDTH);
}

// Sums of the distances from a mean, and of their squares, one a lane.
typedef struct {
    vec sums, squares;
} distances;

// Over the elements begin … end of a run, few enough for plain sums.
inline distances block_distances(__global const float *x, long begin, long end, long count, float mean) {
    vec a0 = (vec)(0.0f), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
    long i = begin;
    for (; i + 4 * WIDTH <= end; i += 4 * WIDTH) {
        const vec d0 = load(x + i) - mean;
        const vec d1 = load(x + i + WIDTH) - mean;
        const vec d2 = load(x + i + 2 * WIDTH) - mean;
        const vec d3 = load(x + i + 3 * WIDTH) - mean;
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
        const vec d = fresh_lanes(load(x + min(i, count - WIDTH)) - mean, count - i);
        a0 += d;
        b0 += d * d;
    }
    distances sum;
    sum.sums = (a0 + a1) + (a2 + a3);
    sum.squares = (b0 + b1) + (b2 + b3);
    return sum;
}

inline distances run_distances(__global const float *x, long runs, long stride, long count, float mean) {
    const long block = 4 * SERIAL_SUMS * WIDTH;
    if (runs == 1 && count <= block) {
        return block_distances(x, 0, count, count, mean);
    }
    vec_pair sums, squares;
    sums.hi = sums.lo = squares.hi = squares.lo = (vec)(0.0f);
    for (long r = 0; r < runs; r++) {
        for (long i = 0; i < count; i += block) {
            const distances one = block_distances(x + r * stride, i, min(i + block, count), count, mean);
            sums = vec_pair_add(sums, one.sums);
            squares = vec_pair_add(squares, one.squares);
        }
    }
    distances all;
    all.sums = vec_settled(sums);
    all.squares = vec_settled(squares);
    return all;
}

// One pass around a rough mean, corrected by what the mean was off; where that was more than a deviation, and the
// squares would lose digits, one more around the mean that the first pass found.
inline moments chunk_moments(__global const float *x, long runs, long stride, long count) {
    const float n = (float)(runs * count);
    moments m;
    m.mean = rough_mean(x, count);
    for (int again = 0;; again++) {
        const distances d = run_distances(x, runs, stride, count, m.mean);
        m.delta = sum_of(d.sums) / n;
        const float off = n * m.delta * m.delta;
        const float squares = sum_of(d.squares) - off;
        m.squares = pair_of(squares < 0.0f ? 0.0f : squares); // a NaN stays
        if (again || off <= squares) {
            return m;
        }
        m.mean += m.delta;
    }
}

// Chan's formula. The mean stays relative to a's, so that nothing is lost to a large offset.
inline moments merged(moments a, float n_a, moments b, float n_b) {
    const float step = (b.mean - a.mean) + (b.delta - a.delta);
    const float share = n_b / (n_a + n_b);
    a.delta += step * share;
    a.squares = pair_add(pair_add_pair(a.squares, b.squares), step * step * (n_a * share));
    return a;
}

inline moments group_moments(__global const float *x, long outer, long stride, long span) {
    if (outer == 1 && span <= CHUNK) {
        return chunk_moments(x, 1, 0, span);
    }
    const long runs = span < CHUNK ? CHUNK / span : 1;
    const long pieces = (span + CHUNK - 1) / CHUNK;
    const long part = ((span + pieces - 1) / pieces + LINE - 1) / LINE * LINE;
    moments all;
    long seen = 0;
    for (long n = 0; n < outer; n += runs) {
        for (long from = 0; from < span; from += part) {
            const long rows = min(runs, outer - n);
            const long count = min(part, span - from);
            const moments one = chunk_moments(x + n * stride + from, rows, stride, count);
            all = seen == 0 ? one : merged(all, (float)seen, one, (float)(rows * count));
            seen += rows * count;
        }
    }
    return all;
}

typedef struct {
    float mean, delta, variance, scale;
} rescued;

// Sums of scaled values or squares, exact enough for any length: short sums of one float each, added up in two.
inline float_pair strided_sum(__global const float *x, long outer, long stride, long span, float scale, float mean,
                              int squares) {
    float_pair total = pair_of(0.0f);
    for (long n = 0; n < outer; n++) {
        for (long from = 0; from < span; from += SERIAL_SUMS) {
            float sum = 0.0f;
            for (long i = from; i < min(from + SERIAL_SUMS, span); i++) {
                const float d = x[n * stride + i] * scale - mean;
                sum += squares ? d * d : d;
            }
            total = pair_add(total, sum);
        }
    }
    return total;
}

// The statistics of a group that the plain way could not represent: constant, huge, tiny or not finite. Not for speed,
// but a constant group, which is the common one (padding, a dead channel), costs one pass.
rescued rescue(__global const float *x, long outer, long stride, long span, float eps) {
    const float n = (float)(outer * span);
    const uint first = as_uint(x[0]);
    uint differs = 0;
    uint largest = 0;
    for (long o = 0; o < outer; o++) {
        for (long i = 0; i < span; i++) {
            const uint bits = as_uint(x[o * stride + i]);
            differs |= bits ^ first;
            largest = max(largest, bits & 0x7fffffffu);
        }
    }
    rescued s;
    s.delta = 0.0f;
    s.scale = 1.0f;
    if (largest >= 0x7f800000u) { // the finite values cannot overflow, scaled; what is not finite decides alone
        float sum = 0.0f;
        for (long o = 0; o < outer; o++) {
            for (long i = 0; i < span; i++) {
                sum += x[o * stride + i] * 0x1p-30f;
            }
        }
        s.mean = sum;
        s.variance = NAN;
        return s;
    }
    s.mean = x[0];
    s.variance = 0.0f;
    if (differs == 0) {
        return s;
    }
    s.scale = rescue_scale(as_float(largest), eps);
    const float pivot = x[0] * s.scale;
    s.mean = pivot + settled(strided_sum(x, outer, stride, span, s.scale, pivot, 0)) / n;
    s.delta = settled(strided_sum(x, outer, stride, span, s.scale, s.mean, 0)) / n;
    s.variance = fmax(settled(strided_sum(x, outer, stride, span, s.scale, s.mean, 1)) / n - s.delta * s.delta, 0.0f);
    return s;
}

// From the moments of a whole group to its stored statistics.
inline group_stats finish_group(moments m, __global const float *x, long outer, long stride, long span,
                                __global float *stats, long groups, long group, float eps, int zero_rstd) {
    rescued s;
    s.mean = m.mean + m.delta;
    s.delta = m.delta - (s.mean - m.mean);
    s.variance = settled(m.squares) / (float)(outer * span);
    s.scale = 1.0f;
    if (needs_rescue(s.variance)) {
        s = rescue(x, outer, stride, span, eps);
    }
    return store_stats(stats, groups, group, s.mean, s.delta, s.variance, s.scale, eps, zero_rstd);
}
