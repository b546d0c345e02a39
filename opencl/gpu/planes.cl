// Groups of planes: every plane is contiguous and has one parameter. SEGMENTED: the planes of a group follow each other
// and each has a parameter of its own, which repeat after row_groups groups (group and instance normalization).
// Otherwise a group is a channel of [planes, groups, span] and has one parameter (batch normalization).
//
// Where groups are many, a team of work-items owns one: x is read from memory once and then from cache. Where they are
// few and long, a group is cut into `chunks`, chunk_planes by chunk_span, each with a work-group: moments of the
// chunks, merged to the group's, then y; or sums of the chunks, then dx. Given statistics are elementwise, by chunks as
// well.

#ifndef SEGMENTED
#define SEGMENTED 0
#endif
#ifndef HAS_WEIGHT
#define HAS_WEIGHT 1
#endif
#ifndef HAS_BIAS
#define HAS_BIAS 1
#endif
// What a backward pass is to compute, and whether it went through given statistics.
#ifndef WANT_DX
#define WANT_DX 1
#endif
#ifndef WANT_PARAMETERS
#define WANT_PARAMETERS 1
#endif
#ifndef GIVEN
#define GIVEN 0
#endif

#include "gpu/region.cl"

static inline long parameter_of(long group, long plane, long planes, long row_groups) {
#if SEGMENTED
    return (group % row_groups) * planes + plane;
#else
    return group;
#endif
}

static inline float weight_of(__global const parameter *weight, long param) {
#if HAS_WEIGHT
    return parameter_at(weight + param);
#else
    return 1.0f;
#endif
}

static inline float bias_of(__global const parameter *bias, long param) {
#if HAS_BIAS
    return parameter_at(bias + param);
#else
    return 0.0f;
#endif
}

// All of a group, or nothing for a team past the last one.
static inline region group_region(long group, long groups, long planes, long span) {
    region r;
    r.stride = SEGMENTED ? span : groups * span;
    r.first = group * (SEGMENTED ? planes * span : span);
    r.planes = group < groups ? planes : 0;
    r.span = span;
    r.plane = 0;
    return r;
}

static inline region chunk_region(long group, long chunk, long groups, long planes, long span, long chunk_planes,
                                  long chunk_span, long span_chunks) {
    region r = group_region(group, groups, planes, span);
    const long offset = chunk % span_chunks * chunk_span;
    r.plane = chunk / span_chunks * chunk_planes;
    r.first += r.plane * r.stride + offset;
    r.planes = min(chunk_planes, r.planes - r.plane);
    r.span = min(chunk_span, span - offset);
    return r;
}

static inline float size_of(region r) {
    return r.planes > 0 ? (float)(r.planes * r.span) : 1.0f;
}

static inline void normalize(__global const element *x, __global element *y, __global const parameter *weight,
                             __global const parameter *bias, region r, group_stats s, long param) {
    for (long p = depth(); p < r.planes; p += DEPTH) {
        const long begin = r.first + p * r.stride;
        const long end = begin + r.span;
        const float w = weight_of(weight, param + (SEGMENTED ? p : 0));
        const float b = bias_of(bias, param + (SEGMENTED ? p : 0));
        for (long at = first_pack(begin); at < end; at += PACK * LANES) {
            store_pack(y, normalized_pack(load_pack(x, at, begin, end), s) * w + b, at, begin, end);
        }
    }
}

// Adds the sums of dy * x_hat and dy over the part of a plane that this work-item visits.
static inline tally plane_sums(tally t, __global const element *x, __global const element *dy, long begin, long end,
                               group_stats s) {
    for (long at = first_pack(begin); at < end; at += PACK * LANES) {
        const pack g = load_pack(dy, at, begin, end);
        const pack product = inside(g * normalized_pack(load_pack(x, at, begin, end), s), at, begin, end);
        t = add_second(add_first(t, sum_of(product)), sum_of(g));
    }
    return t;
}

