// Every view of up to four axes, simple and slow: what the fast kernels are compared with on a device.
//
// A work-group takes a group (or a parameter) and its work-items take every WORK_GROUP-th element of it; sums are
// kept in two floats and added over the work-group in a fixed tree. The host orders the axes, outermost first and
// padded to four with axes of one index, so that the elements of a group (or of a parameter) follow each other in
// one count.
//
// What is not valid (padding.cl) is 0 in y and dx, and enters nothing else.
//
// Bytes: forward reads x three times and writes y, backward reads x and dy twice and writes dx.
#include "common/numerics.cl"
#include "common/form.cl"
#include "common/padding.cl"

#ifndef WORK_GROUP  // a power of two
#define WORK_GROUP 1
#endif
#ifndef HAS_WEIGHT
#define HAS_WEIGHT 1
#endif
#ifndef HAS_BIAS
#define HAS_BIAS 1
#endif
#ifndef GIVEN  // whether the statistics are not the group's own
#define GIVEN 0
#endif

static inline long4 indices(long i, long4 size) {
    long4 at;
    at.w = i % size.w;
    i /= size.w;
    at.z = i % size.z;
    i /= size.z;
    at.y = i % size.y;
    at.x = i / size.y;
    return at;
}

static inline long place(long4 at, long4 stride) {
    const long4 moved = at * stride;
    return moved.x + moved.y + moved.z + moved.w;
}

// The tensors too: y may lie where x does, and what all have read before they meet, one of them overwrites after it.
#define MEETING (CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE)

// Replaces a sum by that over the work-group, the same in every work-item.
INLINED void group_sum(float_pair *sum, __local float_pair *shared) {
    const int me = get_local_id(0);
    shared[me] = *sum;
    barrier(MEETING);
    for (int half_way = WORK_GROUP / 2; half_way > 0; half_way /= 2) {
        if (me < half_way) {
            shared[me] = pair_add_pair(shared[me], shared[me + half_way]);
        }
        barrier(MEETING);
    }
    *sum = shared[0];
    barrier(MEETING);
}

INLINED real group_max(real mine, __local float_pair *shared) {
    const int me = get_local_id(0);
    shared[me].hi = mine;
    barrier(MEETING);
    for (int half_way = WORK_GROUP / 2; half_way > 0; half_way /= 2) {
        if (me < half_way) {
            shared[me].hi = fmax(shared[me].hi, shared[me + half_way].hi);
        }
        barrier(MEETING);
    }
    mine = shared[0].hi;
    barrier(MEETING);
    return mine;
}

// How many elements of a group are valid; 1 where none is, since what is divided by it is 0 then.
INLINED real valid_count(long first, long n, long4 size, long4 stride, padding pad, __local float_pair *shared) {
#if PADDED
    float_pair count = pair_of(0.0f);
    for (long e = get_local_id(0); e < n; e += WORK_GROUP) {
        count = pair_add(count, valid_at(place(indices(first + e, size), stride), pad) ? 1.0f : 0.0f);
    }
    group_sum(&count, shared);
    return fmax(pair_value(count), (real)1.0f);
#else
    return (real)n;
#endif
}

// The first valid element of a group, or 0.
static inline real first_valid(__global const element *x, long first, long n, long4 size, long4 stride, padding pad) {
    for (long e = 0; e < n; e++) {
        const long i = place(indices(first + e, size), stride);
        if (valid_at(i, pad)) {
            return element_at(x + i);
        }
    }
    return 0.0f;
}

typedef struct {
    real mean, delta, variance;
} moments;

// Corrected two-pass over x * scale, relative to the first element so that equal elements have no variance at all.
INLINED void moments_of(moments *m, __global const element *x, long first, long n, long4 size, long4 stride,
                        padding pad, real count, real scale, __local float_pair *shared) {
#if CENTERED
    const real pivot = first_valid(x, first, n, size, stride, pad) * scale;
    float_pair sum = pair_of(0.0f);
    for (long e = get_local_id(0); e < n; e += WORK_GROUP) {
        const long i = place(indices(first + e, size), stride);
        if (valid_at(i, pad)) {
            sum = pair_add(sum, element_at(x + i) * scale - pivot);
        }
    }
    group_sum(&sum, shared);
    m->mean = pivot + pair_value(sum) / count;
#else
    m->mean = 0.0f;
#endif

    float_pair rest = pair_of(0.0f);
    float_pair squares = pair_of(0.0f);
    for (long e = get_local_id(0); e < n; e += WORK_GROUP) {
        const long i = place(indices(first + e, size), stride);
        if (valid_at(i, pad)) {
            const real d = element_at(x + i) * scale - m->mean;
            rest = pair_add(rest, d);
            squares = pair_add(squares, d * d);
        }
    }
    group_sum(&rest, shared);
    group_sum(&squares, shared);
    m->delta = CENTERED && isfinite(m->mean) ? pair_value(rest) / count : 0.0f;
    m->variance = pair_value(squares) / count - m->delta * m->delta;
    m->variance = m->variance < 0.0f ? 0.0f : m->variance;
}

