// Vectors of WIDTH floats, and how a run of consecutive elements is walked with them by one work-item. load and store
// are for floats (statistics, partial sums), load_elements, store_elements and load_parameters for tensors, whatever
// their storage type.
//
// A run whose length is no multiple of WIDTH ends in a vector that overlaps the one before it: it is loaded whole and
// the lanes that were seen already are masked out (sums) or left out (stores). The plan takes a WIDTH no longer than
// the run, so that such a vector never begins before the run does.
#ifndef CPU_VECTORS
#define CPU_VECTORS
#include "common/tracked.cl"
#include "common/form.cl"
#include "common/joined.cl"

#ifndef WIDTH
#define WIDTH 8
#endif

// 1: the output is large, store whole cache lines past the caches.
#ifndef STREAM
#define STREAM 0
#endif

#define LINE (64 / (long)sizeof(element)) // elements in a cache line

#if WIDTH == 16
typedef float16 vec;
typedef int16 lanes;
typedef uint16 words;
typedef ushort16 halves;
#define LANE_INDEX ((int16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15))
#elif WIDTH == 8
typedef float8 vec;
typedef int8 lanes;
typedef uint8 words;
typedef ushort8 halves;
#define LANE_INDEX ((int8)(0, 1, 2, 3, 4, 5, 6, 7))
#elif WIDTH == 4
typedef float4 vec;
typedef int4 lanes;
typedef uint4 words;
typedef ushort4 halves;
#define LANE_INDEX ((int4)(0, 1, 2, 3))
#else
typedef float vec;
typedef int lanes;
typedef uint words;
typedef ushort halves;
#define LANE_INDEX 0
#endif

// A vector at any float's address. vload and vstore say the same, but PoCL's come out in pieces here and there.
typedef struct __attribute__((packed)) {
    vec v;
} loose;

#define load(p) (((__global const loose *)(p))->v)
#define store(value, p) (((__global loose *)(p))->v = (value))

// Sixteen bits a lane. as_uint16, convert_ushort8 …: the functions of OpenCL that have WIDTH in their names.
#if WIDTH > 1
#define WITH_WIDTH(name, width) name##width
#define NAMED(name, width) WITH_WIDTH(name, width)
#define WORDS_OF NAMED(as_uint, WIDTH)
#define VEC_OF NAMED(as_float, WIDTH)
#define WIDENED NAMED(convert_uint, WIDTH)
#define NARROWED NAMED(convert_ushort, WIDTH)

// clang for a processor that converts 16 lanes at once does so, and rounds to nearest even; vload_half is two
// conversions in PoCL, and half floats narrowed by it go through memory.
#if defined(__clang__) && defined(__AVX512F__)
typedef _Float16 half_vec __attribute__((ext_vector_type(WIDTH)));

static inline vec half_to_vec(halves bits) {
    return __builtin_convertvector(__builtin_astype(bits, half_vec), vec);
}

static inline halves vec_to_half(vec value) {
    return __builtin_astype(__builtin_convertvector(value, half_vec), halves);
}
#else
static inline vec half_to_vec(halves bits) {
    return NAMED(vload_half, WIDTH)(0, (const half *)&bits);
}

static inline halves vec_to_half(vec value) {
    halves bits;
    NAMED(NAMED(vstore_half, WIDTH), _rte)(value, 0, (half *)&bits);
    return bits;
}
#endif

static inline vec bf16_to_vec(halves bits) {
    return VEC_OF(WIDENED(bits) << 16);
}

static inline halves vec_to_bf16(vec value) {
    const words bits = WORDS_OF(value);
    const words rounded = bits + 0x7fff + (bits >> 16 & 1);
    return NARROWED(select(rounded, bits | 0x400000, isnan(value)) >> 16);
}
#else
#define WORDS_OF as_uint
#define VEC_OF as_float
#define half_to_vec half_to_float
#define vec_to_half float_to_half
#define bf16_to_vec bf16_to_float
#define vec_to_bf16 float_to_bf16
#endif

typedef struct __attribute__((packed)) {
    halves v;
} loose_halves;

#define loose_halves_at(p) (((__global const loose_halves *)(p))->v)
#define put_halves(bits, p) (((__global loose_halves *)(p))->v = (bits))

