// How a team of work-items walks planes of contiguous elements: the packs of all planes are counted through, and
// neighbouring work-items take neighbouring packs, whatever the shape. A work-item takes BLOCK packs at a time, so that
// as many loads are under way; a team that HOLDS has no more than BLOCK of them each and keeps them in registers.

#ifndef BLOCK
#define BLOCK 4
#endif
#ifndef HOLDS
#define HOLDS 0
#endif
#ifndef ONE_PLANE  // whether what a team walks is always part of one plane
#define ONE_PLANE 0
#endif

// 1: of a pack nothing is read that is not meant. scripts/check-kernels asks for it, since in place a neighbour may
// write what else lies there, which a detector of races cannot know to be of no use.
#ifndef EXACT_READS
#define EXACT_READS 0
#endif

#include "gpu/team.cl"

// Planes of `span` elements, `stride` apart in a tensor of `limit` elements; `plane` is the index of the first one in
// its group. No planes: nothing to walk.
typedef struct {
    long first, stride, limit;
    int planes, span, plane;
} region;

// Where a pack is, and which of its elements are meant: [from, to), perhaps none.
typedef struct {
    long at;
    int from, to;
} cell;

static inline int whole(cell c) {
    return c.to - c.from == PACK;
}

// A pack with zeros for what is not meant.
static inline pack inside(pack v, cell c) {
    if (!whole(c)) {
        const pack_index i = INDICES;
        v = select((pack)0.0f, v, i >= c.from && i < c.to);
    }
    return v;
}

// What is not meant is read too, unless it lies behind the tensor's end, `limit` elements; it is never used.
static inline raw_pack load_cell(__global const element *x, cell c, long limit) {
    raw_pack raw = (raw_pack)0;
    if (c.to > c.from) {
        const int all = EXACT_READS ? whole(c) : c.at + PACK <= limit;
        raw = ALIGNED || all ? load_raw(x + c.at) : packed(load_masked(x, c.at, c.at + c.from, c.at + c.to));
    }
    return raw;
}

#ifndef STREAMS  // whether what is stored should leave the cache first
#define STREAMS 0
#endif

static inline void put_raw(__global element *p, raw_pack raw) {
#if STREAMS && (defined(__NV_CL_C_VERSION) || defined(__NVPTX__))
    const uint4 bits = as_uint4(raw);
    asm volatile("st.global.cs.v4.b32 [%0], {%1, %2, %3, %4};"
                 : : "l"(p), "r"(bits.s0), "r"(bits.s1), "r"(bits.s2), "r"(bits.s3) : "memory");
#else
    store_raw(p, raw);
#endif
}

static inline void store_cell(__global element *y, pack v, cell c) {
    if (whole(c)) {
        put_raw(y + c.at, packed(v));
    } else if (!ALIGNED) {
        store_masked(y, v, c.at, c.at + c.from, c.at + c.to);
    }
}

// A pack of a region, by plane and by place in it, and how far it is to the work-item's next one.
typedef struct {
    int plane, pack, packs, next_plane, next_pack;
} place;

// The packs that a plane may touch, wherever it begins.
static inline int packs_of(region r) {
#if ALIGNED
    return r.span / PACK;
#else
    return (r.span + 2 * PACK - 2) / PACK;
#endif
}

static inline place first_place(region r) {
    place p;
    p.packs = packs_of(r);
#if ONE_PLANE
    p.plane = 0;
    p.pack = item();
    p.next_plane = 0;
    p.next_pack = ITEMS;
#else
    p.plane = item() / p.packs;
    p.pack = item() % p.packs;
    p.next_plane = ITEMS / p.packs;
    p.next_pack = ITEMS % p.packs;
#endif
    return p;
}

static inline place after(place p) {
    place next = p;
    next.pack += p.next_pack;
#if !ONE_PLANE
    const int over = next.pack >= p.packs;
    next.plane += p.next_plane + over;
    next.pack -= over ? p.packs : 0;
#endif
    return next;
}

static inline int exists(region r, place p) {
#if ONE_PLANE
    return p.pack < p.packs && r.planes > 0;
#else
    return p.plane < r.planes;
#endif
}

static inline cell cell_of(region r, place p) {
    const long begin = r.first + p.plane * r.stride;
    cell c;
#if ALIGNED
    c.at = begin + PACK * p.pack;
    c.from = 0;
    c.to = exists(r, p) ? PACK : 0;
#else
    const int head = (int)(begin & (PACK - 1));
    const int from_begin = PACK * p.pack - head;
    c.at = begin + from_begin;
    c.from = max(0, -from_begin);
    c.to = exists(r, p) ? clamp(r.span - from_begin, 0, PACK) : 0;
#endif
    return c;
}

// The work-item's packs from a place on, and where it goes on after them.
static inline place load_block(raw_pack *block, __global const element *x, region r, place first) {
    place p = first;
#pragma unroll
    for (int i = 0; i < BLOCK; i++) {
        block[i] = load_cell(x, cell_of(r, p), r.limit);
        p = after(p);
    }
    return p;
}
