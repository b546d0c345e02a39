// What is done to the packs of groups of planes once statistics are known: y, the sums of a backward pass, and dx.
//
// SEGMENTED: the planes of a group follow each other and each has a parameter of its own (group normalization).
// Otherwise a group is a channel of [planes, groups, span] and has one parameter (batch normalization, and instance
// normalization, where a group has one plane). Parameters repeat after row_groups groups.

#ifndef SEGMENTED
#define SEGMENTED 0
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

#include "gpu/slices.cl"

// A dx that does not depend on other elements.
#define ELEMENTWISE (GIVEN && WANT_DX)
// The parameter of what a backward pass adds up: asked for by an activation alone.
#define INNER(parameter) (ACTIVATION ? (parameter) : 0)
// Whether dx is made of x at all.
#define DX_OF_X (!GIVEN || ACTIVATION)

// The parameter of a plane of a group.
static inline long parameter_of(long group, long plane, long planes, long row_groups) {
#if SEGMENTED
    return (group % row_groups) * planes + plane;
#else
    return group % row_groups;
#endif
}

// All of a group, or nothing for a team past the last one.
static inline region group_region(long group, cut c) {
    region r;
    r.stride = SEGMENTED ? c.span : c.groups * c.span;
    r.first = group * (SEGMENTED ? c.planes * c.span : c.span);
    r.limit = c.groups * c.planes * c.span;
    r.planes = group < c.groups ? (int)c.planes : 0;
    r.span = (int)c.span;
    r.plane = 0;
    return r;
}

static inline region slice_region(long group, long slice, cut c) {
    region r = group_region(group, c);
    const long offset = slice % c.across * c.span_each;
    const long plane = slice / c.across * c.planes_each;
    r.plane = (int)plane;
    r.first += plane * r.stride + offset;
    r.planes = group < c.groups ? (int)min(c.planes_each, c.planes - plane) : 0;
    r.span = (int)min(c.span_each, c.span - offset);
    return r;
}

static inline float size_of(region r) {
    return r.planes > 0 ? (float)((long)r.planes * r.span) : 1.0f;
}

// The group of this team and the slice of it that this work-group takes. Turned around, the last come first: what the
// kernel before this one read last is still in the cache.
static inline long group_here(long slices) {
    return get_group_id(0) / slices * TEAMS + team();
}

static inline long slice_here(long slices) {
    return get_group_id(0) % slices;
}

static inline long group_turned(long slices) {
    return (get_num_groups(0) - 1 - get_group_id(0)) / slices * TEAMS + team();
}

static inline long slice_turned(long slices) {
    return (get_num_groups(0) - 1 - get_group_id(0)) % slices;
}

// first: the parameter of the region's first plane.
static inline void put_y(__global element *y, __global const element *residual, const raw_pack *block, region r,
                         place from, group_stats s, __global const parameter *weight, __global const parameter *bias,
                         long first) {
    place p = from;
#pragma unroll
    for (int i = 0; i < BLOCK; i++) {
        const cell c = cell_of(r, p);
        if (c.to > c.from) {
            const long own = first + (SEGMENTED ? p.plane : 0);
            pack v = normalized_pack(unpacked(block[i]), s) * weight_at(weight, own) + bias_at(bias, own);
#if JOIN == ADD_AFTER
            v += unpacked(load_cell(residual, c, r.limit));
#endif
            store_cell(y, activated_pack(v), c);
        }
        p = after(p);
    }
}

static inline void normalize(__global const element *x, const raw_pack *held, __global const element *residual,
                             __global element *y, __global const parameter *weight, __global const parameter *bias,
                             region r, group_stats s, long first) {
    place p = first_place(r);
#if HOLDS
    put_y(y, residual, held, r, p, s, weight, bias, first);
#else
    while (exists(r, p)) {
        raw_pack block[BLOCK];
        const place next = load_block(block, x, r, p);
        put_y(y, residual, block, r, p, s, weight, bias, first);
        p = next;
    }
#endif
}

// Adds the sums of g * x_hat and g over a block, g being dy through the activation. first: the parameter of the
// region's first plane.
static inline tally add_products(tally t, const raw_pack *xs, const raw_pack *gs, region r, place from, group_stats s,
                                 __global const parameter *weight, __global const parameter *bias, long first) {
    place p = from;
    pack products = (pack)0.0f;
    pack sums = (pack)0.0f;
#pragma unroll
    for (int i = 0; i < BLOCK; i++) {
        const cell c = cell_of(r, p);
#if ACTIVATION
        const long own = first + (SEGMENTED && c.to > c.from ? p.plane : 0);
#endif
        const pack x_hat = normalized_pack(unpacked(xs[i]), s);
        const pack g = PACK_THROUGH(unpacked(gs[i]), x_hat * weight_at(weight, own) + bias_at(bias, own));
        products += inside(g * x_hat, c);
        sums += inside(g, c);
        p = after(p);
    }
    return add_second(add_first(t, sum_of(products)), sum_of(sums));
}

static inline tally products(tally before, __global const element *x, __global const element *dy, region r, place from,
                             group_stats s, __global const parameter *weight, __global const parameter *bias,
                             long first) {
    tally t = before;
    place p = from;
    while (exists(r, p)) {
        raw_pack xs[BLOCK], gs[BLOCK];
        load_block(xs, x, r, p);
        const place next = load_block(gs, dy, r, p);
        t = add_products(t, xs, gs, r, p, s, weight, bias, first);
        p = next;
    }
    return t;
}

// dx from the means over the group of g = dy * w and of g * x_hat; they are no part of it where the statistics were
// given. first: the parameter of the region's first plane.
static inline void put_dx(__global element *dx, __global const element *dsum, const raw_pack *xs, const raw_pack *gs,
                          region r, place from, group_stats s, __global const parameter *weight,
                          __global const parameter *bias, long first, float mean_g, float mean_gx) {
    place p = from;
#pragma unroll
    for (int i = 0; i < BLOCK; i++) {
        const cell c = cell_of(r, p);
        if (c.to > c.from) {
            const long own = first + (SEGMENTED ? p.plane : 0);
            const float w = weight_at(weight, own);
#if DX_OF_X
            const pack x_hat = normalized_pack(unpacked(xs[i]), s);
#endif
            const pack g = PACK_THROUGH(unpacked(gs[i]), x_hat * w + bias_at(bias, own)) * w;
#if GIVEN
            pack v = (g * s.rstd) * s.scale;
#else
            pack v = input_gradients(g, x_hat, mean_g, mean_gx, s);
#endif
#if JOIN == ADD_BEFORE
            v += unpacked(load_cell(dsum, c, r.limit));
#endif
            store_cell(dx, v, c);
        }
        p = after(p);
    }
}

static inline void gradient_of(__global const element *x, __global const element *dy, __global const element *dsum,
                               __global element *dx, __global const parameter *weight,
                               __global const parameter *bias, region r, group_stats s, long first, float mean_g,
                               float mean_gx) {
    place p = first_place(r);
    while (exists(r, p)) {
        raw_pack xs[BLOCK], gs[BLOCK];
#if DX_OF_X
        load_block(xs, x, r, p);
#endif
        const place next = load_block(gs, dy, r, p);
        put_dx(dx, dsum, xs, gs, r, p, s, weight, bias, first, mean_g, mean_gx);
        p = next;
    }
}

static inline void store_partials(__global float *partials, long blocks, long parameters, long block, long own,
                                  tally t) {
    partials[block * parameters + own] = t.first;
    partials[(blocks + block) * parameters + own] = t.second;
}
