// What the bitwise variant computes with: a float, or sixteen side by side, with the same operations.

#ifndef WIDTH  // floats a vector: 1, or 16 where a sequence has one work-item
#define WIDTH 1
#endif

#if WIDTH == 16
typedef float16 vec;
typedef int16 mask;
#define VECTOR_LOAD(p) vload16(0, p)
#define VECTOR_STORE(v, p) vstore16(v, 0, p)
#define COUNTED ((int16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15))
#else
typedef float vec;
typedef int mask;
#define VECTOR_LOAD(p) (*(p))
#define VECTOR_STORE(v, p) (*(p) = (v))
#endif
