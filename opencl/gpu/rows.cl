// Rows of which every element has a parameter of its own, as in layer normalization: y. parameters are `length` where
// all rows share them, else those of row r begin at (r % row_groups) * length.
//
// A team of work-items owns a row and holds it in registers, so that x is read once and y written once: 2T bytes. A row
// longer than what a work-group holds (CHUNKED) passes through the registers in chunks. The last one stays there, as
// much as fits of the first one in local memory, and the rest is read again, latest first, while it is in the cache.
//
// Where rows begin anywhere, the parameters of a pack do too, and reading them costs more than reading x. There (KEEP)
// work-groups take rows that begin at one distance from a multiple of 16 bytes, one after the other, and keep the
// parameters in registers.
//
// A residual is added before (ADD_BEFORE: x is written too, 4T) or after (ADD_AFTER, 3T).
#include "gpu/share.cl"

#ifndef CHUNKED
#define CHUNKED 0
#endif
// Packs of a work-item that stay in local memory.
#ifndef LOCAL_PACKS
#define LOCAL_PACKS 0
#endif
#ifndef KEEP
#define KEEP 0
#endif
#define CHUNK (PACKS * ITEMS)
#define ASIDE(k) aside[(k) * WORK_GROUP + get_local_id(0)]

INLINED void put_pack(__global element *y, __global const element *residual, raw_pack raw, group_stats s, pack w,
                      pack b) {
#if JOIN == ADD_AFTER
    const pack v = normalized_pack(unpacked(raw), s) * w + b + unpacked(load_raw(residual));
#else
    const pack v = normalized_pack(unpacked(raw), s) * w + b;
#endif
    store_raw(y, packed(activated_pack(v)));
}

// y of a chunk: what is held of it, packs from number `first` on. Whether a pack is there is asked of each, FULL or
// not: compilers then read parameters pack by pack, and do not hold those of all packs in registers.
INLINED void put_held(__global element *y, __global const element *residual, const raw_pack *held, stretch part,
                      int first, group_stats s, __global const parameter *weight, __global const parameter *bias) {
#pragma unroll
    for (int k = 0; k < PACKS; k++) {
        if (pack_number(k) < part.packs - first) {
            const long at = place_of(part, first + pack_number(k));
            put_pack(y + at, residual + at, held[k], s, weights_at(weight, at), biases_at(bias, at));
        }
    }
}

// y of a chunk that is no longer held, from the k-th packs on.
INLINED void put_again(__global const element *x, __global element *y, __global const element *residual, stretch part,
                       int first, int from, group_stats s, __global const parameter *weight,
                       __global const parameter *bias) {
#pragma unroll 4
    for (int k = from; k < PACKS; k++) {
        if (present(k, part.packs - first)) {
            const long at = place_of(part, first + pack_number(k));
            put_pack(y + at, residual + at, load_raw(x + at), s, weights_at(weight, at), biases_at(bias, at));
        }
    }
}