// `stored` is a vector of elements as they lie in memory.
#if STORAGE == FLOAT32
typedef vec stored;
typedef float8 stored8;
typedef float4 stored4;
#define stored_of(v) (v)
#define stored_at(p) load(p)
#define load_elements(p) load(p)
#define put_stored(v, p) store(v, p)
#else
typedef halves stored;
typedef ushort8 stored8;
typedef ushort4 stored4;
#if STORAGE == FLOAT16
#define stored_of(v) vec_to_half(v)
#define load_elements(p) half_to_vec(loose_halves_at(p))
#else
#define stored_of(v) vec_to_bf16(v)
#define load_elements(p) bf16_to_vec(loose_halves_at(p))
#endif
#define stored_at(p) loose_halves_at(p)
#define put_stored(v, p) put_halves(v, p)
#endif
#define store_elements(v, p) put_stored(stored_of(v), p)

#if PARAMETERS_STORAGE == FLOAT32
#define load_parameters(p) load(p)
#define store_parameters(v, p) store(v, p)
#elif PARAMETERS_STORAGE == FLOAT16
#define load_parameters(p) half_to_vec(loose_halves_at(p))
#define store_parameters(v, p) put_halves(vec_to_half(v), p)
#else
#define load_parameters(p) bf16_to_vec(loose_halves_at(p))
#define store_parameters(v, p) put_halves(vec_to_bf16(v), p)
#endif

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
    const float4 t = JOINED2(float4, p.lo + p.hi, q.lo + q.hi);
    const float4 u = JOINED2(float4, r.lo + r.hi, s.lo + s.hi);
    return JOINED2(float4, t.even + t.odd, u.even + u.odd);
}

// v with only its last `count` lanes kept, 0 elsewhere (whatever was there, NaN too).
static inline vec last_lanes(vec v, long count) {
#if WIDTH == 1
    return v;
#else
    return select((vec)(0.0f), v, (lanes)(LANE_INDEX >= (lanes)(WIDTH - (int)count)));
#endif
}

