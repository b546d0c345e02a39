// Forward over short rows, four at a time: what is done once a row, adding up lanes, dividing, storing statistics, is
// done once for four. A work-item does `block` rows.
#include "cpu/row.cl"

// Sums over four rows of the distances from four means, and of their squares.
__attribute__((always_inline)) static inline void add_four(__global const element *x, long length, float4 mean,
                                                           float4 *sums, float4 *squares) {
    vec a0 = (vec)(0.0f), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
    for (long i = 0; i < length; i += WIDTH) {
        const long at = min(i, length - WIDTH);
        const vec d0 = fresh_lanes(load_elements(x + at) - mean.x, length - i);
        const vec d1 = fresh_lanes(load_elements(x + length + at) - mean.y, length - i);
        const vec d2 = fresh_lanes(load_elements(x + 2 * length + at) - mean.z, length - i);
        const vec d3 = fresh_lanes(load_elements(x + 3 * length + at) - mean.w, length - i);
        a0 += d0;
        a1 += d1;
        a2 += d2;
        a3 += d3;
        b0 += d0 * d0;
        b1 += d1 * d1;
        b2 += d2 * d2;
        b3 += d3 * d3;
    }
    *sums = sums_of_four(a0, a1, a2, a3);
    *squares = sums_of_four(b0, b1, b2, b3);
}

typedef struct {
    float4 mean, delta, rstd;
} four_stats;

// See rstd_of; v is never 0 here, nor near it.
static inline float4 four_rstd(float4 v) {
    const float4 r = 1.0f / sqrt(v);
    return select(r, fma(0.5f * r, fma(-v * r, r, (float4)(1.0f)), r), v < 0x1p100f);
}

// stats begins at the first of the four groups.
static inline void store_four(__global float *stats, long groups, four_stats s, float4 variance) {
    vstore4(s.mean, 0, stats + MEAN * groups);
    vstore4(s.delta, 0, stats + DELTA * groups);
    vstore4(s.rstd, 0, stats + RSTD * groups);
    vstore4((float4)(1.0f), 0, stats + SCALE * groups);
    vstore4(variance, 0, stats + VARIANCE * groups);
}

__attribute__((always_inline)) static inline void apply_one(__global const element *x,
                                                            __global const element *residual,
                                                            __global const parameter *weight,
                                                            __global const parameter *bias, __global element *y,
                                                            stage *staged, long r, long segments, long span,
                                                            long row_groups, float mean, float delta, float rstd) {
    group_stats s;
    s.mean = mean;
    s.delta = delta;
    s.rstd = rstd;
    s.scale = 1.0f;
    apply_row(x, residual, weight, bias, y, 0, staged, r, segments, span, row_groups, s);
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void rows_short(__global const element *x, __global const parameter *weight, __global const parameter *bias,
                __global const element *residual, __global element *y, __global float *stats,
                __global float *running_mean, __global float *running_var, long rows, long segments, long span,
                long row_groups, long block, float eps, int zero_rstd, float momentum, float keep, float correction) {
    const tracked running = TRACKED;
    const long length = FIXED_LENGTH ? FIXED_LENGTH : segments * span;
    const float n = (float)length;
    const long last = min((long)(get_group_id(0) + 1) * block, rows);
    long r = get_group_id(0) * block;
    uint16 room[STAGED ? STAGE_BYTES / 64 : 1];
    stage staged;
    open_stage(&staged, room, y + r * length);
    for (; r + 4 <= last; r += 4) {
        __global const element *p = x + r * length;
        float4 sums, squares;
#if CENTERED
        float4 mean = (float4)(element_at(p), element_at(p + length), element_at(p + 2 * length),
                               element_at(p + 3 * length));
        add_four(p, length, mean, &sums, &squares);
        mean += sums / n;
        add_four(p, length, mean, &sums, &squares);
        const float4 off = sums / n;
#else
        const float4 mean = (float4)(0.0f), off = mean;
        add_four(p, length, mean, &sums, &squares);
#endif
        const float4 variance = squares / n - off * off;
        if (!all((variance > 0x1p-80f) & (variance <= FLT_MAX))) { // see needs_rescue
            for (int k = 0; k < 4; k++) {
                forward_row(x, residual, weight, bias, y, 0, &staged, stats, running, rows, r + k, segments, span,
                            row_groups, eps, zero_rstd);
            }
            continue;
        }
        four_stats s;
        s.mean = mean + off;
        s.delta = off - (s.mean - mean);
        s.rstd = four_rstd(variance + eps);
        store_four(stats + r, rows, s, variance);
        for (int k = 0; k < 4; k++) {
            move_tracked(stats, rows, r + k, running);
        }
        apply_one(x, residual, weight, bias, y, &staged, r, segments, span, row_groups, s.mean.x, s.delta.x,
                  s.rstd.x);
        apply_one(x, residual, weight, bias, y, &staged, r + 1, segments, span, row_groups, s.mean.y, s.delta.y,
                  s.rstd.y);
        apply_one(x, residual, weight, bias, y, &staged, r + 2, segments, span, row_groups, s.mean.z, s.delta.z,
                  s.rstd.z);
        apply_one(x, residual, weight, bias, y, &staged, r + 3, segments, span, row_groups, s.mean.w, s.delta.w,
                  s.rstd.w);
    }
    for (; r < last; r++) {
        forward_row(x, residual, weight, bias, y, 0, &staged, stats, running, rows, r, segments, span, row_groups,
                    eps, zero_rstd);
    }
#if STAGED
    close_stage(&staged);
#endif
}
