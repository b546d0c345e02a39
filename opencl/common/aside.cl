// Takes a result to where it belongs, for plans that cannot write it where an input lies: they write it aside, and this
// comes last. A work-group copies one stretch; its work-items take turns, and a lone one walks it in one go.
#include "common/storage.cl"

#ifndef WORK_GROUP
#define WORK_GROUP 1
#endif

static inline void take_home(__global const element *from, __global element *to, long elements, long stretch) {
    const long first = (long)get_group_id(0) * stretch;
    const long end = min(first + stretch, elements);
    for (long i = first + (long)get_local_id(0); i < end; i += WORK_GROUP) {
        to[i] = from[i];
    }
}

__kernel __attribute__((reqd_work_group_size(WORK_GROUP, 1, 1)))
void y_home(__global const element *y, __global element *into, long elements, long stretch) {
    take_home(y, into, elements, stretch);
}

__kernel __attribute__((reqd_work_group_size(WORK_GROUP, 1, 1)))
void dx_home(__global const element *dx, __global element *into, long elements, long stretch) {
    take_home(dx, into, elements, stretch);
}
