// dx of a batch that lies on several devices, once the host has the means of dy and dy * x_hat over all of them; the
// second half of a backward pass whose first half was sums.
//
//     dx = rstd * w * (dy - mean(dy) - x_hat * mean(dy * x_hat))
//
// partials is [4][channels]: dweight, dbias, and these two means. Every element is by itself, so a work-group walks any
// stretch: of planes, where a channel's elements follow each other, or of rows of channels. `width` of its work-items
// stand side by side in a plane or row; the others walk the next ones at the same time.
//
// Not contracted, so that both layouts give the same bits. Bytes: reads x and dy, writes dx.
#pragma OPENCL FP_CONTRACT OFF
#include "common/numerics.cl"
#include "common/form.cl"

#ifndef WORK_GROUP
#define WORK_GROUP 1
#endif
#ifndef HAS_WEIGHT
#define HAS_WEIGHT 1
#endif

#define MEAN_G 2
#define MEAN_GX 3

typedef struct {
    group_stats stats;
    real mean_g, mean_gx, weight;
} channel;

static inline void load_channel(channel *of, __global const real *stats, __global const real *partials,
                                __global const parameter *weight, long channels, long c) {
    read_stats(stats, channels, c, &of->stats);
    of->mean_g = partials[MEAN_G * channels + c];
    of->mean_gx = partials[MEAN_GX * channels + c];
#if HAS_WEIGHT
    of->weight = weight_of_stored(parameter_at(weight + c));
#else
    of->weight = 1.0f;
#endif
}

static inline real gradient(real x, real dy, const channel *of) {
    const real g = dy - of->mean_g - normalized(x, of->stats) * of->mean_gx;
    return ((of->weight * g) * of->stats.rstd) * of->stats.scale;
}

// So that the loop of a lone work-item is one over neighbours, which compilers turn into vectors.
#if WORK_GROUP == 1
#define WIDTH 1
#else
#define WIDTH width
#endif

// [planes][plane], plane p of channel p mod channels. A work-group takes a part of `together` planes.
__kernel __attribute__((reqd_work_group_size(WORK_GROUP, 1, 1)))
void gradient_planes(__global const element *restrict x, __global const element *restrict dy,
                     __global const parameter *restrict weight, __global const real *restrict stats,
                     __global const real *restrict partials, __global element *restrict dx,
                     long planes, long plane, long channels, long parts, long together, long width) {
    const long block = (long)get_group_id(0) / parts;
    const long part = (long)get_group_id(0) % parts;
    const long stretch = (plane + parts - 1) / parts;
    const long end = min((part + 1) * stretch, plane);
    const long lane = (long)get_local_id(0) % WIDTH;
    const long row = (long)get_local_id(0) / WIDTH;
    const long rows = WORK_GROUP / WIDTH;
    if (row >= rows) {
        return;
    }
    for (long p = block * together + row; p < min((block + 1) * together, planes); p += rows) {
        channel of;
        load_channel(&of, stats, partials, weight, channels, p % channels);
        const long from = p * plane;
        for (long i = part * stretch + lane; i < end; i += WIDTH) {
            put_element(gradient(element_at(x + from + i), element_at(dy + from + i), &of), dx + from + i);
        }
    }
}

// [rows][channels]. A work-group takes `together` rows of a tile of channels.
__kernel __attribute__((reqd_work_group_size(WORK_GROUP, 1, 1)))
void gradient_columns(__global const element *restrict x, __global const element *restrict dy,
                      __global const parameter *restrict weight, __global const real *restrict stats,
                      __global const real *restrict partials, __global element *restrict dx,
                      long rows, long channels, long tile, long tiles, long together, long width) {
    const long first = (long)get_group_id(0) / tiles * together;
    const long last = min(first + together, rows);
    const long column = (long)get_group_id(0) % tiles * tile;
#if WORK_GROUP == 1
    for (long row = first; row < last; row++) {
        for (long c = column; c < min(column + tile, channels); c++) {
            channel of;
            load_channel(&of, stats, partials, weight, channels, c);
            const long i = row * channels + c;
            put_element(gradient(element_at(x + i), element_at(dy + i), &of), dx + i);
        }
    }
#else
    const long c = column + (long)get_local_id(0) % width;
    const long beside = WORK_GROUP / width;
    if ((long)get_local_id(0) / width >= beside || c >= channels) {
        return;
    }
    channel of;
    load_channel(&of, stats, partials, weight, channels, c);
    for (long row = first + (long)get_local_id(0) / width; row < last; row += beside) {
        const long i = row * channels + c;
        put_element(gradient(element_at(x + i), element_at(dy + i), &of), dx + i);
    }
#endif
}
