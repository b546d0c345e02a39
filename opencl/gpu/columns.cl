// Groups that interleave: x is [all, channels] and every channel is a group of its own (batch normalization of [N, C],
// or channels last). Rows that are few are walked by one work-group a tile, from registers where its strips are short:
// 2T forward, 3T backward. Else they are cut into chunks of rows, each with a work-group a tile: statistics of the
// chunks, merged to the channels', then y (3T); or sums of the chunks, then dx (5T). What reads x again begins where
// the kernel before it ended, which is still in the cache. No copy of another layout is ever made.
//
// Scalars: `repeat` real rows make a row, see strips.cl; a chunk has chunk_rows rows.

#ifndef WANT_DX
#define WANT_DX 1
#endif
#ifndef WANT_PARAMETERS
#define WANT_PARAMETERS 1
#endif
#ifndef GIVEN
#define GIVEN 0
#endif
// Whether dx is made of x at all.
#define DX_OF_X (!GIVEN || ACTIVATION)
#ifndef MERGES  // whether a gradient adds up the chunks' sums itself
#define MERGES 0
#endif

#include "gpu/column_slices.cl"

// The statistics of a strip's columns.
typedef struct {
    pack mean, delta, rstd, scale;
} column_stats;

static inline column_stats load_columns(__global const float *stats, strip s) {
    column_stats c;
    c.mean = of_channels(stats + MEAN * s.channels, s);
    c.delta = of_channels(stats + DELTA * s.channels, s);
    c.rstd = of_channels(stats + RSTD * s.channels, s);
    c.scale = of_channels(stats + SCALE * s.channels, s);
    return c;
}

static inline column_stats finished_columns(column_moments m, float eps, int zero_rstd) {
    float variance[PACK], scale[PACK], rstd[PACK];
    pack_to(m.variance, variance);
    pack_to(m.scale, scale);
    for (int i = 0; i < PACK; i++) {
        rstd[i] = rstd_of(variance[i], eps, scale[i], zero_rstd);
    }
    column_stats c;
    c.mean = m.mean;
    c.delta = m.delta;
    c.rstd = pack_from(rstd);
    c.scale = m.scale;
    return c;
}

// Every channel once.
static inline void store_columns(__global float *stats, strip s, column_moments m, float eps, int zero_rstd) {
    float mean[PACK], delta[PACK], variance[PACK], scale[PACK];
    pack_to(m.mean, mean);
    pack_to(m.delta, delta);
    pack_to(m.variance, variance);
    pack_to(m.scale, scale);
    for (int i = 0; i < PACK; i++) {
        if (s.column + i < s.channels) {
            store_stats(stats, s.channels, s.column + i, mean[i], delta[i], variance[i], scale[i], eps, zero_rstd);
        }
    }
}

// After the statistics of a strip's channels were stored, by a work-item that speaks for them: moves running ones.
static inline void move_columns(__global const float *stats, strip s, tracked t) {
    for (int i = 0; i < PACK && s.column + i < s.channels; i++) {
        move_tracked(stats, s.channels, s.column + i, t);
    }
}

// What of the affine a backward pass needs to go through an activation.
static inline pack inner_weights_of(__global const parameter *weight, strip s) {
#if ACTIVATION
    return weights_of(weight, s);
#else
    return (pack)1.0f;
#endif
}

static inline pack inner_biases_of(__global const parameter *bias, strip s) {
#if ACTIVATION
    return biases_of(bias, s);
#else
    return (pack)0.0f;
#endif
}

// As settled_stats.
static inline column_stats settled_columns(__global float *stats, strip s, tracked t, float eps, int zero_rstd,
                                           int speaks) {
#if TAKES_RUNNING
    float means[PACK], variances[PACK], scales[PACK], rstds[PACK];
    pack_to(of_channels(t.mean, s), means);
    pack_to(of_channels(t.var, s), variances);
    for (int i = 0; i < PACK; i++) {
        group_stats one;
        float variance;
        stats_of_running(&one, &variance, means[i], variances[i], eps, zero_rstd);
        if (speaks && s.column + i < s.channels) {
            put_stats(stats, s.channels, s.column + i, one, variance);
        }
        means[i] = one.mean;
        scales[i] = one.scale;
        rstds[i] = one.rstd;
    }
    column_stats c;
    c.mean = pack_from(means);
    c.delta = (pack)0.0f;
    c.rstd = pack_from(rstds);
    c.scale = pack_from(scales);
    return c;
#else
    if (speaks) {
        move_columns(stats, s, t);
    }
    return load_columns(stats, s);
#endif
}

