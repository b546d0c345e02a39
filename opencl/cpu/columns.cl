// Forward over columns: x is [rows][channels], a group is a channel, so that neighbouring groups interleave.
//
// columns_moments: a work-item does a tile, `block` rows of `part` channels (the last part of a row is what remains),
// with its sums in its own row of partials. columns_merge: WIDTH channels a work-item. columns_apply: a tile again;
// given statistics need it alone.
#include "cpu/column_tiles.cl"

// One step over a tile: adds to sums the distances of one row, or of four, from the pivots.
static inline void add_tile_distances(__global const element *x, long stride, int four, __global const element *pivots,
                                      __global float *sums, long count) {
    for (long i = 0; i < count; i += WIDTH) {
        const long at = min(i, count - WIDTH);
        const vec pivot = load_elements(pivots + at);
        vec d = load_elements(x + at) - pivot;
        if (four) {
            d = (d + (load_elements(x + stride + at) - pivot))
                    + ((load_elements(x + 2 * stride + at) - pivot) + (load_elements(x + 3 * stride + at) - pivot));
        }
        store(load(sums + at) + fresh_lanes(d, count - i), sums + at);
    }
}

static inline void add_tile_deviations(__global const element *x, long stride, int four, __global const float *means,
                                       __global float *deltas, __global float *squares, long count) {
    for (long i = 0; i < count; i += WIDTH) {
        const long at = min(i, count - WIDTH);
        const vec mean = load(means + at);
        const vec d0 = load_elements(x + at) - mean;
        vec sum = d0;
        vec square = d0 * d0;
        if (four) {
            const vec d1 = load_elements(x + stride + at) - mean;
            const vec d2 = load_elements(x + 2 * stride + at) - mean;
            const vec d3 = load_elements(x + 3 * stride + at) - mean;
            sum = (d0 + d1) + (d2 + d3);
            square = (square + d1 * d1) + (d2 * d2 + d3 * d3);
        }
        sum = load(deltas + at) + fresh_lanes(sum, count - i);
        square = load(squares + at) + fresh_lanes(square, count - i);
        store(sum, deltas + at);
        store(square, squares + at);
    }
}

// partials: [3][blocks][channels], the mean in two floats and the squared deviations of every block of rows.
__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void columns_moments(__global const element *x, __global float *partials, long rows, long channels, long block,
                     long parts, long part) {
    const tile t = tile_of(get_group_id(0), rows, channels, block, parts, part);
    const long plane = (rows + block - 1) / block * channels;
    const float n = (float)(t.last - t.first);
    __global const element *pivots = x + t.first * channels + t.column;
    __global float *means = partials + t.block * channels + t.column;
    __global float *deltas = means + plane;
    __global float *squares = deltas + plane;
    clear(means, t.count);
    clear(deltas, t.count);
    clear(squares, t.count);
    long r = t.first;
    for (; r + 4 <= t.last; r += 4) {
        add_tile_distances(x + r * channels + t.column, channels, 1, pivots, means, t.count);
    }
    for (; r < t.last; r++) {
        add_tile_distances(x + r * channels + t.column, channels, 0, pivots, means, t.count);
    }
    for (long i = 0; i < t.count; i++) {
        means[i] = element_at(pivots + i) + means[i] / n;
    }
    for (r = t.first; r + 4 <= t.last; r += 4) {
        add_tile_deviations(x + r * channels + t.column, channels, 1, means, deltas, squares, t.count);
    }
    for (; r < t.last; r++) {
        add_tile_deviations(x + r * channels + t.column, channels, 0, means, deltas, squares, t.count);
    }
    for (long i = 0; i < t.count; i++) {
        const float delta = deltas[i] / n;
        const float square = squares[i] - n * delta * delta;
        deltas[i] = delta;
        squares[i] = square < 0.0f ? 0.0f : square; // a NaN stays
    }
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void columns_merge(__global const element *x, __global const float *partials, __global float *stats, long rows,
                   long channels, long block, float eps, int zero_rstd) {
    const long blocks = (rows + block - 1) / block;
    const long plane = blocks * channels;
    const long c = get_group_id(0) * WIDTH;
    const long at = min(c, channels - WIDTH);
    __global const float *p = partials + at;
    const vec mean = load(p);
    vec delta = load(p + plane);
    vec_pair squares;
    squares.hi = load(p + 2 * plane);
    squares.lo = (vec)(0.0f);
    for (long b = 1; b < blocks; b++) {
        const float before = (float)(b * block);
        const float count = (float)(min((b + 1) * block, rows) - b * block);
        const float share = count / (before + count);
        p += channels;
        const vec step = (load(p) - mean) + (load(p + plane) - delta);
        delta += step * share;
        vec_pair_add(&squares, load(p + 2 * plane));
        vec_pair_add(&squares, step * step * (before * share));
    }
    for (int lane = (int)(c - at); lane < WIDTH; lane++) {
        moments m;
        m.mean = ((const float *)&mean)[lane];
        m.delta = ((const float *)&delta)[lane];
        m.squares.hi = ((const float *)&squares.hi)[lane];
        m.squares.lo = ((const float *)&squares.lo)[lane];
        group_stats s;
        finish_group(&m, x + at + lane, rows, channels, 1, stats, channels, at + lane, eps, zero_rstd, &s);
    }
}

static inline vec column_value(__global const element *x, __global const float *stats, long channels,
                               __global const parameter *weight, __global const parameter *bias) {
    return affine(column_normalized(load_elements(x), stats, channels), weight, bias);
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void columns_apply(__global const element *x, __global const parameter *weight, __global const parameter *bias,
                   __global element *y, __global const float *stats, long rows, long channels, long block, long parts,
                   long part) {
    const tile t = tile_of(get_group_id(0), rows, channels, block, parts, part);
    for (long r = t.first; r < t.last; r++) {
        const long row = r * channels;
#define Y_OF_COLUMN(i)                                                                                                 \
    column_value(x + row + t.column + (i), stats + t.column + (i), channels, weight + t.column + (i),                  \
                 bias + t.column + (i))
        SWEEP(y + row + t.column, t.count, Y_OF_COLUMN)
    }
}
