// Running statistics within a pass, where that saves a launch of statistics.cl. Given ones are made a group's own where
// y is made of them (TAKES_RUNNING); the batch's own move them (MOVES_RUNNING) where a group has a pair to itself. One
// work-item speaks for each group: it alone leaves what the backward pass reads, and moves what the layer keeps.
//
// A layer's state changes last, so that a failure before has changed none of it: only a plan's last launch moves.
#include "common/numerics.cl"

#ifndef TAKES_RUNNING
#define TAKES_RUNNING 0
#endif
#ifndef MOVES_RUNNING
#define MOVES_RUNNING 0
#endif
#ifndef FINITE_ONLY  // 1: a pair that would no longer be finite stays as it is
#define FINITE_ONLY 0
#endif

// Running statistics, and how they move: momentum is the new batch's share, keep the old value's, correction what the
// biased variance is multiplied by.
typedef struct {
    __global real *mean, *var;
    real momentum, keep, correction;
} tracked;

// Where a kernel's parameters have the names of the contract.
#define TRACKED {running_mean, running_var, momentum, keep, correction}

// Statistics from running ones. A mean near the end of float's range is scaled, so that x - mean cannot overflow.
static inline void stats_of_running(group_stats *s, real *variance, real mean, real var, real eps, int zero_rstd) {
    s->scale = fabs(mean) > 0x1p100f ? 0.25f : 1.0f;
    s->mean = mean * s->scale;
    s->delta = 0.0f;
    *variance = var * s->scale * s->scale;
    s->rstd = rstd_of(*variance, eps, s->scale, zero_rstd);
}

// A group's terms in the running mean and variance. momentum and correction are folded in before scaling back, because
// the variance itself may be beyond float's range.
static inline real mean_term(__global const real *stats, long groups, long g, real momentum) {
    const real back = 1.0f / stats[SCALE * groups + g];
    return (stats[MEAN * groups + g] * momentum + stats[DELTA * groups + g] * momentum) * back;
}

static inline real variance_term(__global const real *stats, long groups, long g, real momentum, real correction) {
    const real back = 1.0f / stats[SCALE * groups + g];
    return momentum * correction * stats[VARIANCE * groups + g] * back * back;
}

// Gives a pair of running statistics its new values.
static inline void put_tracked(__global real *mean, __global real *var, real new_mean, real new_var) {
#if FINITE_ONLY
    if (!isfinite(new_mean) || !isfinite(new_var)) {
        return;
    }
#endif
    *mean = new_mean;
    *var = new_var;
}

// After a group's statistics were stored: moves its running ones, by the work-item that speaks for it.
static inline void move_tracked(__global const real *stats, long groups, long group, tracked t) {
#if MOVES_RUNNING
    put_tracked(t.mean + group, t.var + group, t.keep * t.mean[group] + mean_term(stats, groups, group, t.momentum),
                t.keep * t.var[group] + variance_term(stats, groups, group, t.momentum, t.correction));
#endif
}

// The statistics that y is made of in a plan's last launch: running ones, or those that a launch before stored.
static inline void settled_stats(group_stats *s, __global real *stats, long groups, long group, tracked t, real eps,
                                 int zero_rstd, int speaks) {
#if TAKES_RUNNING
    real variance;
    stats_of_running(s, &variance, t.mean[group], t.var[group], eps, zero_rstd);
    if (speaks) {
        put_stats(stats, groups, group, *s, variance);
    }
#else
    read_stats(stats, groups, group, s);
    if (speaks) {
        move_tracked(stats, groups, group, t);
    }
#endif
}
