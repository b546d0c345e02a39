// Where what is normalized comes from: x, or the sum of two tensors (ADD_BEFORE), which a team forms while it reads and
// leaves in x.
#include "gpu/row.cl"

#if JOIN == ADD_BEFORE

// What is normalized is the sum of two tensors, rounded as it is stored in x, which may lie where one of them does.
typedef element normalized_element;

INLINED float value_at(__global const element *x, __global const element *first, __global const element *residual,
                       long i) {
    return ELEMENT_TO_FLOAT(FLOAT_TO_ELEMENT(element_at(first + i) + element_at(residual + i)));
}

INLINED void hold_from(raw_pack *held, __global const element *x, __global const element *first,
                       __global const element *residual, long from, int packs) {
    hold(held, first + from, packs);
#pragma unroll
    for (int k = 0; k < PACKS; k++) {
        if (present(k, packs)) {
            const raw_pack more = load_raw(residual + from + PACK * (long)pack_number(k));
            held[k] = packed(unpacked(held[k]) + unpacked(more));
        }
    }
}

INLINED void store_sums(__global element *x, const raw_pack *held, int packs, int mine) {
#pragma unroll
    for (int k = 0; k < PACKS; k++) {
        if (mine && present(k, packs)) {
            store_raw(x + PACK * (long)pack_number(k), held[k]);
        }
    }
}

INLINED void store_sum(__global element *x, float sum, stretch part, int mine) {
    if (mine && has_edge(part)) {
        put_element(sum, x + part.edge);
    }
}

// Comes after all have read what one of them overwrites, or have stored what others read.
INLINED void meet_over_sums() {
    barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE);
}

#else

typedef const element normalized_element;

INLINED float value_at(__global const element *x, __global const element *first, __global const element *residual,
                       long i) {
    return element_at(x + i);
}

INLINED void hold_from(raw_pack *held, __global const element *x, __global const element *first,
                       __global const element *residual, long from, int packs) {
    hold(held, x + from, packs);
}

INLINED void store_sums(__global const element *x, const raw_pack *held, int packs, int mine) {
}

INLINED void store_sum(__global const element *x, float sum, stretch part, int mine) {
}

INLINED void meet_over_sums() {
}

#endif
