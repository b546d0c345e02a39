// Statistics of columns from those of their chunks. Chunks leave entries of one element each per channel: partials is
// [4][entries][channels], the moments' mean, delta, variance and scale. A chunk has one entry where its tile FOLDED the
// columns of a channel, else one for each real row of a row.
#include "gpu/strip_moments.cl"

// What the entries were made of: chunks of chunk_rows rows of `repeat` real rows, of which there are `all`.
typedef struct {
    long entries, chunk_rows, repeat, all;
} made;

// The elements that an entry stands for.
static inline float elements_of(made e, long entry) {
#if FOLDED
    const long from = entry * e.chunk_rows * e.repeat;
    return (float)min(e.chunk_rows * e.repeat, e.all - from);
#else
    const long from = entry / e.repeat * e.chunk_rows * e.repeat + entry % e.repeat;
    const long to = min(from + e.chunk_rows * e.repeat, e.all);
    return (float)max(0L, (to - from + e.repeat - 1) / e.repeat);
#endif
}

static inline column_moments load_entry(__global const float *partials, strip s, long entries, long entry) {
    const long next = entries * s.channels;
    __global const float *p = partials + entry * s.channels;
    column_moments m;
    m.mean = of_channels(p, s);
    m.delta = of_channels(p + next, s);
    m.variance = of_channels(p + 2 * next, s);
    m.scale = of_channels(p + 3 * next, s);
    return m;
}

static inline void store_entry(__global float *partials, long entries, long from, strip s, column_moments m) {
    const long next = entries * s.channels;
    __global float *p = partials + from * s.channels;
    put_columns(p, m.mean, s);
    put_columns(p + next, m.delta, s);
    put_columns(p + 2 * next, m.variance, s);
    put_columns(p + 3 * next, m.scale, s);
}

INLINED void merge_scaled(column_moments *m, __global const float *partials, made e, strip s, pack scale,
                          __local pack *slots) {
    const column_moments one = load_entry(partials, s, e.entries, 0);
    const pack pivot = one.mean * (scale / one.scale);
    pack first = (pack)0.0f;
    for (long k = depth(); k < e.entries; k += DEPTH) {
        const column_moments c = load_entry(partials, s, e.entries, k);
        const pack by = scale / c.scale;
        first += elements_of(e, k) * ((c.mean * by - pivot) + c.delta * by);
    }
    meet_down(&first, slots, 0);
    const pack elements = (pack)(float)e.all;
    const pack mean = pivot + first / elements;
    first = (pack)0.0f;
    pack second = (pack)0.0f;
    for (long k = depth(); k < e.entries; k += DEPTH) {
        const column_moments c = load_entry(partials, s, e.entries, k);
        const pack by = scale / c.scale;
        const float n = elements_of(e, k);
        const pack d = (c.mean * by - mean) + c.delta * by;
        first += n * d;
        second += n * (d * d + c.variance * by * by);
    }
    meet_down(&first, slots, 0);
    meet_down(&second, slots, 0);
    *m = moments_from(first, second, mean, elements, scale);
}

// The moments of the channels of a strip's columns, from all entries.
INLINED void merge_entries(column_moments *m, __global const float *partials, made e, strip s, float eps,
                           __local pack *slots, __local int *answer) {
    merge_scaled(m, partials, e, s, (pack)1.0f, slots);
    if (any_item(rescues(m->variance), answer)) {
        pack sum = (pack)0.0f;
        pack largest = (pack)0.0f;
        for (long k = depth(); k < e.entries; k += DEPTH) {
            const column_moments c = load_entry(partials, s, e.entries, k);
            const pack distance = sqrt(c.variance) * sqrt(elements_of(e, k));
            sum += c.mean / c.scale * 0x1p-60f;
            const pack bound = fmax(fabs(c.mean) + distance, select((pack)0.0f, (pack)1.0f, c.scale > 1.0f));
            largest = fmax(largest, fmin(bound / c.scale, (pack)FLT_MAX)); // as in slices.cl
        }
        meet_down(&sum, slots, 0);
        meet_down(&largest, slots, 1);
        column_moments scaled;
        merge_scaled(&scaled, partials, e, s, scales_of(largest, sum, eps), slots);
        *m = rescued_columns(*m, scaled, sum);
    }
}
