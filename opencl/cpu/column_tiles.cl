// Tiles of rows and channels.
#include "cpu/apply.cl"

// Rows first … last - 1 of channels column … column + count - 1.
typedef struct {
    long block, first, last, column, count;
} tile;

// The last part of a row holds what remains, so that no part is shorter than a vector.
static inline tile tile_of(long id, long rows, long channels, long block, long parts, long part) {
    const long p = id % parts;
    tile t;
    t.block = id / parts;
    t.first = t.block * block;
    t.last = min(t.first + block, rows);
    t.column = p * part;
    t.count = p == parts - 1 ? channels - t.column : part;
    return t;
}

// x_hat of neighbouring channels; stats begins at the first of them.
static inline vec column_normalized(vec x, __global const float *stats, long channels) {
    return ((x * load(stats + SCALE * channels) - load(stats + MEAN * channels)) - load(stats + DELTA * channels))
            * load(stats + RSTD * channels);
}
