// Which elements of a batch of samples of different lengths are valid, see Padding in the plan.

#ifndef PADDED  // 0: all of them
#define PADDED 0
#endif

// Of sample n, the first lengths[n] steps of `unit` elements of every `run`.
typedef struct {
    __global const float *lengths;
    long sample, run, unit;
} padding;

// Where a kernel's parameters have the names of the contract.
#define PADDING {lengths, sample, run, unit}

// Whether the element at i is valid.
static inline int valid_at(long i, padding p) {
#if PADDED
    return i % p.run < (long)p.lengths[i / p.sample] * p.unit;
#else
    return 1;
#endif
}
