// What is left to do where a residual is added and the variant's own kernels do not: element by element, before or
// after them. A work-group walks a stretch; its work-items take turns, and a lone one walks it in one go.
#include "common/storage.cl"
#include "common/form.cl"

#ifndef WORK_GROUP
#define WORK_GROUP 1
#endif

#define BITS 32  // of a word of the mask

#define EACH(i) long i = (long)get_group_id(0) * stretch + (long)get_local_id(0), \
    end = min((long)(get_group_id(0) + 1) * stretch, elements); i < end; i += WORK_GROUP

// x = first + residual: x is what is normalized. It may lie where one of them does.
__kernel __attribute__((reqd_work_group_size(WORK_GROUP, 1, 1)))
void add_before(__global const element *first, __global const element *residual, __global element *x, long elements,
                long stretch) {
    for (EACH(i)) {
        put_element(element_at(first + i) + element_at(residual + i), x + i);
    }
}

// The gradient of the sum reaches dx as well.
__kernel __attribute__((reqd_work_group_size(WORK_GROUP, 1, 1)))
void add_gradient(__global const element *dsum, __global element *dx, long elements, long stretch) {
    for (EACH(i)) {
        put_element(element_at(dx + i) + element_at(dsum + i), dx + i);
    }
}

// y = act(y + residual).
__kernel __attribute__((reqd_work_group_size(WORK_GROUP, 1, 1)))
void add_after(__global const element *residual, __global element *y, long elements, long stretch) {
    for (EACH(i)) {
        put_element(activated(element_at(y + i) + element_at(residual + i)), y + i);
    }
}

// A bit an element: whether RELU lets its gradient pass. elements counts words here.
__kernel __attribute__((reqd_work_group_size(WORK_GROUP, 1, 1)))
void keep_signs(__global const element *y, __global uint *signs, long elements, long stretch, long values) {
    for (EACH(i)) {
        uint word = 0;
        const long first = i * BITS;
        for (int bit = 0; bit < BITS && first + bit < values; bit++) {
            word |= (element_at(y + first + bit) <= 0.0f ? 0u : 1u) << bit;
        }
        signs[i] = word;
    }
}

// dy = dout where the bit is set, 0 elsewhere: the gradient through RELU.
__kernel __attribute__((reqd_work_group_size(WORK_GROUP, 1, 1)))
void gate(__global const element *dout, __global const uint *signs, __global element *dy, long elements, long stretch) {
    for (EACH(i)) {
        const real gradient = element_at(dout + i);
        const int whole = (signs[i / BITS] >> (i % BITS)) & 1;
        put_element(whole ? gradient : 0.0f, dy + i);
    }
}
