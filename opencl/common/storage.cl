// How tensors lie in memory. x, y, dy and dx are made of `element`s, weight, bias and their gradients of `parameter`s:
// float, or 16 bits that are widened to float where they are read and rounded once, to nearest even, where they are
// written. Statistics and everything in between are `real`: float; double where all tensors are, which alone needs an
// extension.

#define FLOAT32 0
#define FLOAT16 1
#define BFLOAT16 2
#define FLOAT64 3

// 1: y lies where x does, or dx where x or dy do. Every element is still read before it is written, in the program's
// order, which a compiler must not change as `restrict` would let it.
#ifndef IN_PLACE
#define IN_PLACE 0
#endif
#if IN_PLACE
#define restrict
#endif

#ifndef STORAGE  // of x, y, dy and dx
#define STORAGE FLOAT32
#endif
#ifndef PARAMETERS_STORAGE  // of weight, bias, dweight and dbias
#define PARAMETERS_STORAGE FLOAT32
#endif

#if STORAGE == FLOAT64
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
typedef double real;
#define REAL(literal) literal
#define REAL_MAX DBL_MAX
#else
typedef float real;
#define REAL(literal) literal##f
#define REAL_MAX FLT_MAX
#endif

// Denormals become normal floats by a difference that is exact, so that devices without denormals have them too.
static inline float half_to_float(ushort bits) {
    const uint magnitude = (uint)(bits & 0x7fff) << 13;
    const uint sign = (uint)(bits & 0x8000) << 16;
    const float denormal = as_float(magnitude + (113u << 23)) - 0x1p-14f;
    const uint others = magnitude + ((bits & 0x7c00) == 0x7c00 ? 224u << 23 : 112u << 23);
    return as_float(((bits & 0x7c00) == 0 ? as_uint(denormal) : others) | sign);
}

// Adding 1/2 leaves a denormal half in the last bits of the sum, rounded by the addition. What is too large becomes
// infinite because it is cut to 65536, the first number whose exponent is that of infinity.
static inline ushort float_to_half(float value) {
    const uint bits = as_uint(value);
    const uint magnitude = bits & 0x7fffffff;
    const uint cut = min(magnitude, 0x47800000u);
    const uint normal = (cut - (112u << 23) + 0xfff + ((cut >> 13) & 1)) >> 13;
    const uint denormal = as_uint(as_float(cut) + 0.5f) - 0x3f000000u;
    const uint finite = magnitude < 0x38800000u ? denormal : normal;
    const uint nan = 0x7e00 | ((magnitude >> 13) & 0x3ff);
    return (ushort)(((bits >> 16) & 0x8000) | (magnitude > 0x7f800000u ? nan : finite));
}

static inline float bf16_to_float(ushort bits) {
    return as_float((uint)bits << 16);
}

static inline ushort float_to_bf16(float value) {
    const uint bits = as_uint(value);
    const uint rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
    return (ushort)((bits & 0x7fffffff) > 0x7f800000u ? (bits >> 16) | 0x40 : rounded);
}

#if STORAGE == FLOAT16
typedef ushort element;
#define ELEMENT_TO_FLOAT half_to_float
#define FLOAT_TO_ELEMENT float_to_half
#elif STORAGE == BFLOAT16
typedef ushort element;
#define ELEMENT_TO_FLOAT bf16_to_float
#define FLOAT_TO_ELEMENT float_to_bf16
#else
typedef real element;
#define ELEMENT_TO_FLOAT
#define FLOAT_TO_ELEMENT
#endif

#if PARAMETERS_STORAGE == FLOAT16
typedef ushort parameter;
#define PARAMETER_TO_FLOAT half_to_float
#define FLOAT_TO_PARAMETER float_to_half
#elif PARAMETERS_STORAGE == BFLOAT16
typedef ushort parameter;
#define PARAMETER_TO_FLOAT bf16_to_float
#define FLOAT_TO_PARAMETER float_to_bf16
#elif PARAMETERS_STORAGE == FLOAT64
typedef double parameter;
#define PARAMETER_TO_FLOAT
#define FLOAT_TO_PARAMETER
#else
typedef float parameter;
#define PARAMETER_TO_FLOAT
#define FLOAT_TO_PARAMETER
#endif

static inline real element_at(__global const element *p) {
    return ELEMENT_TO_FLOAT(*p);
}

static inline void put_element(real value, __global element *p) {
    *p = FLOAT_TO_ELEMENT(value);
}

static inline real parameter_at(__global const parameter *p) {
    return PARAMETER_TO_FLOAT(*p);
}

static inline void put_parameter(real value, __global parameter *p) {
    *p = FLOAT_TO_PARAMETER(value);
}
