// Vectors of WIDTH floats, and how a run of consecutive floats is walked with them by one work-item.
//
// A run whose length is no multiple of WIDTH ends in a vector that overlaps the one before it: it is loaded whole and
// the lanes that were seen already are masked out (sums) or left out (stores). The plan takes a WIDTH no longer than
// the run, so that such a vector never begins before the run does.
#include "common/numerics.cl"

#ifndef WIDTH
#define WIDTH 8
#endif

// 1: the output is large, store whole cache lines past the caches.
#ifndef STREAM
#define STREAM 0
#endif

#define LINE 16 // floats in a cache line

#if WIDTH == 16
typedef float16 vec;
typedef int16 lanes;
#define LANE_INDEX ((int16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15))
#elif WIDTH == 8
typedef float8 vec;
typedef int8 lanes;
#define LANE_INDEX ((int8)(0, 1, 2, 3, 4, 5, 6, 7))
#elif WIDTH == 4
typedef float4 vec;
typedef int4 lanes;
#define LANE_INDEX ((int4)(0, 1, 2, 3))
#else
typedef float vec;
typedef int lanes;
#define LANE_INDEX 0
#endif

// A vector at any float's address. vload and vstore say the same, but PoCL's come out in pieces here and there.
typedef struct __attribute__((packed)) {
    vec v;
} loose;

#define load(p) (((__global const loose *)(p))->v)
#define store(value, p) (((__global loose *)(p))->v = (value))

// Asks for what is needed soon, near (L1) or far (L2): while one row is stored the next is on its way. The address need
// not be one of the buffer's. Only where clang compiles for the processor itself: on its way through SPIR the hint is
// an error.
#if defined(__clang__) && (defined(__x86_64__) || defined(__aarch64__))
#define fetch(p) __builtin_prefetch((__global const void *)(p))
#define fetch_far(p) __builtin_prefetch((__global const void *)(p), 0, 2)
#else
#define fetch(p) (void)0
#define fetch_far(p) (void)0
#endif

// A vector's lanes added up to four.
static inline float4 quarter_sums(vec v) {
#if WIDTH == 16
    const float8 s = v.lo + v.hi;
    return s.lo + s.hi;
#elif WIDTH == 8
    return v.lo + v.hi;
#elif WIDTH == 4
    return v;
#else
    return (float4)(v, 0.0f, 0.0f, 0.0f);
#endif
}

static inline float sum_of(vec v) {
    const float4 s = quarter_sums(v);
    const float2 t = s.lo + s.hi;
    return t.x + t.y;
}

// The sums of four vectors.
static inline float4 sums_of_four(vec a, vec b, vec c, vec d) {
    const float4 p = quarter_sums(a), q = quarter_sums(b), r = quarter_sums(c), s = quarter_sums(d);
    const float4 t = (float4)(p.lo + p.hi, q.lo + q.hi);
    const float4 u = (float4)(r.lo + r.hi, s.lo + s.hi);
    return (float4)(t.even + t.odd, u.even + u.odd);
}

// v with only its last `count` lanes kept, 0 elsewhere (whatever was there, NaN too).
static inline vec last_lanes(vec v, long count) {
#if WIDTH == 1
    return v;
#else
    return select((vec)(0.0f), v, (lanes)(LANE_INDEX >= (lanes)(WIDTH - (int)count)));
#endif
}

// The lanes of a run's vector that are new when `left` elements of it remain.
static inline vec fresh_lanes(vec v, long left) {
    return left < WIDTH ? last_lanes(v, left) : v;
}

static inline void clear(__global float *values, long count) {
    for (long i = 0; i < count; i++) {
        values[i] = 0.0f;
    }
}

// Sums in two floats, one a lane; see pair_add. No function here that others are built of returns a structure: Oclgrind
// 21.10 cannot run what clang makes of inlining that.
typedef struct {
    vec hi, lo;
} vec_pair;

static inline void vec_pair_add(vec_pair *a, vec b) {
    const vec sum = a->hi + b;
    const vec t = sum - a->hi;
    const vec low = a->lo + ((a->hi - (sum - t)) + (b - t));
    const lanes finite = isfinite(sum);
    a->hi = select(sum, sum + low, finite);
    a->lo = select((vec)(0.0f), low - (a->hi - sum), finite);
}

// The same for a single sum.
static inline void add_to(float_pair *a, float b) {
    const float sum = a->hi + b;
    const float t = sum - a->hi;
    const float low = a->lo + ((a->hi - (sum - t)) + (b - t));
    a->hi = isfinite(sum) ? sum + low : sum;
    a->lo = isfinite(sum) ? low - (a->hi - sum) : 0.0f;
}

// How many vectors may go into plain sums before these are folded into pairs. Equal terms are the worst: their rounding
// errors all have one sign, 16 of them cost up to 2.7e-7, 64 up to 1e-6.
#define SERIAL_SUMS 16

