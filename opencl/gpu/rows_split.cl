// Rows with a parameter an element that are too few to keep the device busy: a row is cut into chunks, a work-group
// each, two launches. The first finds the moments of every chunk from its registers; in the second every work-group
// merges those of its row and writes y of its chunk. It takes the chunks in reverse order, so that those read last by
// the first launch are found in the cache: 3T bytes, 2T where x fits it.
#include "gpu/share.cl"

// A chunk: elements from `begin` on.
typedef struct {
    long row, begin, count;
} chunk;

static inline chunk chunk_of(long number, long length, long chunk_span, long chunks) {
    chunk c;
    c.row = number / chunks;
    const long from = number % chunks * chunk_span;
    c.begin = c.row * length + from;
    c.count = min(chunk_span, length - from);
    return c;
}

// Mean, delta and variance of every chunk: partials is [3][rows][chunks].
FIXED_WORK_GROUP
__kernel void chunk_moments(__global const element *restrict first, __global const element *restrict residual,
                            __global normalized_element *restrict x, __global float *restrict partials, long rows,
                            long length, long chunk_span, long chunks) {
    __local slot slots[SLOTS];
    const long number = get_group_id(0);
    const chunk c = chunk_of(number, length, chunk_span, chunks);
    const stretch part = stretch_of(c.begin, c.count);
    const int edges = has_edge(part);
    const float pivot = CENTERED ? value_at(x, first, residual, c.begin) : 0.0f;
    const float edge = edges ? value_at(x, first, residual, c.begin + part.edge) : 0.0f;
    raw_pack held[PACKS];
    hold_from(held, x, first, residual, c.begin + part.lead, part.packs);
    meet_over_sums();
    store_sums(x + c.begin + part.lead, held, part.packs, 1);
    store_sum(x + c.begin, edge, part, 1);
    share s = held_share(held, part.packs, edge, edges, pivot);
    for (int q = PACKS * ITEMS; q < part.packs; q += PACKS * ITEMS) {
        const long from = c.begin + place_of(part, q);
        hold_from(held, x, first, residual, from, part.packs - q);
        store_sums(x + from, held, part.packs - q, 1);
        s = merged(s, held_share(held, part.packs - q, 0.0f, 0, pivot));
    }
    moments m;
    merge_shares(&m, s, pivot, (float)c.count, slots);
    if (item() == 0) {
        partials[number] = m.mean;
        partials[rows * chunks + number] = m.delta;
        partials[2 * rows * chunks + number] = m.variance;
    }
}

// A row's moments from those of its chunks: a corrected two-pass again, over the chunks' means, to which the chunks'
// own variances are added.
INLINED void merge_chunks(moments *m, __global const float *partials, long row, long rows, long length, long chunk_span,
                          long chunks, __local slot *slots) {
    __global const float *means = partials + row * chunks;
    __global const float *deltas = means + rows * chunks;
    __global const float *variances = deltas + rows * chunks;
    const float pivot = means[0];
    tally t = empty_tally();
    for (long k = item(); k < chunks; k += ITEMS) {
        const float n = (float)min(chunk_span, length - k * chunk_span);
        t = add_first(t, n * ((means[k] - pivot) + deltas[k]));
    }
    team_total(&t, slots, ITEMS, FIRST);
    const float mean = pivot + t.first / (float)length;
    t = empty_tally();
    for (long k = item(); k < chunks; k += ITEMS) {
        const float n = (float)min(chunk_span, length - k * chunk_span);
        const float d = (means[k] - mean) + deltas[k];
        t = add_second(add_first(t, n * d), n * (d * d + variances[k]));
    }
    team_total(&t, slots, ITEMS, SUMS);
    *m = moments_of(t, mean, (float)length, 1.0f);
}

// y of every chunk, and the row's statistics from the work-group of its first one.
FIXED_WORK_GROUP
__kernel void apply(__global const element *restrict x, __global const element *restrict residual,
                    __global element *restrict y,
                    __global const parameter *restrict weight, __global const parameter *restrict bias,
                    __global const float *restrict partials, __global float *restrict stats, long rows, long length,
                    long row_groups, long chunk_span, long chunks, float eps, int zero_rstd) {
    __local slot slots[SLOTS];
    __local int answer;
    const long number = rows * chunks - 1 - get_group_id(0);
    const chunk c = chunk_of(number, length, chunk_span, chunks);
    moments m;
    merge_chunks(&m, partials, c.row, rows, length, chunk_span, chunks, slots);
    rescue_row(&m, x + c.row * length, length, eps, slots, &answer);
    if (item() == 0 && number % chunks == 0) {
        store_moments(stats, rows, c.row, m, eps, zero_rstd);
    }
    const group_stats s = finished(m, eps, zero_rstd);
    const stretch part = stretch_of(c.begin, c.count);
    __global const element *from = x + c.begin;
    __global element *to = y + c.begin;
    // from here on i is an index of the row's parameters
    const long first = c.row % row_groups * length + (c.begin - c.row * length);
    if (has_edge(part)) {
        const long i = first + part.edge;
        float v = normalized(element_at(from + part.edge), s) * weight_at(weight, i) + bias_at(bias, i);
#if JOIN == ADD_AFTER
        v += element_at(residual + c.begin + part.edge);
#endif
        put_element(activated(v), to + part.edge);
    }
    for (int q = item(); q < part.packs; q += ITEMS) {
        const long at = place_of(part, q);
        const pack x_hat = normalized_pack(unpacked(load_raw(from + at)), s);
        pack v = x_hat * weights_at(weight, first + at) + biases_at(bias, first + at);
#if JOIN == ADD_AFTER
        v += unpacked(load_raw(residual + c.begin + at));
#endif
        store_raw(to + at, packed(activated_pack(v)));
    }
}
