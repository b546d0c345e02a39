// What a device makes of single operations, so that what it promises can be compared with IEEE 754: the host knows the
// answers. results is y, `operations` planes of `values` floats; operands is x, three such planes.
#pragma OPENCL FP_CONTRACT OFF

#include "common/bitwise_vectors.cl"

static inline vec plus(vec a, vec b) {
    return a + b;
}

__kernel void rounding(__global const float *x, __global float *y, long values) {
    const long i = (long)get_global_id(0) * WIDTH;
    const vec a = VECTOR_LOAD(x + i);
    const vec b = VECTOR_LOAD(x + values + i);
    const vec c = VECTOR_LOAD(x + 2 * values + i);
    const mask finite = isfinite(a);
    VECTOR_STORE(a + b, y + i);
    VECTOR_STORE(a * b, y + values + i);
    VECTOR_STORE(plus(c, a * b), y + 2 * values + i);
    VECTOR_STORE(a * b - c, y + 3 * values + i);
    VECTOR_STORE(c - a * b, y + 4 * values + i);
    VECTOR_STORE(a / b, y + 5 * values + i);
    VECTOR_STORE(c / (a * b), y + 6 * values + i);
    VECTOR_STORE(select((vec)1.0f, (vec)2.0f, finite), y + 7 * values + i);
    // of floats alone in bitwise.cl
    for (int v = 0; v < WIDTH; v++) {
        y[8 * values + i + v] = sqrt(fabs(x[i + v]));
        y[9 * values + i + v] = 1.0f / sqrt(fabs(x[i + v]));
        y[10 * values + i + v] = fma(x[i + v], x[values + i + v], x[2 * values + i + v]);
        y[11 * values + i + v] = (float)(long)as_int(x[i + v]);
    }
}
