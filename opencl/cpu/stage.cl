// Short rows that are no whole cache lines, one after the other, past the caches: they wait in a work-item's own memory
// until they fill lines. Stored at once they would have their lines read first, or half a line would go alone.
#ifndef CPU_STAGE
#define CPU_STAGE
#include "cpu/vectors.cl"

// 1: the output is large and its rows are short and ragged.
#ifndef STAGED
#define STAGED 0
#endif

// Bytes that wait at most; they stay in the L1 cache.
#define STAGE_BYTES 8192

// What waits: `filled` elements of `room`, where the first of them belongs (at the begin of a line), and how many of
// the first are another's.
typedef struct {
    uint16 *room;
    __global element *out;
    long filled, foreign;
} stage;

#if WIDTH == 1
#define store_staged(value, p) (*(p) = stored_of(value))
#else
typedef struct __attribute__((packed)) {
    stored v;
} loose_stored;
#define store_staged(value, p) (((loose_stored *)(p))->v = stored_of(value))
#endif

static inline void open_stage(stage *s, uint16 *room, __global element *out) {
    s->foreign = (long)((size_t)out & 63) / (long)sizeof(element);
    s->room = room;
    s->out = out - s->foreign;
    s->filled = s->foreign;
}

// Stores the whole lines.
static inline void flush(stage *s) {
    const element *from = (const element *)s->room;
    const long lines = s->filled / LINE;
    long line = 0;
    if (lines > 0 && s->foreign > 0) {
        for (long i = s->foreign; i < LINE; i++) {
            s->out[i] = from[i];
        }
        s->foreign = 0;
        line = 1;
    }
    for (; line < lines; line++) {
        __builtin_nontemporal_store(s->room[line], (__global uint16 *)(s->out + line * LINE));
    }
    s->room[0] = s->room[lines];
    s->out += lines * LINE;
    s->filled -= lines * LINE;
}

static inline void close_stage(stage *s) {
    flush(s);
    for (long i = s->foreign; i < s->filled; i++) {
        s->out[i] = ((const element *)s->room)[i];
    }
}

// Adds a row, VALUE(i) as in SWEEP.
#define STAGE_ROW(s, count, VALUE)                                                                                     \
    {                                                                                                                  \
        if (((s)->filled + (count) + LINE) * (long)sizeof(element) > STAGE_BYTES) {                                    \
            flush(s);                                                                                                  \
        }                                                                                                              \
        element *place = (element *)(s)->room + (s)->filled;                                                           \
        for (long at = 0; at < (count); at += WIDTH) {                                                                 \
            const long i = min(at, (count) - WIDTH);                                                                   \
            store_staged(VALUE(i), place + i);                                                                         \
        }                                                                                                              \
        (s)->filled += (count);                                                                                        \
    }
#endif