// Mean and rstd of a group, with what is done where its squares leave float's range or its elements are not finite.
INLINED void statistics_of(group_stats *s, __global const element *x, __global real *stats, long groups, long group,
                           long n, long4 size, long4 stride, padding pad, real eps, int zero_rstd,
                           __local float_pair *shared) {
    const long first = group * n;
    const real count = valid_count(first, n, size, stride, pad, shared);
    moments m;
    moments_of(&m, x, first, n, size, stride, pad, count, 1.0f, shared);
    real scale = 1.0f;
    if (needs_rescue(m.variance)) {
        real largest = 0.0f;
        float_pair odd = pair_of(0.0f);
        for (long e = get_local_id(0); e < n; e += WORK_GROUP) {
            const long i = place(indices(first + e, size), stride);
            const real value = valid_at(i, pad) ? element_at(x + i) : (real)0.0f;
            largest = fmax(largest, fabs(value));
            odd.hi += isfinite(value) ? 0.0f : value;
        }
        group_sum(&odd, shared);
        largest = group_max(largest, shared);
        if (odd.hi != 0.0f) {
            m.mean = CENTERED ? odd.hi : 0.0f;
            m.delta = 0.0f;
            m.variance = CENTERED ? NAN : m.variance;
        } else {
            const real rescue = rescue_scale(largest, eps);
            moments scaled;
            moments_of(&scaled, x, first, n, size, stride, pad, count, rescue, shared);
            if (rescue_helps(scaled.variance, rescue)) {
                m = scaled;
                scale = rescue;
            } else {
                m.variance = 0.0f;
            }
        }
    }
    if (get_local_id(0) == 0) {
        store_stats(stats, groups, group, m.mean, m.delta, m.variance, scale, eps, zero_rstd);
    }
    s->mean = m.mean;
    s->delta = m.delta;
    s->rstd = rstd_of(m.variance, eps, scale, zero_rstd);
    s->scale = scale;
}

// x_hat * weight + bias, of the parameter at p.
static inline real affine(real value, __global const parameter *weight, __global const parameter *bias, long p) {
#if HAS_WEIGHT
    value *= weight_of_stored(parameter_at(weight + p));
#endif
#if HAS_BIAS
    value += parameter_at(bias + p);
#endif
    return value;
}

// The gradient of x_hat * weight + bias: that of y, through the activation.
static inline real gradient_of_affine(real dy, real x_hat, __global const parameter *weight,
                                       __global const parameter *bias, long p) {
#if ACTIVATION
    return dy * activation_slope(affine(x_hat, weight, bias, p));
#else
    return dy;
#endif
}

// y = act(x_hat * weight + bias).
__kernel __attribute__((reqd_work_group_size(WORK_GROUP, 1, 1)))
void forward(__global const element *x, __global const parameter *weight, __global const parameter *bias,
             __global const element *residual, __global element *y, __global real *stats,
             __global const float *lengths, long sample, long run, long unit, real eps, int zero_rstd,
             long groups, long group_size,
             long size0, long size1, long size2, long size3, long stride0, long stride1, long stride2, long stride3,
             long param0, long param1, long param2, long param3) {
    __local float_pair shared[WORK_GROUP];
    const long4 size = (long4)(size0, size1, size2, size3);
    const long4 stride = (long4)(stride0, stride1, stride2, stride3);
    const long4 param = (long4)(param0, param1, param2, param3);
    const padding pad = PADDING;
    const long group = get_group_id(0);
#if GIVEN
    const group_stats s = load_stats(stats, groups, group);
#else
    group_stats s;
    statistics_of(&s, x, stats, groups, group, group_size, size, stride, pad, eps, zero_rstd, shared);
#endif
#if WANT_Y
    for (long e = get_local_id(0); e < group_size; e += WORK_GROUP) {
        const long4 at = indices(group * group_size + e, size);
        const long i = place(at, stride);
        const long p = place(at, param);
        real value = affine(normalized(element_at(x + i), s), weight, bias, p);
#if JOIN == ADD_AFTER
        value += element_at(residual + i);
#endif
        put_element(valid_at(i, pad) ? activated(value) : (real)0.0f, y + i);
    }
#endif
}

// The gradient of x_hat.
static inline real gradient_of_normalized(real dy, real x_hat, __global const parameter *weight,
                                           __global const parameter *bias, long p) {
    const real g = gradient_of_affine(dy, x_hat, weight, bias, p);
#if HAS_WEIGHT
    return g * weight_of_stored(parameter_at(weight + p));
#else
    return g;
#endif
}