// v with only its first `count` lanes kept, 0 elsewhere (whatever was there, NaN too).
static inline vec first_lanes(vec v, long count) {
#if WIDTH == 1
    return count > 0 ? v : 0.0f;
#else
    return select((vec)(0.0f), v, (lanes)(LANE_INDEX < (lanes)((int)count)));
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
static inline void store_first(stored v, long count, __global element *p) {
#if WIDTH == 16
    if (count & 8) {
        vstore8(v.lo, 0, p);
        v = JOINED8(stored, v.hi, v.hi);
        p += 8;
    }
    stored8 v8 = v.lo;
#elif WIDTH == 8
    stored8 v8 = v;
#endif
#if WIDTH >= 8
    if (count & 4) {
        vstore4(v8.lo, 0, p);
        v8 = JOINED4(stored8, v8.hi, v8.hi);
        p += 4;
    }
    stored4 v4 = v8.lo;
#elif WIDTH == 4
    stored4 v4 = v;
#endif
#if WIDTH >= 4
    if (count & 2) {
        vstore2(v4.lo, 0, p);
        v4 = JOINED2(stored4, v4.hi, v4.hi);
        p += 2;
    }
    if (count & 1) {
        *p = v4.x;
    }
#endif
}

// Stores the last `count` lanes of v so that they end before `end`; 0 < count < WIDTH.
static inline void store_last(stored v, long count, __global element *end) {
#if WIDTH == 16
    if (count & 8) {
        vstore8(v.hi, 0, end - 8);
        v = JOINED8(stored, v.lo, v.lo);
        end -= 8;
    }
    stored8 v8 = v.hi;
#elif WIDTH == 8
    stored8 v8 = v;
#endif
#if WIDTH >= 8
    if (count & 4) {
        vstore4(v8.hi, 0, end - 4);
        v8 = JOINED4(stored8, v8.lo, v8.lo);
        end -= 4;
    }
    stored4 v4 = v8.hi;
#elif WIDTH == 4
    stored4 v4 = v;
#endif
#if WIDTH >= 4
    if (count & 2) {
        vstore2(v4.hi, 0, end - 2);
        v4 = JOINED2(stored4, v4.lo, v4.lo);
        end -= 2;
    }
    if (count & 1) {
        end[-1] = v4.w;
    }
#endif
}

// Stores at p the lanes of a vector that are new when `left` elements of a run of floats remain; see fresh_lanes.
static inline void put_last(vec v, long left, __global float *p) {
    if (left >= WIDTH) {
        store(v, p);
        return;
    }
    for (long lane = WIDTH - left; lane < WIDTH; lane++) {
        p[lane] = ((const float *)&v)[lane];
    }
}

// Stores a parameter's gradient, or adds it to what is there.
static inline void put_one_gradient(float value, __global parameter *p, int accumulate) {
    put_parameter(accumulate ? parameter_at(p) + value : value, p);
}

// As put_last for parameters' gradients, which may be added to what is there. Lanes that are not new may be another
// work-item's, and are not even read.
static inline void put_gradient(vec v, long left, __global parameter *p, int accumulate) {
    if (left >= WIDTH) {
        store_parameters(accumulate ? v + load_parameters(p) : v, p);
        return;
    }
    for (long lane = WIDTH - left; lane < WIDTH; lane++) {
        put_one_gradient(((const float *)&v)[lane], p + lane, accumulate);
    }
}

// Where the whole cache lines of a run of `count` elements at p begin; `count` if there are none.
static inline long first_line(__global const element *p, long count) {
    const long head = (long)((64 - ((size_t)p & 63)) & 63) / (long)sizeof(element);
    return head + LINE <= count ? head : count;
}

// Stores NOTE of VALUE(i) and what follows it, STREAMED elements, past the caches. Vectors of 16 bits a lane go by two:
// what narrows a single one and stores it is one instruction, which knows caches only.
#if STORAGE == FLOAT32 || WIDTH == 1
#define STREAMED WIDTH
#define STREAM_AT(VALUE, NOTE, i, out)                                                                                 \
    __builtin_nontemporal_store(NOTE(stored_of(VALUE(i))), (__global stored *)((out) + (i)))
#else
#define STREAMED (2 * WIDTH)
#if WIDTH == 16
#define two_of(a, b) JOINED8(uint16, as_uint8(a), as_uint8(b))
#elif WIDTH == 8
#define two_of(a, b) JOINED4(uint8, as_uint4(a), as_uint4(b))
#else
#define two_of(a, b) JOINED2(uint4, as_uint2(a), as_uint2(b))
#endif
#define STREAM_AT(VALUE, NOTE, i, out)                                                                                 \
    {                                                                                                                  \
        const stored first_half = NOTE(stored_of(VALUE(i)));                                                           \
        const stored second_half = NOTE(stored_of(VALUE((i) + WIDTH)));                                                \
        __builtin_nontemporal_store(two_of(first_half, second_half), (__global words *)((out) + (i)));                 \
    }
#endif

// Stores VALUE(i), a vector for the elements i … i + WIDTH - 1, over a run of `count` elements at `out`. With STREAM
// the whole cache lines in it go past the caches; a line half stored so would cost several times a plain store.
#define SWEEP(out, count, VALUE) SWEEP_NOTED(out, count, VALUE, NOT_NOTED, NOT_NOTED_PART)
#define SWEEP_REST(out, count, VALUE) SWEEP_REST_NOTED(out, count, VALUE, NOT_NOTED, NOT_NOTED_PART)
#define NOT_NOTED(v) (v)
#define NOT_NOTED_PART(v, skip, count) (v)

// The same, but what is stored is NOTE(v) of whole vectors as they will lie in memory, and NOTE_PART(v, skip, count) of
// one of which `count` lanes after `skip` are stored, in the order of elements.
#if STREAM
#define SWEEP_NOTED(out, count, VALUE, NOTE, NOTE_PART)                                                                \
    {                                                                                                                  \
        const long lines = first_line(out, count);                                                                     \
        const long lines_end = lines + (count - lines) / LINE * LINE;                                                  \
        long i = 0;                                                                                                    \
        if (lines < count) {                                                                                           \
            for (; i + WIDTH <= lines; i += WIDTH) {                                                                   \
                put_stored(NOTE(stored_of(VALUE(i))), out + i);                                                        \
            }                                                                                                          \
            if (i < lines) {                                                                                           \
                store_first(NOTE_PART(stored_of(VALUE(i)), 0, lines - i), lines - i, out + i);                         \
            }                                                                                                          \
            for (i = lines; i < lines_end; i += STREAMED) {                                                            \
                STREAM_AT(VALUE, NOTE, i, out);                                                                        \
            }                                                                                                          \
        }                                                                                                              \
        SWEEP_REST_NOTED(out, count, VALUE, NOTE, NOTE_PART)                                                           \
    }
#else
#define SWEEP_NOTED(out, count, VALUE, NOTE, NOTE_PART)                                                                \
    {                                                                                                                  \
        long i = 0;                                                                                                    \
        SWEEP_REST_NOTED(out, count, VALUE, NOTE, NOTE_PART)                                                           \
    }
#endif

#define SWEEP_REST_NOTED(out, count, VALUE, NOTE, NOTE_PART)                                                           \
    for (; i + WIDTH <= count; i += WIDTH) {                                                                           \
        put_stored(NOTE(stored_of(VALUE(i))), out + i);                                                                \
    }                                                                                                                  \
    if (i < count) {                                                                                                   \
        store_last(NOTE_PART(stored_of(VALUE(count - WIDTH)), WIDTH - (count - i), count - i), count - i,              \
                   out + count);                                                                                       \
    }
#endif
