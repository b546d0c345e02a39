// Statistics of columns: a work-item finds mean and squares of a block of its strip by the corrected two-pass, in
// registers, and joins them to those of its blocks before; then the work-items down the rows merge what they have.
// Every column of a pack decides for itself whether it is scaled.
#include "gpu/strips.cl"

// Means in two floats and variances of elements times scale.
typedef struct {
    pack mean, delta, variance, scale;
} column_moments;

typedef struct {
    shared elements;
    pack mean, delta, squares, squares_low;
} strip_moments;

static inline strip_moments joined(strip_moments a, shared elements, pack mean, pack delta, pack squares) {
    const shared all = a.elements + elements;
    const pack from = a.elements > 0.0f ? a.mean : mean; // as in running.cl
    const pack d = (mean - from) + (delta - a.delta);
    const shared share = elements / fmax(all, 1.0f);
    const pack moved = a.delta + d * share;
    strip_moments r;
    r.elements = all;
    r.mean = from + moved;
    r.delta = moved - (r.mean - from);
    const pack more = squares + d * d * (a.elements * share);
    r.squares = a.squares + more;
    r.squares_low = a.squares_low + lost_of(a.squares, more, r.squares);
    return r;
}

static inline shared counted(int elements) {
#if ALIGNED
    return elements / PACK;
#else
    const pack_index i = INDICES;
    return select((pack)0.0f, (pack)1.0f, i < elements);
#endif
}

static inline strip_moments add_rows(strip_moments a, const raw_pack *block, strip s, long n, pack scale, pack pivot) {
    pack sums = (pack)0.0f;
    shared elements = 0.0f;
#pragma unroll
    for (int i = 0; i < BLOCK; i++) {
        const int here = present(s, n + i * DEPTH);
        sums += cut_off(unpacked(block[i]) * scale - pivot, here);
        elements += counted(here);
    }
    const shared divisor = fmax(elements, 1.0f);
    const pack mean = pivot + sums / divisor;
    pack rest = (pack)0.0f;
    pack squares = (pack)0.0f;
#pragma unroll
    for (int i = 0; i < BLOCK; i++) {
        const pack d = cut_off(unpacked(block[i]) * scale - mean, present(s, n + i * DEPTH));
        rest += d;
        squares += d * d;
    }
    const pack delta = rest / divisor;
    return joined(a, elements, mean, delta, squares - elements * delta * delta);
}

static inline strip_moments walked(__global const element *x, const raw_pack *held, strip s, pack scale, pack pivot) {
    strip_moments a;
    a.elements = 0.0f;
    a.mean = pivot;
    a.delta = a.squares = a.squares_low = (pack)0.0f;
#if HOLDS
    a = add_rows(a, held, s, s.from + depth(), scale, pivot);
#else
    for (long n = s.from + depth(); n < s.to; n += BLOCK * DEPTH) {
        raw_pack block[BLOCK];
        load_rows(block, x, s, n);
        a = add_rows(a, block, s, n, scale, pivot);
    }
#endif
    return a;
}

// The variance of equal elements is 0, and a NaN is kept.
static inline column_moments moments_from(pack first, pack second, pack mean, pack elements, pack scale) {
    column_moments m;
    m.mean = mean;
    m.delta = select((pack)0.0f, first / elements, isfinite(mean));
    m.variance = second / elements - m.delta * m.delta;
    m.variance = select(m.variance, (pack)0.0f, m.variance < 0.0f);
    m.scale = scale;
    return m;
}

// The moments of a tile's columns from what its work-items saw. Both passes are over means: no term cancels.
INLINED void merge_strips(column_moments *m, strip_moments a, strip s, pack scale, pack pivot, __local pack *slots) {
    pack elements = (pack)0.0f + a.elements;
    meet(&elements, s, slots, 0);
    elements = fmax(elements, (pack)1.0f);
    pack first = a.elements * ((a.mean - pivot) + a.delta);
    meet(&first, s, slots, 0);
    const pack mean = pivot + first / elements;
    const pack d = (a.mean - mean) + a.delta;
    first = a.elements * d;
    pack second = (a.squares + a.squares_low) + a.elements * d * d;
    meet(&first, s, slots, 0);
    meet(&second, s, slots, 0);
    *m = moments_from(first, second, mean, elements, scale);
}

