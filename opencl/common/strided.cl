// Strided tensors of the caller's: gather collects their elements in dense memory, scatter deals them out again. Called
// around a pass whose kernels want dense tensors that begin where the device likes. Elements are moved, not computed
// with, so that one type of a size stands for all. Each work-group moves one stretch of the dense side: a lone
// work-item walks it run by run, several take turns, so that neighbours touch neighbouring elements.

#include "common/storage.cl"

#ifndef DIMENSIONS
#define DIMENSIONS 6 // 1 to 6; the last is the innermost
#endif
#ifndef WORK_GROUP
#define WORK_GROUP 1
#endif

// Where the element of a dense index lies on the strided side.
static inline long place(long index, const long *sizes, const long *strides) {
    long at = 0;
    for (int d = DIMENSIONS - 1; d > 0; d--) {
        at += index % sizes[d] * strides[d];
        index /= sizes[d];
    }
    return at + index * strides[0];
}

// Arguments are four or eight bytes; an offset comes in two parts, because it is not known when the kernel is bound.
static inline long joined(int low, int high) {
    return ((long)high << 32) | (long)(uint)low;
}

__kernel __attribute__((reqd_work_group_size(WORK_GROUP, 1, 1)))
void gather(__global const element *restrict x, __global element *restrict y, const int offset_low,
            const int offset_high, const long elements, const long stretch, const long size_0, const long size_1,
            const long size_2, const long size_3, const long size_4, const long size_5, const long stride_0,
            const long stride_1, const long stride_2, const long stride_3, const long stride_4, const long stride_5) {
    const long sizes[6] = {size_0, size_1, size_2, size_3, size_4, size_5};
    const long strides[6] = {stride_0, stride_1, stride_2, stride_3, stride_4, stride_5};
    __global const element *const from = x + joined(offset_low, offset_high);
    const long first = (long)get_group_id(0) * stretch;
    const long end = min(first + stretch, elements);
#if WORK_GROUP == 1
    const long inner = sizes[DIMENSIONS - 1];
    const long step = strides[DIMENSIONS - 1];
    for (long i = first; i < end;) {
        const long run = min(inner - i % inner, end - i);
        const long at = place(i, sizes, strides);
        if (step == 1) {
            for (long k = 0; k < run; k++) {
                y[i + k] = from[at + k];
            }
        } else {
            for (long k = 0; k < run; k++) {
                y[i + k] = from[at + k * step];
            }
        }
        i += run;
    }
#else
    for (long i = first + (long)get_local_id(0); i < end; i += WORK_GROUP) {
        y[i] = from[place(i, sizes, strides)];
    }
#endif
}

__kernel __attribute__((reqd_work_group_size(WORK_GROUP, 1, 1)))
void scatter(__global const element *restrict x, __global element *restrict y, const int offset_low,
             const int offset_high, const long elements, const long stretch, const long size_0, const long size_1,
             const long size_2, const long size_3, const long size_4, const long size_5, const long stride_0,
             const long stride_1, const long stride_2, const long stride_3, const long stride_4, const long stride_5) {
    const long sizes[6] = {size_0, size_1, size_2, size_3, size_4, size_5};
    const long strides[6] = {stride_0, stride_1, stride_2, stride_3, stride_4, stride_5};
    __global element *const to = y + joined(offset_low, offset_high);
    const long first = (long)get_group_id(0) * stretch;
    const long end = min(first + stretch, elements);
#if WORK_GROUP == 1
    const long inner = sizes[DIMENSIONS - 1];
    const long step = strides[DIMENSIONS - 1];
    for (long i = first; i < end;) {
        const long run = min(inner - i % inner, end - i);
        const long at = place(i, sizes, strides);
        if (step == 1) {
            for (long k = 0; k < run; k++) {
                to[at + k] = x[i + k];
            }
        } else {
            for (long k = 0; k < run; k++) {
                to[at + k * step] = x[i + k];
            }
        }
        i += run;
    }
#else
    for (long i = first + (long)get_local_id(0); i < end; i += WORK_GROUP) {
        to[place(i, sizes, strides)] = x[i];
    }
#endif
}
