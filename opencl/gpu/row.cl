// How a team of work-items holds a row, or a part of one, in registers. The body of the row, whole packs at multiples
// of 16 bytes, is read 128 bits at a time and stays as it lay in memory, four registers a pack; before and after it
// are fewer than PACK elements each, the edges, of which a work-item has one at most. So a row may begin anywhere.

// Packs of a row that a work-item holds, and how many of them are there in every work-item, however rows begin.
#ifndef PACKS
#define PACKS 4
#endif
#ifndef FULL
#define FULL 0
#endif

#include "gpu/team.cl"

// A stretch of elements, relative to its beginning: the first of its whole packs, how many these are, and the edge of
// this work-item, or -1.
typedef struct {
    long lead, edge;
    int packs;
} stretch;

static inline stretch stretch_of(long begin, long length) {
    stretch s;
#if ALIGNED
    s.lead = 0;
    s.edge = -1;
    s.packs = (int)(length / PACK);
#else
    s.lead = min(-begin & (PACK - 1L), length);
    s.packs = (int)((length - s.lead) / PACK);
    const long tail = s.lead + PACK * (long)s.packs;
    const long after = tail + (item() - s.lead);
    s.edge = item() < s.lead ? item() : after < length ? after : -1;
#endif
    return s;
}

static inline int has_edge(stretch s) {
    return !ALIGNED && s.edge >= 0;
}

// Where pack q of a stretch begins.
static inline long place_of(stretch s, int q) {
    return s.lead + PACK * (long)q;
}

// The number of the k-th pack of a work-item, and whether it has one; `packs` are those of the stretch from there on.
static inline int pack_number(int k) {
    return k * ITEMS + item();
}

static inline int present(int k, int packs) {
    return k < FULL || pack_number(k) < packs;
}

// How many packs a work-item has of that many.
static inline int packs_held(int packs) {
    return FULL == PACKS ? PACKS : clamp((packs - item() + ITEMS - 1) / ITEMS, 0, PACKS);
}

// Reads what this work-item holds of up to PACKS * ITEMS packs.
INLINED void hold(raw_pack *held, __global const element *x, int packs) {
#pragma unroll
    for (int k = 0; k < PACKS; k++) {
        held[k] = (raw_pack)0;
        if (present(k, packs)) {
            held[k] = load_raw(x + PACK * (long)pack_number(k));
        }
    }
}
