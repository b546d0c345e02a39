// Batch renormalization: a weight and a bias a channel that lead from the batch's own statistics to running ones, as
// far as limits allow. One work-item a channel; what else is done are passes over statistics, over y and back, which
// know nothing of it.
//
//     r = clip(sigma_batch / sigma_running, 1 / r_max, r_max), d = clip((mu_batch - mu_running) / sigma_running, d_max)
//     (x_hat * r + d) * w + b = x_hat * (w * r) + (b + w * d)
//
// r and d are the sixth and the seventh plane of the statistics; weight, bias, dweight and dbias are those of the
// passes within, the layer's own are layer_weight and so on.
#include "common/numerics.cl"
#include "common/form.cl"

#ifndef HAS_WEIGHT
#define HAS_WEIGHT 1
#endif
#ifndef HAS_BIAS
#define HAS_BIAS 1
#endif

#define FACTOR 5
#define OFFSET 6

// A NaN stays.
static inline real clipped(real value, real least, real most) {
    return value < least ? least : value > most ? most : value;
}

static inline void put_affine(__global const real *stats, __global const parameter *layer_weight,
                              __global const parameter *layer_bias, __global real *weight, __global real *bias,
                              long groups, long c) {
#if HAS_WEIGHT
    const real w = weight_of_stored(parameter_at(layer_weight + c));
#else
    const real w = 1.0f;
#endif
#if HAS_BIAS
    const real b = parameter_at(layer_bias + c);
#else
    const real b = 0.0f;
#endif
    weight[c] = w * stats[FACTOR * groups + c];
    bias[c] = b + w * stats[OFFSET * groups + c];
}

// r and d of the statistics that are there, before the running ones move; weight and bias.
__kernel void renormalize(__global real *stats, __global const real *running_mean, __global const real *running_var,
                          __global const parameter *layer_weight, __global const parameter *layer_bias,
                          __global real *weight, __global real *bias, long groups, real eps, real r_max, real d_max) {
    const long c = get_global_id(0);
    if (c >= groups) {
        return;
    }
    const real scale = stats[SCALE * groups + c];
    const real back = 1.0f / scale;
    const real running = sqrt(running_var[c] + eps);
    const real batch = sqrt(stats[VARIANCE * groups + c] + eps * scale * scale) * back;
    const real apart = (stats[MEAN * groups + c] * back - running_mean[c]) + stats[DELTA * groups + c] * back;
    stats[FACTOR * groups + c] = clipped(batch / running, 1.0f / r_max, r_max);
    stats[OFFSET * groups + c] = clipped(apart / running, -d_max, d_max);
    put_affine(stats, layer_weight, layer_bias, weight, bias, groups, c);
}

// weight and bias once more, for the backward pass.
__kernel void renormalized_affine(__global const real *stats, __global const parameter *layer_weight,
                                  __global const parameter *layer_bias, __global real *weight, __global real *bias,
                                  long groups) {
    const long c = get_global_id(0);
    if (c < groups) {
        put_affine(stats, layer_weight, layer_bias, weight, bias, groups, c);
    }
}

static inline void put_gradient(real value, __global parameter *gradient, int accumulate) {
    put_parameter(accumulate ? parameter_at(gradient) + value : value, gradient);
}

// The gradients of the layer's weight and bias from those of the pass within; r and d are constants.
__kernel void renormalized_gradients(__global const real *stats, __global const real *dweight,
                                     __global const real *dbias, __global parameter *layer_dweight,
                                     __global parameter *layer_dbias, long groups, int layer_want_dweight,
                                     int layer_want_dbias, int layer_accumulate) {
    const long c = get_global_id(0);
    if (c >= groups) {
        return;
    }
    if (layer_want_dweight) {
        put_gradient(stats[FACTOR * groups + c] * dweight[c] + stats[OFFSET * groups + c] * dbias[c],
                     layer_dweight + c, layer_accumulate);
    }
    if (layer_want_dbias) {
        put_gradient(dbias[c], layer_dbias + c, layer_accumulate);
    }
}