static inline long rows_of(long all, long repeat) {
    return (all + repeat - 1) / repeat;
}

static inline strip chunk_strip(long place, long all, long repeat, long channels, long chunk_rows, long chunks) {
    const long from = place % chunks * chunk_rows;
    return strip_of(place / chunks, repeat * channels, channels, all * channels, from,
                    min(from + chunk_rows, rows_of(all, repeat)));
}

static inline strip chunk_here(long all, long repeat, long channels, long chunk_rows, long chunks) {
    return chunk_strip(get_group_id(0), all, repeat, channels, chunk_rows, chunks);
}

static inline strip chunk_turned(long all, long repeat, long channels, long chunk_rows, long chunks) {
    return chunk_strip(get_num_groups(0) - 1 - get_group_id(0), all, repeat, channels, chunk_rows, chunks);
}

static inline strip whole_strip(long all, long repeat, long channels) {
    return chunk_strip(get_group_id(0), all, repeat, channels, rows_of(all, repeat), 1);
}

// Whether this work-item speaks for its columns.
static inline int speaks(strip s) {
    return !empty(s) && depth() == 0;
}

static inline pack normalized_columns(pack x, column_stats c) {
    return ((x * c.scale - c.mean) - c.delta) * c.rstd;
}

static inline void put_rows(__global element *y, __global const element *residual, const raw_pack *block, strip s,
                            long n, column_stats c, pack w, pack b) {
#pragma unroll
    for (int i = 0; i < BLOCK; i++) {
        if (n + i * DEPTH < s.to) {
            pack v = normalized_columns(unpacked(block[i]), c) * w + b;
#if JOIN == ADD_AFTER
            v += unpacked(load_row(residual, s, n + i * DEPTH));
#endif
            store_row(y, activated_pack(v), s, n + i * DEPTH);
        }
    }
}

static inline void normalize(__global const element *x, const raw_pack *held, __global const element *residual,
                             __global element *y, __global const parameter *weight, __global const parameter *bias,
                             strip s, column_stats c) {
    const pack w = weights_of(weight, s);
    const pack b = biases_of(bias, s);
#if HOLDS
    put_rows(y, residual, held, s, s.from + depth(), c, w, b);
#else
    for (long n = s.from + depth(); n < s.to; n += BLOCK * DEPTH) {
        raw_pack block[BLOCK];
        load_rows(block, x, s, n);
        put_rows(y, residual, block, s, n, c, w, b);
    }
#endif
}

FIXED_WORK_GROUP
__kernel void forward(__global const element *restrict x, __global const element *restrict residual,
                      __global element *restrict y,
                      __global const parameter *restrict weight, __global const parameter *restrict bias,
                      __global float *restrict stats, __global float *restrict running_mean,
                      __global float *restrict running_var, long all, long repeat, long channels, float eps,
                      int zero_rstd, float momentum, float keep, float correction) {
    const tracked running = TRACKED;
    __local pack slots[WORK_GROUP];
    __local pack kept[KEPT];
    __local int answer;
    const strip s = whole_strip(all, repeat, channels);
    raw_pack held[BLOCK];
#if HOLDS
    load_rows(held, x, s, s.from + depth());
#endif
    column_moments m;
    tile_moments(&m, x, held, s, eps, slots, kept, &answer);
    if (speaks(s)) {
        store_columns(stats, s, m, eps, zero_rstd);
        move_columns(stats, s, running);
    }
#if WANT_Y
    normalize(x, held, residual, y, weight, bias, s, finished_columns(m, eps, zero_rstd));
#endif
}