// dx = rstd * (g - mean(g) - x_hat * mean(g * x_hat)) with g the gradient of x_hat; rstd * g where the statistics were
// given; without mean(g) where the mean is not subtracted.
__kernel __attribute__((reqd_work_group_size(WORK_GROUP, 1, 1)))
void backward(__global const element *x, __global const element *dy, __global const parameter *weight,
              __global const parameter *bias, __global const element *dsum, __global element *dx,
              __global const real *stats, __global const float *lengths, long sample, long run, long unit,
              long groups, long group_size,
              long size0, long size1, long size2, long size3, long stride0, long stride1, long stride2, long stride3,
              long param0, long param1, long param2, long param3) {
    __local float_pair shared[WORK_GROUP];
    const long4 size = (long4)(size0, size1, size2, size3);
    const long4 stride = (long4)(stride0, stride1, stride2, stride3);
    const long4 param = (long4)(param0, param1, param2, param3);
    const padding pad = PADDING;
    const long group = get_group_id(0);
    const group_stats s = load_stats(stats, groups, group);
    real mean_g = 0.0f;
    real mean_gx = 0.0f;
#if !GIVEN
    float_pair sum_g = pair_of(0.0f);
    float_pair sum_gx = pair_of(0.0f);
    for (long e = get_local_id(0); e < group_size; e += WORK_GROUP) {
        const long4 at = indices(group * group_size + e, size);
        const long i = place(at, stride);
        if (valid_at(i, pad)) {
            const real x_hat = normalized(element_at(x + i), s);
            const real g = gradient_of_normalized(element_at(dy + i), x_hat, weight, bias, place(at, param));
            sum_g = pair_add(sum_g, g);
            sum_gx = pair_add(sum_gx, g * x_hat);
        }
    }
    group_sum(&sum_g, shared);
    group_sum(&sum_gx, shared);
    const real count = valid_count(group * group_size, group_size, size, stride, pad, shared);
    mean_g = CENTERED ? pair_value(sum_g) / count : 0.0f;
    mean_gx = pair_value(sum_gx) / count;
#endif
    for (long e = get_local_id(0); e < group_size; e += WORK_GROUP) {
        const long4 at = indices(group * group_size + e, size);
        const long i = place(at, stride);
#if GIVEN && !ACTIVATION
        const real x_hat = 0.0f;  // x is not read
#else
        const real x_hat = normalized(element_at(x + i), s);
#endif
        const real g = gradient_of_normalized(element_at(dy + i), x_hat, weight, bias, place(at, param));
#if GIVEN
        real value = (g * s.rstd) * s.scale;
#else
        real value = ((g - mean_g - x_hat * mean_gx) * s.rstd) * s.scale;
#endif
#if JOIN == ADD_BEFORE
        value += element_at(dsum + i);
#endif
        put_element(valid_at(i, pad) ? value : (real)0.0f, dx + i);
    }
}

// dweight and dbias as partials[2][1][parameters]; group0 ... group3 say how far the group moves along an axis.
__kernel __attribute__((reqd_work_group_size(WORK_GROUP, 1, 1)))
void parameter_gradients(__global const element *x, __global const element *dy, __global const parameter *weight,
                         __global const parameter *bias, __global const real *stats, __global real *partials,
                         __global const float *lengths, long sample, long run, long unit,
                         long groups, long parameters, long shared_by,
                         long size0, long size1, long size2, long size3,
                         long stride0, long stride1, long stride2, long stride3,
                         long param0, long param1, long param2, long param3,
                         long group0, long group1, long group2, long group3) {
    __local float_pair shared[WORK_GROUP];
    const long4 size = (long4)(size0, size1, size2, size3);
    const long4 stride = (long4)(stride0, stride1, stride2, stride3);
    const long4 param = (long4)(param0, param1, param2, param3);
    const long4 group = (long4)(group0, group1, group2, group3);
    const padding pad = PADDING;
    const long parameter = get_group_id(0);
    float_pair dw = pair_of(0.0f);
    float_pair db = pair_of(0.0f);
    for (long e = get_local_id(0); e < shared_by; e += WORK_GROUP) {
        const long4 at = indices(parameter * shared_by + e, size);
        const long i = place(at, stride);
        if (valid_at(i, pad)) {
            const group_stats s = load_stats(stats, groups, place(at, group));
            const real x_hat = normalized(element_at(x + i), s);
            const real g = gradient_of_affine(element_at(dy + i), x_hat, weight, bias, place(at, param));
            dw = pair_add(dw, g * x_hat);
            db = pair_add(db, g);
        }
    }
    group_sum(&dw, shared);
    group_sum(&db, shared);
    if (get_local_id(0) == 0) {
        partials[parameter] = pair_value(dw);
        partials[parameters + parameter] = pair_value(db);
    }
}