// Stores the first `count` lanes of v at p; 0 < count < WIDTH.
static inline void store_first(vec v, long count, __global float *p) {
#if WIDTH == 16
    if (count & 8) {
        vstore8(v.lo, 0, p);
        v.lo = v.hi;
        p += 8;
    }
    float8 v8 = v.lo;
#elif WIDTH == 8
    float8 v8 = v;
#endif
#if WIDTH >= 8
    if (count & 4) {
        vstore4(v8.lo, 0, p);
        v8.lo = v8.hi;
        p += 4;
    }
    float4 v4 = v8.lo;
#elif WIDTH == 4
    float4 v4 = v;
#endif
#if WIDTH >= 4
    if (count & 2) {
        vstore2(v4.lo, 0, p);
        v4.lo = v4.hi;
        p += 2;
    }
    if (count & 1) {
        *p = v4.x;
    }
#endif
}

// Stores the last `count` lanes of v so that they end before `end`; 0 < count < WIDTH.
static inline void store_last(vec v, long count, __global float *end) {
#if WIDTH == 16
    if (count & 8) {
        vstore8(v.hi, 0, end - 8);
        v.hi = v.lo;
        end -= 8;
    }
    float8 v8 = v.hi;
#elif WIDTH == 8
    float8 v8 = v;
#endif
#if WIDTH >= 8
    if (count & 4) {
        vstore4(v8.hi, 0, end - 4);
        v8.hi = v8.lo;
        end -= 4;
    }
    float4 v4 = v8.hi;
#elif WIDTH == 4
    float4 v4 = v;
#endif
#if WIDTH >= 4
    if (count & 2) {
        vstore2(v4.hi, 0, end - 2);
        v4.hi = v4.lo;
        end -= 2;
    }
    if (count & 1) {
        end[-1] = v4.w;
    }
#endif
}

// Stores at p the lanes of a vector that are new when `left` elements of a run remain; see fresh_lanes.
static inline void put_last(vec v, long left, __global float *p) {
    if (left >= WIDTH) {
        store(v, p);
    } else {
        store_last(v, left, p + WIDTH);
    }
}

// The same for a parameter's gradient, which may be added to what is there. Lanes that are not new may be another
// work-item's, and are not even read.
static inline void put_gradient(vec v, long left, __global float *p, int accumulate) {
    if (left >= WIDTH) {
        store(accumulate ? v + load(p) : v, p);
        return;
    }
    for (long lane = WIDTH - left; lane < WIDTH; lane++) {
        const float one = ((const float *)&v)[lane];
        p[lane] = accumulate ? p[lane] + one : one;
    }
}

// Where the whole cache lines of a run of `count` floats at p begin; `count` if there are none, or p is odd.
static inline long first_line(__global const float *p, long count) {
    const long head = (long)((64 - ((size_t)p & 63)) & 63) / 4;
    return head + LINE <= count ? head : count;
}

static inline void stream(vec v, __global float *p) {
    __builtin_nontemporal_store(v, (__global vec *)p);
}

// Stores VALUE(i), a vector for the elements i … i + WIDTH - 1, over a run of `count` floats at `out`. With STREAM the
// whole cache lines in it go past the caches; a line half stored so would cost several times a plain store.
#if STREAM
#define SWEEP(out, count, VALUE)                                                                                       \
    {                                                                                                                  \
        const long lines = first_line(out, count);                                                                     \
        const long lines_end = lines + (count - lines) / LINE * LINE;                                                  \
        long i = 0;                                                                                                    \
        if (lines < count) {                                                                                           \
            for (; i + WIDTH <= lines; i += WIDTH) {                                                                   \
                store(VALUE(i), out + i);                                                                              \
            }                                                                                                          \
            if (i < lines) {                                                                                           \
                store_first(VALUE(i), lines - i, out + i);                                                             \
            }                                                                                                          \
            for (i = lines; i < lines_end; i += WIDTH) {                                                               \
                stream(VALUE(i), out + i);                                                                             \
            }                                                                                                          \
        }                                                                                                              \
        SWEEP_REST(out, count, VALUE)                                                                                  \
    }
#else
#define SWEEP(out, count, VALUE)                                                                                       \
    {                                                                                                                  \
        long i = 0;                                                                                                    \
        SWEEP_REST(out, count, VALUE)                                                                                  \
    }
#endif

#define SWEEP_REST(out, count, VALUE)                                                                                  \
    for (; i + WIDTH <= count; i += WIDTH) {                                                                           \
        store(VALUE(i), out + i);                                                                                      \
    }                                                                                                                  \
    if (i < count) {                                                                                                   \
        store_last(VALUE(count - WIDTH), count - i, out + count);                                                      \
    }