// The moments of every chunk.
FIXED_WORK_GROUP
__kernel void chunk_moments(__global const element *restrict x, __global float *restrict partials, long all,
                            long repeat, long channels, long chunk_rows, long chunks, long entries, float eps) {
    __local pack slots[WORK_GROUP];
    __local pack kept[KEPT];
    __local int answer;
    const strip s = chunk_here(all, repeat, channels, chunk_rows, chunks);
    raw_pack none[BLOCK];
    column_moments m;
    tile_moments(&m, x, none, s, eps, slots, kept, &answer);
    if (speaks(s)) {
        store_entry(partials, entries, get_group_id(0) % chunks * (FOLDED ? 1 : repeat), s, m);
    }
}

static inline made made_of(long entries, long chunk_rows, long repeat, long all) {
    made e;
    e.entries = entries;
    e.chunk_rows = chunk_rows;
    e.repeat = repeat;
    e.all = all;
    return e;
}

// The statistics of every channel, where entries are many.
FIXED_WORK_GROUP
__kernel void merge_moments(__global const float *restrict partials, __global float *restrict stats, long all,
                            long repeat, long channels, long chunk_rows, long entries, float eps, int zero_rstd) {
    __local pack slots[WORK_GROUP];
    __local int answer;
    const strip s = strip_of(get_group_id(0), channels, channels, channels, 0, 1);
    column_moments m;
    merge_entries(&m, partials, made_of(entries, chunk_rows, repeat, all), s, eps, slots, &answer);
    if (speaks(s)) {
        store_columns(stats, s, m, eps, zero_rstd);
    }
}

// y, and the statistics, where entries are few: every work-group merges those of its channels.
FIXED_WORK_GROUP
__kernel void apply_merged(__global const element *restrict x, __global const element *restrict residual,
                           __global element *restrict y,
                           __global const parameter *restrict weight, __global const parameter *restrict bias,
                           __global const float *restrict partials, __global float *restrict stats,
                           __global float *restrict running_mean, __global float *restrict running_var, long all,
                           long repeat, long channels, long chunk_rows, long chunks, long entries, float eps,
                           int zero_rstd, float momentum, float keep, float correction) {
    const tracked running = TRACKED;
    __local pack slots[WORK_GROUP];
    __local int answer;
    const strip s = chunk_turned(all, repeat, channels, chunk_rows, chunks);
    column_moments m;
    merge_entries(&m, partials, made_of(entries, chunk_rows, repeat, all), s, eps, slots, &answer);
    if (speaks(s) && s.from == 0) {
        store_columns(stats, s, m, eps, zero_rstd);
        move_columns(stats, s, running);
    }
    raw_pack none[BLOCK];
    normalize(x, none, residual, y, weight, bias, s, finished_columns(m, eps, zero_rstd));
}

// y from given statistics, or those that merge_moments stored.
FIXED_WORK_GROUP
__kernel void apply(__global const element *restrict x, __global const element *restrict residual,
                    __global element *restrict y,
                    __global const parameter *restrict weight, __global const parameter *restrict bias,
                    __global float *restrict stats, __global float *restrict running_mean,
                    __global float *restrict running_var, long all, long repeat, long channels, long chunk_rows,
                    long chunks, float eps, int zero_rstd, float momentum, float keep, float correction) {
    const tracked running = TRACKED;
    const strip s = chunk_turned(all, repeat, channels, chunk_rows, chunks);
    raw_pack none[BLOCK];
    normalize(x, none, residual, y, weight, bias, s,
              settled_columns(stats, s, running, eps, zero_rstd, speaks(s) && s.from == 0));
}

// The sums of dy * x_hat and dy, each in two floats.
typedef struct {
    pack products, products_low, sums, sums_low;
} column_sums;

static inline column_sums no_sums() {
    column_sums t;
    t.products = t.products_low = t.sums = t.sums_low = (pack)0.0f;
    return t;
}

static inline column_sums added(column_sums t, pack products, pack sums) {
    column_sums r;
    r.products = t.products + products;
    r.products_low = t.products_low + lost_of(t.products, products, r.products);
    r.sums = t.sums + sums;
    r.sums_low = t.sums_low + lost_of(t.sums, sums, r.sums);
    return r;
}

