package org.clnorm.example;

/** The kernels of {@link JoclLoop}: what a program has beside normalization. Arrays are [samples][channels][space]. */
final class JoclKernels {
    static final String SOURCE = """
            // y[n][o] = sum over c of weight[o][c] x[n][c], at each point of space
            kernel void mix_channels(global const float *x, global const float *weight, global float *y, int channels,
                                     int space)
            {
                int i = get_global_id(0), point = i % space, o = i / space % channels, n = i / space / channels;
                float sum = 0;
                for (int c = 0; c < channels; c++)
                    sum += weight[o * channels + c] * x[(n * channels + c) * space + point];
                y[i] = sum;
            }

            // the gradient of one weight a work-item
            kernel void mix_channels_gradient(global const float *x, global const float *dy, global float *dweight,
                                              int channels, int space, int samples)
            {
                int o = get_global_id(0) / channels, c = get_global_id(0) % channels;
                float sum = 0;
                for (int n = 0; n < samples; n++)
                    for (int point = 0; point < space; point++)
                        sum += dy[(n * channels + o) * space + point] * x[(n * channels + c) * space + point];
                dweight[get_global_id(0)] = sum;
            }

            kernel void relu(global float *y)
            {
                y[get_global_id(0)] = fmax(y[get_global_id(0)], 0.0f);
            }

            // in place: d is the gradient of y before and of its input after
            kernel void relu_gradient(global const float *y, global float *d)
            {
                d[get_global_id(0)] = y[get_global_id(0)] > 0 ? d[get_global_id(0)] : 0;
            }

            // d[i] is the gradient of the loss, which is half the mean square of y - target
            kernel void distance_gradient(global const float *y, global const float *target, global float *d)
            {
                d[get_global_id(0)] = (y[get_global_id(0)] - target[get_global_id(0)]) / get_global_size(0);
            }

            // one work-item: the loss out of its gradient
            kernel void loss_of(global const float *d, global float *loss, int count)
            {
                float sum = 0;
                for (int i = 0; i < count; i++)
                    sum += d[i] * d[i];
                *loss = sum * count / 2;
            }

            kernel void descend(global float *weight, global const float *gradient, float rate)
            {
                weight[get_global_id(0)] -= rate * gradient[get_global_id(0)];
            }
            """;

    private JoclKernels() {
    }
}
