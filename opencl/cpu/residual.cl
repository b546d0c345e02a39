// common/residual.cl on a CPU device: a work-item does `stretch` elements, a vector at a time, from the first of a word
// of bits on. Where a tensor lies is no matter, also where one lies in another's place.
#include "cpu/activations.cl"
#include "cpu/signs.cl"

// The elements of a work-item: `count` from `from` on.
#define MINE                                                                                                           \
    const long from = (long)get_group_id(0) * stretch;                                                                 \
    const long count = min(stretch, elements - from);

#define SUM_BEFORE(i) (load_elements(first + from + (i)) + load_elements(residual + from + (i)))

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void add_before(__global const element *first, __global const element *residual, __global element *x, long elements,
                long stretch) {
    MINE
    SWEEP(x + from, count, SUM_BEFORE)
}

#define SUM_OF_GRADIENTS(i) (load_elements(dx + from + (i)) + load_elements(dsum + from + (i)))

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void add_gradient(__global const element *dsum, __global element *dx, long elements, long stretch) {
    MINE
    SWEEP(dx + from, count, SUM_OF_GRADIENTS)
}

#define SUM_AFTER(i) activations(load_elements(y + from + (i)) + load_elements(residual + from + (i)))

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void add_after(__global const element *residual, __global element *y, long elements, long stretch) {
    MINE
    SWEEP(y + from, count, SUM_AFTER)
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void keep_signs(__global const element *y, __global uint *signs, long elements, long stretch) {
    MINE
    sign_writer writer;
    open_signs(&writer, signs, from);
    long i = 0;
    for (; i + WIDTH <= count; i += WIDTH) {
        signed_whole(&writer, stored_at(y + from + i));
    }
    if (i < count) {
        signed_part(&writer, stored_at(y + from + count - WIDTH), WIDTH - (count - i), count - i);
    }
    close_signs(&writer);
}

#define GATED_AT(i) gated_by(load_elements(dout + from + (i)), signs_at(signs, from + (i)))

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void gate(__global const element *dout, __global const uint *signs, __global element *dy, long elements,
          long stretch) {
    MINE
    SWEEP(dy + from, count, GATED_AT)
}
