// Between the two sweeps over columns: the statistics of channels from those of blocks of samples (forward), or the
// sums of channels from those of blocks (backward). WIDTH channels of a sheet a work-item; the last one's overlap those
// before.
#include "cpu/apply.cl"

// The first of the WIDTH channels of work-item `id` that are its own, and the sheet they are of.
static inline void cut_channels(long id, long channels, long *sheet, long *c) {
    const long vectors = (channels + WIDTH - 1) / WIDTH;
    *sheet = id / vectors;
    *c = id % vectors * WIDTH;
}

// partials: [3][sheets * blocks][channels], see columns_moments.
__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void columns_merge(__global const element *x, __global const float *partials, __global float *stats, long sheets,
                   long samples, long channels, long span, long block, long blocks, float eps, int zero_rstd) {
    long sheet, c;
    cut_channels(get_group_id(0), channels, &sheet, &c);
    const long plane = sheets * blocks * channels;
    const long at = min(c, channels - WIDTH);
    __global const float *p = partials + sheet * blocks * channels + at;
    const vec mean = load(p);
    vec delta = load(p + plane);
    vec_pair squares;
    squares.hi = load(p + 2 * plane);
    squares.lo = (vec)(0.0f);
    for (long b = 1; b < blocks; b++) {
        const float before = (float)(b * block * span);
        const float count = (float)((b == blocks - 1 ? samples - b * block : block) * span);
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
        finish_group(&m, x + (sheet * samples * channels + at + lane) * span, samples, channels * span, span, stats,
                     sheets * channels, sheet * channels + at + lane, eps, zero_rstd, &s);
    }
}

static inline vec total_of(__global const float *sums, long blocks, long channels) {
    vec_pair total;
    total.hi = total.lo = (vec)(0.0f);
    for (long b = 0; b < blocks; b++) {
        vec_pair_add(&total, load(sums + b * channels));
    }
    return total.hi + total.lo;
}

// partials: [2][sheets * blocks][parameters], sums: [2][sheets][parameters], of dy * x_hat and of dy.
__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void columns_fold(__global const float *partials, __global float *sums, long sheets, long parameters, long blocks) {
    long sheet, p;
    cut_channels(get_group_id(0), parameters, &sheet, &p);
    const long at = min(p, parameters - WIDTH);
    for (int k = 0; k < 2; k++) {
        const long plane = k * sheets + sheet;
        const vec total = total_of(partials + plane * blocks * parameters + at, blocks, parameters);
        put_last(total, parameters - p, sums + plane * parameters + at);
    }
}