// A work-group takes a set of rows, one to a team. KEEP: every `phases`-th row begins alike, and it takes every
// `strands`-th set of those; there is one at least.
FIXED_WORK_GROUP
__kernel void forward(__global const element *restrict first, __global const element *restrict residual,
                      __global normalized_element *restrict x, __global element *restrict y,
                      __global const parameter *restrict weight, __global const parameter *restrict bias,
                      __global float *restrict stats, long rows, long length, long row_groups, long phases,
                      long strands, float eps, int zero_rstd) {
    __local slot slots[SLOTS];
    __local int answer;
#if LOCAL_PACKS > 0
    __local raw_pack aside[LOCAL_PACKS * WORK_GROUP];
#endif
#if KEEP
    const long phase = get_group_id(0) % phases;
    long set = get_group_id(0) / phases;
    const stretch part = stretch_of(phase * length, length);
    pack w[PACKS], b[PACKS];
#pragma unroll
    for (int k = 0; k < PACKS; k++) {
        w[k] = b[k] = (pack)0.0f;
        if (present(k, part.packs)) {
            w[k] = weights_at(weight, place_of(part, pack_number(k)));
            b[k] = biases_at(bias, place_of(part, pack_number(k)));
        }
    }
#endif
    do {
#if KEEP
        const long first_row = set * TEAMS * phases + phase;
        const long own = first_row + team() * phases;
#else
        const long first_row = (long)get_group_id(0) * TEAMS;
        const long own = first_row + team();
#endif
        const int mine = own < rows;
        // a team without a row does what the first one does, but for writing
        const long row = mine ? own : first_row;
        __global normalized_element *from = x + row * length;
        __global const element *terms = first + row * length;
        __global const element *added = residual + row * length;
        __global element *to = y + row * length;
#if !KEEP
        const stretch part = stretch_of(row * length, length);
#endif
        const int edges = has_edge(part);
        const float pivot = CENTERED ? value_at(from, terms, added, 0) : 0.0f;
        const float edge = edges ? value_at(from, terms, added, part.edge) : 0.0f;
        raw_pack held[PACKS];
#if CHUNKED
        // the last chunk comes first, because it may be short enough for local memory; then the others in turn
        const int last = (part.packs - 1) / CHUNK;
        hold_from(held, from, terms, added, place_of(part, last * CHUNK), part.packs - last * CHUNK);
        meet_over_sums();
        store_sums(from + place_of(part, last * CHUNK), held, part.packs - last * CHUNK, mine);
        share s = held_share(held, part.packs - last * CHUNK, edge, edges, pivot);
#if LOCAL_PACKS > 0
#pragma unroll
        for (int k = 0; k < LOCAL_PACKS; k++) {
            ASIDE(k) = held[k];
        }
#endif
        for (int c = 0; c < last; c++) {
            hold_from(held, from, terms, added, place_of(part, c * CHUNK), CHUNK);
            store_sums(from + place_of(part, c * CHUNK), held, CHUNK, mine);
            s = merged(s, held_share(held, CHUNK, 0.0f, 0, pivot));
        }
#else
        hold_from(held, from, terms, added, part.lead, part.packs);
        meet_over_sums();
        store_sums(from + part.lead, held, part.packs, mine);
        const share s = held_share(held, part.packs, edge, edges, pivot);
#endif
        store_sum(from, edge, part, mine);
        meet_over_sums();
        moments m;
        merge_shares(&m, s, pivot, (float)length, slots);
        rescue_row(&m, from, length, eps, slots, &answer);
        if (mine) {
            if (item() == 0) {
                store_moments(stats, rows, row, m, eps, zero_rstd);
            }
            const group_stats f = finished(m, eps, zero_rstd);
            const long p = row % row_groups * length;
            if (edges) {
                float v = normalized(edge, f) * weight_at(weight + p, part.edge) + bias_at(bias + p, part.edge);
#if JOIN == ADD_AFTER
                v += element_at(added + part.edge);
#endif
                put_element(activated(v), to + part.edge);
            }
#if KEEP
#pragma unroll
            for (int k = 0; k < PACKS; k++) {
                if (present(k, part.packs)) {
                    const long at = place_of(part, pack_number(k));
                    put_pack(to + at, added + at, held[k], f, w[k], b[k]);
                }
            }
#elif CHUNKED
            put_held(to, added, held, part, max(last - 1, 0) * CHUNK, f, weight + p, bias + p);
#if LOCAL_PACKS > 0
            for (int k = 0; last > 0 && k < LOCAL_PACKS; k++) {
                if (present(k, part.packs - last * CHUNK)) {
                    const long at = place_of(part, last * CHUNK + pack_number(k));
                    put_pack(to + at, added + at, ASIDE(k), f, weights_at(weight + p, at), biases_at(bias + p, at));
                }
            }
#endif
            if (last > 0) {
                put_again(from, to, added, part, last * CHUNK, LOCAL_PACKS, f, weight + p, bias + p);
            }
            for (int c = last - 2; c >= 0; c--) {
                put_again(from, to, added, part, c * CHUNK, 0, f, weight + p, bias + p);
            }
#else
            put_held(to, added, held, part, 0, f, weight + p, bias + p);
#endif
        }
#if KEEP
        set += strands;
    } while (set * TEAMS * phases + phase < rows);
#else
    } while (0);
#endif
}