static inline tally region_sums(__global const element *x, __global const element *dy, region r, group_stats s) {
    tally t = empty_tally();
    for (long p = depth(); p < r.planes; p += DEPTH) {
        const long begin = r.first + p * r.stride;
        t = plane_sums(t, x, dy, begin, begin + r.span, s);
    }
    return t;
}

// dx from the means over the group of g = dy * w and of g * x_hat.
static inline void batch_gradient(__global const element *x, __global const element *dy, __global element *dx,
                                  __global const parameter *weight, region r, group_stats s, long param, float mean_g,
                                  float mean_gx) {
    for (long p = depth(); p < r.planes; p += DEPTH) {
        const long begin = r.first + p * r.stride;
        const long end = begin + r.span;
        const float w = weight_of(weight, param + (SEGMENTED ? p : 0));
        for (long at = first_pack(begin); at < end; at += PACK * LANES) {
            const pack x_hat = normalized_pack(load_pack(x, at, begin, end), s);
            const pack g = load_pack(dy, at, begin, end) * w;
            store_pack(dx, (((g - mean_g) - x_hat * mean_gx) * s.rstd) * s.scale, at, begin, end);
        }
    }
}

static inline void given_gradient(__global const element *dy, __global element *dx, region r, group_stats s, float w) {
    for (long p = depth(); p < r.planes; p += DEPTH) {
        const long begin = r.first + p * r.stride;
        const long end = begin + r.span;
        for (long at = first_pack(begin); at < end; at += PACK * LANES) {
            store_pack(dx, ((load_pack(dy, at, begin, end) * w) * s.rstd) * s.scale, at, begin, end);
        }
    }
}

static inline void store_partials(__global float *partials, long blocks, long parameters, long block, long param,
                                  tally t) {
    partials[block * parameters + param] = both(t.first, t.first_low);
    partials[(blocks + block) * parameters + param] = both(t.second, t.second_low);
}

FIXED_WORK_GROUP
__kernel void forward(__global const element *restrict x, __global element *restrict y,
                      __global const parameter *restrict weight, __global const parameter *restrict bias,
                      __global float *restrict stats, long groups, long planes, long span, long row_groups, float eps,
                      int zero_rstd) {
    __local slot slots[SLOTS];
    __local int answer;
    const long group = (long)get_group_id(0) * TEAMS + team();
    const region r = group_region(group, groups, planes, span);
    moments m;
    group_moments(&m, x, r, size_of(r), eps, slots, &answer);
    if (r.planes > 0 && item() == 0) {
        store_moments(stats, groups, group, m, eps, zero_rstd);
    }
    normalize(x, y, weight, bias, r, finished(m, eps, zero_rstd), parameter_of(group, 0, planes, row_groups));
}

// Mean, delta and variance of every chunk: partials is [3][groups][chunks].
FIXED_WORK_GROUP
__kernel void chunk_moments(__global const element *restrict x, __global float *restrict partials, long groups,
                            long planes, long span, long chunk_planes, long chunk_span, long span_chunks, long chunks) {
    __local slot slots[SLOTS];
    const long group = get_group_id(0) / chunks * TEAMS + team();
    const long chunk = get_group_id(0) % chunks;
    const region r = chunk_region(group, chunk, groups, planes, span, chunk_planes, chunk_span, span_chunks);
    moments m;
    two_pass(&m, x, r, size_of(r), 1.0f, slots);
    if (r.planes > 0 && item() == 0) {
        const long at = group * chunks + chunk;
        partials[at] = m.mean;
        partials[groups * chunks + at] = m.delta;
        partials[2 * groups * chunks + at] = honest_variance(m);
    }
}

