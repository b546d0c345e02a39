// Copies floats: what the other kernels' speed is held against. Each work-group copies one stretch, a multiple of WIDTH
// long; its work-items take turns, so that neighbours touch neighbouring vectors, and a lone one walks it in one go.

#ifndef WIDTH
#define WIDTH 4 // floats a vector: 4, 8 or 16
#endif
#ifndef WORK_GROUP
#define WORK_GROUP 1
#endif
#ifndef NON_TEMPORAL
#define NON_TEMPORAL 0 // 1: stores pass by the caches
#endif

#if WIDTH == 16
typedef float16 vec;
#elif WIDTH == 8
typedef float8 vec;
#else
typedef float4 vec;
#endif

__kernel __attribute__((reqd_work_group_size(WORK_GROUP, 1, 1)))
void copy(__global const float *restrict x, __global float *restrict y, const long elements, const long stretch) {
    const long first = (long)get_group_id(0) * stretch;
    const long end = min(first + stretch, elements);
    const long whole = end - end % WIDTH;
    for (long i = first + (long)get_local_id(0) * WIDTH; i < whole; i += WORK_GROUP * WIDTH) {
        const vec v = *(__global const vec *)(x + i);
#if NON_TEMPORAL
        __builtin_nontemporal_store(v, (__global vec *)(y + i));
#else
        *(__global vec *)(y + i) = v;
#endif
    }
    for (long i = whole + (long)get_local_id(0); i < end; i += WORK_GROUP) {
        y[i] = x[i];
    }
}