static inline column_sums add_products(column_sums t, const raw_pack *xs, const raw_pack *gs, strip s, long n,
                                       column_stats c, pack w, pack b) {
    pack products = (pack)0.0f;
    pack sums = (pack)0.0f;
#pragma unroll
    for (int i = 0; i < BLOCK; i++) {
        const int here = present(s, n + i * DEPTH);
        const pack x_hat = normalized_columns(unpacked(xs[i]), c);
        const pack g = PACK_THROUGH(unpacked(gs[i]), x_hat * w + b);
        products += cut_off(g * x_hat, here);
        sums += cut_off(g, here);
    }
    return added(t, products, sums);
}

// Both sums over the tile; an infinite one has no low part.
INLINED void meet_sums(pack *products, pack *sums, column_sums t, strip s, __local pack *slots) {
    *products = select(t.products, t.products + t.products_low, isfinite(t.products));
    *sums = select(t.sums, t.sums + t.sums_low, isfinite(t.sums));
    meet(products, s, slots, 0);
    meet(sums, s, slots, 0);
}

// dx from the means over the channel of g = dy * w and of g * x_hat; where the statistics were given these are no part
// of it.
static inline void put_dx(__global element *dx, __global const element *dsum, const raw_pack *xs, const raw_pack *gs,
                          strip s, long n, column_stats c, pack w, pack b, pack mean_g, pack mean_gx) {
#pragma unroll
    for (int i = 0; i < BLOCK; i++) {
        if (n + i * DEPTH < s.to) {
#if DX_OF_X
            const pack x_hat = normalized_columns(unpacked(xs[i]), c);
#endif
            const pack g = PACK_THROUGH(unpacked(gs[i]), x_hat * w + b) * w;
#if GIVEN
            pack v = (g * c.rstd) * c.scale;
#else
            pack v = (((g - mean_g) - x_hat * mean_gx) * c.rstd) * c.scale;
#endif
#if JOIN == ADD_BEFORE
            v += unpacked(load_row(dsum, s, n + i * DEPTH));
#endif
            store_row(dx, v, s, n + i * DEPTH);
        }
    }
}

static inline void gradient_of(__global const element *x, __global const element *dy, __global const element *dsum,
                               __global element *dx, strip s, column_stats c, pack w, pack b, pack mean_g,
                               pack mean_gx) {
    for (long n = s.from + depth(); n < s.to; n += BLOCK * DEPTH) {
        raw_pack xs[BLOCK], gs[BLOCK];
#if DX_OF_X
        load_rows(xs, x, s, n);
#endif
        load_rows(gs, dy, s, n);
        put_dx(dx, dsum, xs, gs, s, n, c, w, b, mean_g, mean_gx);
    }
}

// Sums and dx of columns that a tile walks from end to end. partials from `raw` on: [2][1][channels].
FIXED_WORK_GROUP
__kernel void backward(__global const element *restrict x, __global const element *restrict dy,
                       __global const element *restrict dsum, __global element *restrict dx,
                       __global const parameter *restrict weight, __global const parameter *restrict bias,
                       __global const float *restrict stats, __global float *restrict partials, long all, long repeat,
                       long channels, long raw) {
    __local pack slots[WORK_GROUP];
    const strip s = whole_strip(all, repeat, channels);
    const column_stats c = load_columns(stats, s);
    const pack inner_w = inner_weights_of(weight, s);
    const pack b = inner_biases_of(bias, s);
    column_sums t = no_sums();
#if HOLDS
    raw_pack xs[BLOCK], gs[BLOCK];
    load_rows(xs, x, s, s.from + depth());
    load_rows(gs, dy, s, s.from + depth());
    t = add_products(t, xs, gs, s, s.from + depth(), c, inner_w, b);
#else
    for (long n = s.from + depth(); n < s.to; n += BLOCK * DEPTH) {
        raw_pack xs[BLOCK], gs[BLOCK];
        load_rows(xs, x, s, n);
        load_rows(gs, dy, s, n);
        t = add_products(t, xs, gs, s, n, c, inner_w, b);
    }
#endif
    pack products, sums;
    meet_sums(&products, &sums, t, s, slots);
#if WANT_PARAMETERS
    if (speaks(s)) {
        put_columns(partials + raw, products, s);
        put_columns(partials + raw + channels, sums, s);
    }
#endif
#if WANT_DX
    const pack w = weights_of(weight, s);
#if HOLDS
    put_dx(dx, dsum, xs, gs, s, s.from + depth(), c, w, b, w * sums / (float)all, w * products / (float)all);
#else
    gradient_of(x, dy, dsum, dx, s, c, w, b, w * sums / (float)all, w * products / (float)all);
#endif
#endif
}