// The statistics of every group from those of its chunks: a corrected two-pass again, over the chunks' means, to which
// the chunks' own variances are added. No term is negative, so nothing cancels.
FIXED_WORK_GROUP
__kernel void merge_moments(__global const element *restrict x, __global const float *restrict partials,
                            __global float *restrict stats, long groups, long planes, long span, long chunk_planes,
                            long chunk_span, long span_chunks, long chunks, float eps, int zero_rstd) {
    __local slot slots[SLOTS];
    __local int answer;
    const long group = (long)get_group_id(0) * TEAMS + team();
    const region r = group_region(group, groups, planes, span);
    const long own = r.planes > 0 ? chunks : 0;
    const long at = group * chunks;
    const long all = groups * chunks;
    const float count = size_of(r);
    const float pivot = own > 0 ? partials[at] : 0.0f;
    tally t = empty_tally();
    for (long k = item(); k < own; k += ITEMS) {
        const float n = size_of(chunk_region(group, k, groups, planes, span, chunk_planes, chunk_span, span_chunks));
        t = add_first(t, n * ((partials[at + k] - pivot) + partials[all + at + k]));
    }
    team_total(&t, slots, ITEMS, ALL);
    const float mean = pivot + both(t.first, t.first_low) / count;
    t = empty_tally();
    for (long k = item(); k < own; k += ITEMS) {
        const float n = size_of(chunk_region(group, k, groups, planes, span, chunk_planes, chunk_span, span_chunks));
        const float d = (partials[at + k] - mean) + partials[all + at + k];
        const float variance = partials[2 * all + at + k];
        t = add_second(add_first(t, n * d), n * (d * d + variance));
        t.largest = fmax(t.largest, fmax(fabs(d), variance));
    }
    team_total(&t, slots, ITEMS, ALL);
    moments m = moments_of(t, mean, count, 1.0f);
    check(&m, x, r, count, eps, slots, &answer);
    if (own > 0 && item() == 0) {
        store_moments(stats, groups, group, m, eps, zero_rstd);
    }
}

// y from statistics that are there.
FIXED_WORK_GROUP
__kernel void apply(__global const element *restrict x, __global element *restrict y,
                    __global const parameter *restrict weight, __global const parameter *restrict bias,
                    __global const float *restrict stats, long groups, long planes, long span, long row_groups,
                    long chunk_planes, long chunk_span, long span_chunks, long chunks) {
    const long group = get_group_id(0) / chunks * TEAMS + team();
    const long chunk = get_group_id(0) % chunks;
    const region r = chunk_region(group, chunk, groups, planes, span, chunk_planes, chunk_span, span_chunks);
    if (r.planes > 0) {
        normalize(x, y, weight, bias, r, load_stats(stats, groups, group),
                  parameter_of(group, r.plane, planes, row_groups));
    }
}

// dx and the parameters' sums, a team to a group. partials from `raw` on: [2][groups / row_groups][parameters] where
// SEGMENTED, else [2][1][groups].
FIXED_WORK_GROUP
__kernel void backward(__global const element *restrict x, __global const element *restrict dy,
                       __global element *restrict dx, __global const parameter *restrict weight,
                       __global const float *restrict stats, __global float *restrict partials, long groups,
                       long planes, long span, long row_groups, long raw) {
    __local slot slots[SLOTS];
    const long group = (long)get_group_id(0) * TEAMS + team();
    const region r = group_region(group, groups, planes, span);
    const group_stats s = load_stats(stats, groups, min(group, groups - 1));
    const long param = parameter_of(group, 0, planes, row_groups);
#if SEGMENTED
    tally t = empty_tally();
    for (long first = 0; first < planes; first += DEPTH) {
        const long p = first + depth();
        const long begin = r.first + p * span;
        tally sums = empty_tally();
        if (p < r.planes) {
            sums = plane_sums(sums, x, dy, begin, begin + span, s);
        }
        team_total(&sums, slots, LANES, SUMS);
        if (p < r.planes && lane() == 0) {
#if WANT_PARAMETERS
            store_partials(partials + raw, groups / row_groups, row_groups * planes, group / row_groups, param + p,
                           sums);
#endif
            const float w = weight_of(weight, param + p);
            t = add_first(t, w * both(sums.first, sums.first_low));
            t = add_second(t, w * both(sums.second, sums.second_low));
        }
    }
    team_total(&t, slots, ITEMS, ALL);
#else
    tally t = region_sums(x, dy, r, s);
    team_total(&t, slots, ITEMS, ALL);
#if WANT_PARAMETERS
    if (r.planes > 0 && item() == 0) {
        store_partials(partials + raw, 1, groups, 0, group, t);
    }
#endif
#endif
#if WANT_DX
    if (r.planes > 0) {
        const float w = SEGMENTED ? 1.0f : weight_of(weight, param);
        const float mean_gx = w * both(t.first, t.first_low) / size_of(r);
        const float mean_g = w * both(t.second, t.second_low) / size_of(r);
        batch_gradient(x, dy, dx, weight, r, s, param, mean_g, mean_gx);
    }
#endif
}

