// The bits that RELU of a sum leaves behind, one an element: whether its gradient passes. Bit i % 32 of word i / 32 is
// that of element i, whichever kernel makes or reads it. Runs begin anywhere in a word, so that neighbours share one,
// and may be two work-items': then each changes its own bits in it, and leaves the others alone.
#ifndef CPU_SIGNS
#define CPU_SIGNS
#include "cpu/vectors.cl"

// 1: bits are made where y is stored.
#ifndef KEEPS_SIGNS
#define KEEPS_SIGNS 0
#endif
// 1: what reaches y is gated by bits; dout is the gradient before, dy after.
#ifndef GATED
#define GATED 0
#endif

#define SIGN_BITS 32 // of a word
#define LANE_BITS (((lanes)(1)) << LANE_INDEX)

// Whether lanes of y, as stored, let their gradients pass: a bit each. RELU leaves no zero with a sign.
#if STORAGE == FLOAT32
#define PASSES(v) (!((v) <= 0.0f))
#else
#define PASSES(v) ((v) != (halves)(0))
#endif

#if WIDTH == 1
static inline uint signs_of(stored v) {
    return PASSES(v) ? 1 : 0;
}
#elif defined(__clang__) && defined(__SSE2__) && WIDTH >= 8
// One instruction takes a bit of each of 16 bytes.
static inline uint signs_of(stored v) {
#if WIDTH == 16
    const char16 bytes = __builtin_convertvector(PASSES(v), char16);
#else
    const char16 bytes = (char16)(__builtin_convertvector(PASSES(v), char8), (char8)(0));
#endif
    return (uint)__builtin_ia32_pmovmskb128(bytes);
}
#else
static inline uint signs_of(stored v) {
#if STORAGE == FLOAT32
    const lanes bits = PASSES(v) & LANE_BITS;
#else
    const lanes bits = NAMED(convert_int, WIDTH)(PASSES(v)) & LANE_BITS;
#endif
    uint all = 0;
    for (int lane = 0; lane < WIDTH; lane++) {
        all |= ((const uint *)&bits)[lane];
    }
    return all;
}
#endif

// Bits of consecutive elements on their way to memory.
typedef struct {
    __global uint *word; // that they are for
    ulong bits;          // its bits, and beyond
    int filled;          // how many
    int foreign;         // how many of them, the first, are another run's
} sign_writer;

static inline void open_signs(sign_writer *w, __global uint *signs, long first) {
    w->word = signs + first / SIGN_BITS;
    w->bits = 0;
    w->filled = w->foreign = (int)(first % SIGN_BITS);
}

// Changes the bits of a word that are in the mask.
static inline void change_signs(__global uint *word, uint bits, uint mask) {
    atomic_and(word, ~mask);
    atomic_or(word, bits & mask);
}

// The next `count` elements' bits; there are no others in `bits`.
static inline void add_signs(sign_writer *w, uint bits, int count) {
    w->bits |= (ulong)bits << w->filled;
    w->filled += count;
    if (w->filled >= SIGN_BITS) {
        if (w->foreign > 0) {
            change_signs(w->word, (uint)w->bits, ~0u << w->foreign);
            w->foreign = 0;
        } else {
            *w->word = (uint)w->bits;
        }
        w->word++;
        w->bits >>= SIGN_BITS;
        w->filled -= SIGN_BITS;
    }
}

static inline void close_signs(sign_writer *w) {
    if (w->filled > w->foreign) {
        change_signs(w->word, (uint)w->bits, ((1u << w->filled) - 1) & (~0u << w->foreign));
    }
}

// v, of which `count` lanes after `skip` are new.
static inline stored signed_part(sign_writer *w, stored v, long skip, long count) {
    add_signs(w, signs_of(v) >> skip & ((1u << count) - 1), (int)count);
    return v;
}

static inline stored signed_whole(sign_writer *w, stored v) {
    add_signs(w, signs_of(v), WIDTH);
    return v;
}

// The bits of the WIDTH elements from `first` on, and others beyond, for which the last word has a neighbour. In a loop
// of such steps the distance to shift stays the same.
typedef struct __attribute__((packed)) {
    uint v;
} loose_bits;

static inline uint signs_at(__global const uint *signs, long first) {
#ifdef __ENDIAN_LITTLE__
    return ((__global const loose_bits *)((__global const uchar *)signs + first / 8))->v >> first % 8;
#else
    const ulong low = signs[first / SIGN_BITS];
    const ulong high = signs[(first + WIDTH - 1) / SIGN_BITS];
    return (uint)((high << SIGN_BITS | low) >> first % SIGN_BITS);
#endif
}

// v where the bit is set, 0 elsewhere.
static inline vec gated_by(vec v, uint bits) {
    return select((vec)(0.0f), v, (lanes)((LANE_BITS & (lanes)((int)bits)) != 0));
}
#endif