// The sums of every chunk, and dx where the statistics were given. partials from `raw` on is [2][entries][channels].
FIXED_WORK_GROUP
__kernel void chunk_sums(__global const element *restrict x, __global const element *restrict dy,
                         __global const element *restrict dsum, __global element *restrict dx,
                         __global const parameter *restrict weight, __global const parameter *restrict bias,
                         __global const float *restrict stats, __global float *restrict partials, long all,
                         long repeat, long channels, long chunk_rows, long chunks, long entries, long raw) {
    __local pack slots[WORK_GROUP];
    const strip s = chunk_here(all, repeat, channels, chunk_rows, chunks);
    const column_stats c = load_columns(stats, s);
    const pack inner_w = inner_weights_of(weight, s);
    const pack b = inner_biases_of(bias, s);
#if GIVEN && WANT_DX
    const pack w = weights_of(weight, s);
#endif
#if WANT_PARAMETERS || !GIVEN
    column_sums t = no_sums();
    for (long n = s.from + depth(); n < s.to; n += BLOCK * DEPTH) {
        raw_pack xs[BLOCK], gs[BLOCK];
        load_rows(xs, x, s, n);
        load_rows(gs, dy, s, n);
        t = add_products(t, xs, gs, s, n, c, inner_w, b);
#if GIVEN && WANT_DX
        put_dx(dx, dsum, xs, gs, s, n, c, w, b, (pack)0.0f, (pack)0.0f);
#endif
    }
    pack products, sums;
    meet_sums(&products, &sums, t, s, slots);
    if (speaks(s)) {
        __global float *own = partials + raw + get_group_id(0) % chunks * (FOLDED ? 1 : repeat) * channels;
        put_columns(own, products, s);
        put_columns(own + entries * channels, sums, s);
    }
#else
    gradient_of(x, dy, dsum, dx, s, c, w, b, (pack)0.0f, (pack)0.0f);
#endif
}

// The sums of a strip's channels over all entries, by the work-items down the rows.
INLINED void merge_entry_sums(pack *products, pack *sums, __global const float *partials, strip s, long entries,
                              __local pack *slots) {
    column_sums t = no_sums();
    for (long k = depth(); k < entries; k += DEPTH) {
        t = added(t, of_channels(partials + k * s.channels, s), of_channels(partials + (entries + k) * s.channels, s));
    }
    *products = select(t.products, t.products + t.products_low, isfinite(t.products));
    *sums = select(t.sums, t.sums + t.sums_low, isfinite(t.sums));
    meet_down(products, slots, 0);
    meet_down(sums, slots, 0);
}

static inline void store_totals(__global float *totals, strip s, pack products, pack sums) {
    float p[PACK], g[PACK];
    pack_to(products, p);
    pack_to(sums, g);
    for (int i = 0; i < PACK; i++) {
        if (s.column + i < s.channels) {
            totals[s.column + i] = p[i];
            totals[s.channels + s.column + i] = g[i];
        }
    }
}

// The channels' sums, where entries are many: partials from `totals` on is [2][channels].
FIXED_WORK_GROUP
__kernel void merge_sums(__global float *restrict partials, long channels, long entries, long raw, long totals) {
    __local pack slots[WORK_GROUP];
    const strip s = strip_of(get_group_id(0), channels, channels, channels, 0, 1);
    pack products, sums;
    merge_entry_sums(&products, &sums, partials + raw, s, entries, slots);
    if (speaks(s)) {
        store_totals(partials + totals, s, products, sums);
    }
}