// The sums of every chunk, and dx where the statistics were given. partials from `raw` on: [2][chunks][groups]; where
// SEGMENTED a chunk is of one plane only, and it is [2][groups / row_groups * span_chunks][parameters].
FIXED_WORK_GROUP
__kernel void chunk_sums(__global const element *restrict x, __global const element *restrict dy,
                         __global element *restrict dx, __global const parameter *restrict weight,
                         __global const float *restrict stats, __global float *restrict partials, long groups,
                         long planes, long span, long row_groups, long chunk_planes, long chunk_span, long span_chunks,
                         long chunks, long raw) {
    __local slot slots[SLOTS];
    const long group = get_group_id(0) / chunks * TEAMS + team();
    const long chunk = get_group_id(0) % chunks;
    const region r = chunk_region(group, chunk, groups, planes, span, chunk_planes, chunk_span, span_chunks);
    const group_stats s = load_stats(stats, groups, min(group, groups - 1));
#if WANT_PARAMETERS || !GIVEN
    tally t = region_sums(x, dy, r, s);
    team_total(&t, slots, ITEMS, ALL);
    if (r.planes > 0 && item() == 0) {
#if SEGMENTED
        store_partials(partials + raw, groups / row_groups * span_chunks, row_groups * planes,
                       group / row_groups * span_chunks + chunk % span_chunks,
                       parameter_of(group, r.plane, planes, row_groups), t);
#else
        store_partials(partials + raw, chunks, groups, chunk, group, t);
#endif
    }
#endif
#if GIVEN && WANT_DX
    if (r.planes > 0) {
        given_gradient(dy, dx, r, s, weight_of(weight, group));
    }
#endif
}

// dx from the chunks' sums, which every team adds up for its group.
FIXED_WORK_GROUP
__kernel void gradient(__global const element *restrict x, __global const element *restrict dy,
                       __global element *restrict dx, __global const parameter *restrict weight,
                       __global const float *restrict stats, __global const float *restrict partials, long groups,
                       long planes, long span, long row_groups, long chunk_planes, long chunk_span, long span_chunks,
                       long chunks, long raw) {
    __local slot slots[SLOTS];
    const long group = get_group_id(0) / chunks * TEAMS + team();
    const long chunk = get_group_id(0) % chunks;
    const region r = chunk_region(group, chunk, groups, planes, span, chunk_planes, chunk_span, span_chunks);
    const long parameters = SEGMENTED ? row_groups * planes : groups;
    const long blocks = SEGMENTED ? groups / row_groups * span_chunks : chunks;
    const long first_block = SEGMENTED ? group / row_groups * span_chunks : 0;
    const long own = r.planes > 0 ? chunks : 0;
    tally t = empty_tally();
    for (long k = item(); k < own; k += ITEMS) {
        const long param = parameter_of(group, k / span_chunks, planes, row_groups);
        const long at = raw + (first_block + (SEGMENTED ? k % span_chunks : k)) * parameters + param;
        const float w = weight_of(weight, param);
        t = add_second(add_first(t, w * partials[at]), w * partials[blocks * parameters + at]);
    }
    team_total(&t, slots, ITEMS, ALL);
    if (r.planes > 0) {
        const float count = (float)(planes * span);
        batch_gradient(x, dy, dx, weight, r, load_stats(stats, groups, group),
                       parameter_of(group, r.plane, planes, row_groups), both(t.second, t.second_low) / count,
                       both(t.first, t.first_low) / count);
    }
}
