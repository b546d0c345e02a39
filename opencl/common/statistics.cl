// Small kernels on statistics and parameter gradients; one work-item a channel or parameter, the same for every device.
// Not contracted, so that they serve bitwise.cl too.
#pragma OPENCL FP_CONTRACT OFF
#include "common/tracked.cl"

// Statistics from running ones, for plans whose kernels do not make them, see tracked.cl.
__kernel void given_statistics(__global const real *running_mean, __global const real *running_var,
                               __global real *stats, long groups, real eps, int zero_rstd) {
    const long g = get_global_id(0);
    if (g >= groups) {
        return;
    }
    group_stats s;
    real variance;
    stats_of_running(&s, &variance, running_mean[g], running_var[g], eps, zero_rstd);
    put_stats(stats, groups, g, s, variance);
}

// An average of terms from denormal to huge: small ones are divided after they are added up, so that they do not
// vanish, large ones before, so that their sum does not overflow.
typedef struct {
    float_pair small, large;
} average;

static inline void average_add(average *a, real term, real share) {
    if (fabs(term) < 1.0f) {
        a->small = pair_add(a->small, term);
    } else {
        a->large = pair_add(a->large, term * share);
    }
}

static inline real average_of(const average *a, real share) {
    return pair_value(a->small) * share + pair_value(a->large);
}

// r = (1 - momentum) * r + momentum * s, where s is the mean over the groups of a channel: group = sample * channels
// + c. For plans whose kernels do not move them, and for channels of several groups.
__kernel void running_update(__global const real *stats, __global real *running_mean, __global real *running_var,
                             long samples, long channels, real momentum, real keep, real correction) {
    const long c = get_global_id(0);
    if (c >= channels) {
        return;
    }
    const long groups = samples * channels;
    const real share = 1.0f / (real)samples;
    average mean, var;
    mean.small = mean.large = var.small = var.large = pair_of(0.0f);
    for (long g = c; g < groups; g += channels) {
        average_add(&mean, mean_term(stats, groups, g, momentum), share);
        average_add(&var, variance_term(stats, groups, g, momentum, correction), share);
    }
    put_tracked(running_mean + c, running_var + c, keep * running_mean[c] + average_of(&mean, share),
                keep * running_var[c] + average_of(&var, share));
}

// dweight and dbias from partial sums: partials is [2][blocks][parameters], dweight's first. The order is fixed.
__kernel void sum_partials(__global const real *partials, __global parameter *dweight, __global parameter *dbias,
                           long blocks, long parameters, int want_dweight, int want_dbias, int accumulate) {
    const long p = get_global_id(0);
    if (p >= parameters) {
        return;
    }
    float_pair dw = pair_of(0.0f);
    float_pair db = pair_of(0.0f);
    for (long b = 0; b < blocks; b++) {
        dw = pair_add(dw, partials[b * parameters + p]);
        db = pair_add(db, partials[(blocks + b) * parameters + p]);
    }
    if (want_dweight) {
        put_parameter(accumulate ? parameter_at(dweight + p) + pair_value(dw) : pair_value(dw), dweight + p);
    }
    if (want_dbias) {
        put_parameter(accumulate ? parameter_at(dbias + p) + pair_value(db) : pair_value(db), dbias + p);
    }
}