// dx from the channels' sums, which every work-group MERGES for its columns where entries are few.
FIXED_WORK_GROUP
__kernel void gradient(__global const element *restrict x, __global const element *restrict dy,
                       __global const element *restrict dsum, __global element *restrict dx,
                       __global const parameter *restrict weight, __global const parameter *restrict bias,
                       __global const float *restrict stats, __global float *restrict partials, long all, long repeat,
                       long channels, long chunk_rows, long chunks, long entries, long raw, long totals) {
    const strip s = chunk_turned(all, repeat, channels, chunk_rows, chunks);
    pack products, sums;
#if MERGES
    __local pack slots[WORK_GROUP];
    merge_entry_sums(&products, &sums, partials + raw, s, entries, slots);
    if (speaks(s) && s.from == 0) {
        store_totals(partials + totals, s, products, sums);
    }
#else
    products = of_channels(partials + totals, s);
    sums = of_channels(partials + totals + channels, s);
#endif
    const pack w = weights_of(weight, s);
    gradient_of(x, dy, dsum, dx, s, load_columns(stats, s), w, inner_biases_of(bias, s), w * sums / (float)all,
                w * products / (float)all);
}

// What p holds for the real rows of the pack at row n; where a pack goes on in the next real row, `split` elements are
// of the first.
static inline shared of_rows(__global const float *p, strip s, long row, long all, int split) {
#if ALIGNED
    return p[row];
#else
    const pack_index i = INDICES;
    return select((pack)p[min(row + 1, all - 1)], (pack)p[min(row, all - 1)], i < split);
#endif
}

// Rows with a parameter an element, too long or too few for others: dx and the parameters' sums, column by column.
// stats are those of the `all` rows, means are [2][all] of g * x_hat and g; partials from `raw` on is
// [2][entries][channels].
FIXED_WORK_GROUP
__kernel void row_gradients(__global const element *restrict x, __global const element *restrict dy,
                            __global const element *restrict dsum, __global element *restrict dx,
                            __global const parameter *restrict weight, __global const parameter *restrict bias,
                            __global const float *restrict stats, __global const float *restrict means,
                            __global float *restrict partials, long all, long repeat, long channels, long chunk_rows,
                            long chunks, long entries, long raw) {
    __local pack slots[WORK_GROUP];
    const strip s = chunk_here(all, repeat, channels, chunk_rows, chunks);
    const pack w = weights_of(weight, s);
#if ACTIVATION
    const pack b = biases_of(bias, s);
#endif
    const int split = s.channels - s.channel;
    column_sums t = no_sums();
    for (long n = s.from + depth(); n < s.to; n += DEPTH) {
        const raw_pack xs = load_row(x, s, n);
        const raw_pack gs = load_row(dy, s, n);
        const long row = n * repeat + s.column / channels;
        const shared mean = of_rows(stats + MEAN * all, s, row, all, split);
        const shared delta = of_rows(stats + DELTA * all, s, row, all, split);
        const shared rstd = of_rows(stats + RSTD * all, s, row, all, split);
        const shared scale = of_rows(stats + SCALE * all, s, row, all, split);
        const pack x_hat = ((unpacked(xs) * scale - mean) - delta) * rstd;
        const pack g = PACK_THROUGH(unpacked(gs), x_hat * w + b);
        const int here = present(s, n);
        t = added(t, cut_off(g * x_hat, here), cut_off(g, here));
#if WANT_DX
        const shared mean_gx = of_rows(means, s, row, all, split);
        const shared mean_g = of_rows(means + all, s, row, all, split);
        pack v = (((g * w - mean_g) - x_hat * mean_gx) * rstd) * scale;
#if JOIN == ADD_BEFORE
        v += unpacked(load_row(dsum, s, n));
#endif
        store_row(dx, v, s, n);
#endif
    }
#if WANT_PARAMETERS
    pack products, sums;
    meet_sums(&products, &sums, t, s, slots);
    if (speaks(s)) {
        __global float *own = partials + raw + get_group_id(0) % chunks * (FOLDED ? 1 : repeat) * channels;
        put_columns(own, products, s);
        put_columns(own + entries * channels, sums, s);
    }
#endif
}