// The first element of each column's channel.
static inline pack pivot_of(__global const element *x, strip s) {
    if (empty(s)) {
        return (pack)0.0f;
    }
#if FOLDED
    float each[PACK];
    int c = s.channel;
    for (int i = 0; i < PACK; i++) {
        each[i] = element_at(x + s.from * s.columns + c);
        c = c + 1 == s.channels ? 0 : c + 1;
    }
    return pack_from(each);
#else
    return unpacked(load_row(x, s, s.from));
#endif
}

static inline int rescues(pack variance) {
    return any(!(variance > 0x1p-80f && variance <= FLT_MAX));
}

// The scale of each column, from the largest magnitudes; 1 where elements are not finite.
static inline pack scales_of(pack largest, pack sum, float eps) {
    float each[PACK], sums[PACK];
    pack_to(largest, each);
    pack_to(sum, sums);
    for (int i = 0; i < PACK; i++) {
        each[i] = isfinite(sums[i]) ? rescue_scale(each[i], eps) : 1.0f;
    }
    return pack_from(each);
}

// What to keep after a second walk, as rescued() of moments.cl for each column.
static inline column_moments rescued_columns(column_moments plain, column_moments scaled, pack sum) {
    const pack_index again = !(plain.variance > 0x1p-80f && plain.variance <= FLT_MAX);
    const pack_index finite = isfinite(sum);
    const pack_index helps = scaled.variance > 0.0f || scaled.scale > 1.0f; // as rescue_helps of numerics.cl
    const pack_index better = again && finite && helps;
    const pack_index odd = again && !finite;
    column_moments m;
    m.mean = select(select(plain.mean, scaled.mean, better), sum, odd);
    m.delta = select(select(plain.delta, scaled.delta, better), (pack)0.0f, odd);
    m.variance = select(plain.variance, select((pack)0.0f, scaled.variance, better), again);
    m.variance = select(m.variance, (pack)NAN, odd);
    m.scale = select(plain.scale, scaled.scale, better);
    return m;
}

static inline void magnitudes_of_rows(pack *sum, pack *largest, const raw_pack *block, strip s, long n) {
#pragma unroll
    for (int i = 0; i < BLOCK; i++) {
        const pack v = cut_off(unpacked(block[i]), present(s, n + i * DEPTH));
        *sum += v * 0x1p-60f;
        *largest = fmax(*largest, fabs(v));
    }
}

static inline void magnitudes_of_strip(pack *sum, pack *largest, __global const element *x, const raw_pack *held,
                                       strip s) {
#if HOLDS
    magnitudes_of_rows(sum, largest, held, s, s.from + depth());
#else
    for (long n = s.from + depth(); n < s.to; n += BLOCK * DEPTH) {
        raw_pack block[BLOCK];
        load_rows(block, x, s, n);
        magnitudes_of_rows(sum, largest, block, s, n);
    }
#endif
}

// What tile_moments needs of local memory beside slots: `__local pack kept[KEPT]`.
#define KEPT (4 * LANES)

// The moments of a tile's strips. The whole tile walks once more, scaled, if one of its columns has to. What was found
// before waits in local memory meanwhile: in registers it would cost all work-groups half of their neighbours.
INLINED void tile_moments(column_moments *m, __global const element *x, const raw_pack *held, strip s, float eps,
                          __local pack *slots, __local pack *kept, __local int *answer) {
    const pack pivot = pivot_of(x, s);
    merge_strips(m, walked(x, held, s, (pack)1.0f, pivot), s, (pack)1.0f, pivot, slots);
    if (any_item(!empty(s) && rescues(m->variance), answer)) {
        pack sum = (pack)0.0f;
        pack largest = (pack)0.0f;
        magnitudes_of_strip(&sum, &largest, x, held, s);
        meet(&sum, s, slots, 0);
        meet(&largest, s, slots, 1);
        if (depth() == 0) {
            kept[lane()] = m->mean;
            kept[LANES + lane()] = m->delta;
            kept[2 * LANES + lane()] = m->variance;
            kept[3 * LANES + lane()] = sum;
        }
        const pack scale = scales_of(largest, sum, eps);
        const pack scaled_pivot = pivot_of(x, s) * scale;
        column_moments scaled;
        merge_strips(&scaled, walked(x, held, s, scale, scaled_pivot), s, scale, scaled_pivot, slots);
        m->mean = kept[lane()];
        m->delta = kept[LANES + lane()];
        m->variance = kept[2 * LANES + lane()];
        *m = rescued_columns(*m, scaled, kept[3 * LANES + lane()]);
    }
}
