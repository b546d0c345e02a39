// Packs: what lies in 16 bytes, 4 floats or 8 of the 16-bit types. Read and written 128 bits at a time, computed with
// as floats. A raw pack is one as it lies in memory, and takes four registers whatever its type.
#include "gpu/moments.cl"
#include "common/joined.cl"

// Whether all that is read lies at multiples of a pack.
#ifndef ALIGNED
#define ALIGNED 0
#endif

#if STORAGE == FLOAT32
#define PACK 4
typedef float4 pack;
typedef float4 raw_pack;
typedef int4 pack_index;
#define INDICES ((int4)(0, 1, 2, 3))
#else
#define PACK 8
typedef float8 pack;
typedef uint4 raw_pack;
typedef int8 pack_index;
#define INDICES ((int8)(0, 1, 2, 3, 4, 5, 6, 7))
#endif

#if STORAGE != FLOAT32 || PARAMETERS_STORAGE != FLOAT32

#if defined(__NV_CL_C_VERSION) || defined(__NVPTX__)

// Volatile, so that what is held in 16 bits is widened where it is used. A compiler that widens once and holds floats
// needs twice the registers, and spilled.
INLINED float2 halves_to_floats(uint bits) {
    float even, odd;
    asm volatile("{\n\t.reg .b16 low, high;\n\tmov.b32 {low, high}, %2;\n\tcvt.f32.f16 %0, low;\n\t"
                 "cvt.f32.f16 %1, high;\n\t}" : "=f"(even), "=f"(odd) : "r"(bits));
    return (float2)(even, odd);
}

INLINED uint floats_to_halves(float2 v) {
    uint bits;
    asm("{\n\t.reg .b16 low, high;\n\tcvt.rn.f16.f32 low, %1;\n\tcvt.rn.f16.f32 high, %2;\n\t"
        "mov.b32 %0, {low, high};\n\t}" : "=r"(bits) : "f"(v.s0), "f"(v.s1));
    return bits;
}

INLINED float2 bf16_to_floats(uint bits) {
    float even, odd;
    asm volatile("shl.b32 %0, %2, 16;\n\tand.b32 %1, %2, 0xffff0000;" : "=&f"(even), "=f"(odd) : "r"(bits));
    return (float2)(even, odd);
}

#else

// vload_half and vstore_half need no extension; with a private variable they are the device's own conversions.
INLINED float2 halves_to_floats(uint bits) {
    return vload_half2(0, (__private const half *)&bits);
}

INLINED uint floats_to_halves(float2 v) {
    uint bits;
    vstore_half2_rte(v, 0, (__private half *)&bits);
    return bits;
}

INLINED float2 bf16_to_floats(uint bits) {
    return as_float2((uint2)(bits << 16, bits & 0xffff0000u));
}

#endif

// Rounded to nearest even, in the upper half of each word; a NaN stays one.
INLINED uint4 rounded_to_bf16(float4 v) {
    const uint4 bits = as_uint4(v);
    return select((bits + 0x7fff) + ((bits >> 16) & 1), bits | 0x400000u, isnan(v));
}

INLINED float8 floats_of_halves(uint4 raw) {
    return JOINED4(float8, JOINED2(float4, halves_to_floats(raw.s0), halves_to_floats(raw.s1)),
                   JOINED2(float4, halves_to_floats(raw.s2), halves_to_floats(raw.s3)));
}

INLINED float8 floats_of_bf16(uint4 raw) {
    return JOINED4(float8, JOINED2(float4, bf16_to_floats(raw.s0), bf16_to_floats(raw.s1)),
                   JOINED2(float4, bf16_to_floats(raw.s2), bf16_to_floats(raw.s3)));
}

INLINED uint4 halves_of_floats(float8 v) {
    return (uint4)(floats_to_halves(v.s01), floats_to_halves(v.s23), floats_to_halves(v.s45), floats_to_halves(v.s67));
}

INLINED uint4 bf16_of_floats(float8 v) {
    return (rounded_to_bf16(v.even) >> 16) | (rounded_to_bf16(v.odd) & 0xffff0000u);
}

#endif

INLINED raw_pack load_raw(__global const element *p) {
    return *(__global const raw_pack *)p;
}

INLINED void store_raw(__global element *p, raw_pack raw) {
    *(__global raw_pack *)p = raw;
}

INLINED pack unpacked(raw_pack raw) {
#if STORAGE == FLOAT16
    return floats_of_halves(raw);
#elif STORAGE == BFLOAT16
    return floats_of_bf16(raw);
#else
    return raw;
#endif
}

INLINED raw_pack packed(pack v) {
#if STORAGE == FLOAT16
    return halves_of_floats(v);
#elif STORAGE == BFLOAT16
    return bf16_of_floats(v);
#else
    return v;
#endif
}

static inline float sum_of4(float4 v) {
    return (v.s0 + v.s1) + (v.s2 + v.s3);
}

static inline float largest_of4(float4 v) {
    return fmax(fmax(v.s0, v.s1), fmax(v.s2, v.s3));
}

static inline float sum_of(pack v) {
#if PACK == 8
    return sum_of4(v.lo + v.hi);
#else
    return sum_of4(v);
#endif
}

static inline float largest_of(pack v) {
#if PACK == 8
    return largest_of4(fmax(v.lo, v.hi));
#else
    return largest_of4(v);
#endif
}

static inline float element_within(__global const element *x, long at, long begin, long end) {
    return at >= begin && at < end ? element_at(x + at) : 0.0f;
}

static inline pack load_masked(__global const element *x, long at, long begin, long end) {
    pack v;
    v.s0 = element_within(x, at, begin, end);
    v.s1 = element_within(x, at + 1, begin, end);
    v.s2 = element_within(x, at + 2, begin, end);
    v.s3 = element_within(x, at + 3, begin, end);
#if PACK == 8
    v.s4 = element_within(x, at + 4, begin, end);
    v.s5 = element_within(x, at + 5, begin, end);
    v.s6 = element_within(x, at + 6, begin, end);
    v.s7 = element_within(x, at + 7, begin, end);
#endif
    return v;
}

INLINED void put_within(__global element *y, float v, long at, long begin, long end) {
    if (at >= begin && at < end) {
        put_element(v, y + at);
    }
}

static inline void store_masked(__global element *y, pack v, long at, long begin, long end) {
    put_within(y, v.s0, at, begin, end);
    put_within(y, v.s1, at + 1, begin, end);
    put_within(y, v.s2, at + 2, begin, end);
    put_within(y, v.s3, at + 3, begin, end);
#if PACK == 8
    put_within(y, v.s4, at + 4, begin, end);
    put_within(y, v.s5, at + 5, begin, end);
    put_within(y, v.s6, at + 6, begin, end);
    put_within(y, v.s7, at + 7, begin, end);
#endif
}

// As many parameters as a pack has elements. Where rows are not ALIGNED, nor are their parameters.
INLINED pack parameters_at(__global const parameter *p) {
#if PARAMETERS_STORAGE == FLOAT16
    return floats_of_halves(ALIGNED ? *(__global const uint4 *)p : as_uint4(vload8(0, p)));
#elif PARAMETERS_STORAGE == BFLOAT16
    return floats_of_bf16(ALIGNED ? *(__global const uint4 *)p : as_uint4(vload8(0, p)));
#elif PACK == 8
    __global const float4 *wide = (__global const float4 *)p;
    return ALIGNED ? JOINED4(float8, wide[0], wide[1]) : vload8(0, p);
#else
    return ALIGNED ? *(__global const float4 *)p : vload4(0, p);
#endif
}
