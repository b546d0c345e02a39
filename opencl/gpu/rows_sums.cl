// Rows with a parameter an element that are too few or too long for rows_backward.cl: the means that their gradients
// need, by chunks, before columns.cl computes the gradients column by column. x and dy are read once: 2T bytes here.
#include "gpu/row.cl"

// Sums of the chunks of rows: sums is [2][rows][chunks], of g * x_hat and of g = dy * w.
FIXED_WORK_GROUP
__kernel void chunk_sums(__global const element *restrict x, __global const element *restrict dy,
                         __global const parameter *restrict weight, __global const parameter *restrict bias,
                         __global const float *restrict stats, __global float *restrict sums, long rows,
                         long length, long chunk_span, long chunks) {
    __local slot slots[SLOTS];
    const long row = get_group_id(0) / chunks;
    // an index of the row's parameters, and of its elements
    const long begin = get_group_id(0) % chunks * chunk_span;
    const group_stats s = load_stats(stats, rows, row);
    __global const element *from_x = x + row * length + begin;
    __global const element *from_dy = dy + row * length + begin;
    const stretch part = stretch_of(row * length + begin, min(chunk_span, length - begin));
    tally t = empty_tally();
    for (int q = item(); q < part.packs; q += ITEMS) {
        const long at = place_of(part, q);
        const pack x_hat = normalized_pack(unpacked(load_raw(from_x + at)), s);
        const pack w = weights_at(weight, begin + at);
        const pack g = PACK_THROUGH(unpacked(load_raw(from_dy + at)), x_hat * w + biases_at(bias, begin + at)) * w;
        t = add_first(t, sum_of(g * x_hat));
        t = add_second(t, sum_of(g));
    }
    if (has_edge(part)) {
        const float x_hat = normalized(element_at(from_x + part.edge), s);
        const float w = weight_at(weight, begin + part.edge);
        const float g = THROUGH(element_at(from_dy + part.edge), x_hat * w + bias_at(bias, begin + part.edge)) * w;
        t = add_first(t, g * x_hat);
        t = add_second(t, g);
    }
    team_total(&t, slots, ITEMS, SUMS);
    if (item() == 0) {
        sums[get_group_id(0)] = t.first;
        sums[rows * chunks + get_group_id(0)] = t.second;
    }
}

// The means of g * x_hat and g over every row: means is [2][rows].
FIXED_WORK_GROUP
__kernel void merge_sums(__global const float *restrict sums, __global float *restrict means, long rows, long length,
                         long chunks) {
    __local slot slots[SLOTS];
    const long row = get_group_id(0);
    tally t = empty_tally();
    for (long k = item(); k < chunks; k += ITEMS) {
        t = add_first(t, sums[row * chunks + k]);
        t = add_second(t, sums[(rows + row) * chunks + k]);
    }
    team_total(&t, slots, ITEMS, SUMS);
    if (item() == 0) {
        means[row] = t.first / (float)length;
        means[rows + row] = CENTERED ? t.second / (float)length : 0.0f;
    }
}
