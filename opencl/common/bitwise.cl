// Results to the last bit: the same on every device that rounds as IEEE 754 says, and those of the Java engine's mirror
// (engine.cpu.Bitwise*). Nothing here is contracted, and whatever the device, its work-groups and vectors, numbers are
// added in one order:
//
//     A sequence is the elements of a group, or those that share a parameter, in row-major order. It has as many lanes
//     as elements, rounded up to a power of two, LANES at most. Lane l adds up the elements l, l + lanes,
//     l + 2 lanes ... in two floats; then lanes l and l + lanes/2 are added, of what is left l and l + lanes/4, until
//     one is left.
//
// A work-group takes TILE vectors of WIDTH floats, each by WORKERS work-items. A vector is WIDTH neighbours of one
// sequence, or (ACROSS) one element of each of WIDTH neighbouring sequences: plan.BitwiseVariant chooses by device and
// layout, and changes the speed alone.
//
// Bytes: forward reads x three times and writes y, backward reads x and dy twice, or three times with parameters.
#include "common/bitwise_moments.cl"

// y = x_hat * weight + bias.
__kernel __attribute__((reqd_work_group_size(WORK_GROUP, 1, 1)))
void forward(__global const element *x, __global const parameter *weight, __global const parameter *bias,
             __global element *y, __global float *stats, float eps, int zero_rstd, long groups, long sequence_size,
             long lanes, long neighbours, long tiles, long size0, long size1, long size2, long size3,
             long stride0, long stride1, long stride2, long stride3,
             long other0, long other1, long other2, long other3) {
    __local float shared[4 * WORK_GROUP];
    walk w = WALK;
    begin(&w, sequence_size, lanes, neighbours, tiles);
    group_own s;
#if GIVEN
    load_own(&s, stats, groups, &w);
#else
    source from;
    from.x = x;
    from.groups = groups;
    statistics_of(&s, &from, stats, &w, eps, zero_rstd, shared);
#endif
    for (long e = (long)w.worker * ELEMENTS; e < w.n; e += WORKERS * ELEMENTS) {
        place p;
        find(&p, &w, e);
        vec value = normalized_by(elements_at(x, &w, &p), &s);
#if HAS_WEIGHT
        value *= parameters_at(weight, &w, &p);
#endif
#if HAS_BIAS
        value += parameters_at(bias, &w, &p);
#endif
        put_elements(value, y, &w, &p);
    }
}

// dx = rstd * (g - mean(g) - x_hat * mean(g * x_hat)) with g = dy * weight; rstd * g where the statistics were given.
__kernel __attribute__((reqd_work_group_size(WORK_GROUP, 1, 1)))
void backward(__global const element *x, __global const element *dy, __global const parameter *weight,
              __global element *dx, __global const float *stats, long groups, long sequence_size,
              long lanes, long neighbours, long tiles, long size0, long size1, long size2, long size3,
              long stride0, long stride1, long stride2, long stride3,
              long other0, long other1, long other2, long other3) {
    __local float shared[4 * WORK_GROUP];
    walk w = WALK;
    begin(&w, sequence_size, lanes, neighbours, tiles);
    source from;
    load_own(&from.own_stats, stats, groups, &w);
#if !GIVEN
    from.x = x;
    from.dy = dy;
    from.weight = weight;
    own mean_g, mean_gx;
    sum_of(&mean_g, &mean_gx, GRADIENTS, &from, &w, shared);
    mean_g /= (own)(float)w.n;
    mean_gx /= (own)(float)w.n;
#endif
    for (long e = (long)w.worker * ELEMENTS; e < w.n; e += WORKERS * ELEMENTS) {
        place p;
        find(&p, &w, e);
        vec g = elements_at(dy, &w, &p);
#if HAS_WEIGHT
        g *= parameters_at(weight, &w, &p);
#endif
#if !GIVEN
        g = (g - mean_g) - normalized_by(elements_at(x, &w, &p), &from.own_stats) * mean_gx;
#endif
        put_elements((g * from.own_stats.rstd) * from.own_stats.scale, dx, &w, &p);
    }
}

// dweight and dbias as partials[2][1][parameters]; `other` leads to groups.
__kernel __attribute__((reqd_work_group_size(WORK_GROUP, 1, 1)))
void parameter_gradients(__global const element *x, __global const element *dy, __global const float *stats,
                         __global float *partials, long groups, long parameters, long sequence_size,
                         long lanes, long neighbours, long tiles, long size0, long size1, long size2, long size3,
                         long stride0, long stride1, long stride2, long stride3,
                         long other0, long other1, long other2, long other3) {
    __local float shared[4 * WORK_GROUP];
    walk w = WALK;
    begin(&w, sequence_size, lanes, neighbours, tiles);
    source from;
    from.x = x;
    from.dy = dy;
    from.stats = stats;
    from.groups = groups;
    own dweight, dbias;
    sum_of(&dweight, &dbias, PARAMETERS, &from, &w, shared);
    if (w.worker == 0) {
        put_own(dweight, partials, &w);
        put_own(dbias, partials + parameters, &w);
    }
}
