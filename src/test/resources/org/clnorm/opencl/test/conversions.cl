// The conversions of storage.cl, a work-item an element.
#include "common/storage.cl"

__kernel void widen(__global const element *x, __global float *y) {
    const long i = get_global_id(0);
    y[i] = element_at(x + i);
}

__kernel void narrow(__global const float *x, __global element *y) {
    const long i = get_global_id(0);
    put_element(x[i], y + i);
}

__kernel void widen_parameters(__global const parameter *x, __global float *y) {
    const long i = get_global_id(0);
    y[i] = parameter_at(x + i);
}

__kernel void narrow_parameters(__global const float *x, __global parameter *y) {
    const long i = get_global_id(0);
    put_parameter(x[i], y + i);
}
