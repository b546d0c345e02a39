package org.clnorm.example.train;

import java.util.List;
import org.clnorm.tensor.Tensor;

/** Adds a number to each channel, in place. Its gradient is a sum over all points, in two stages. */
final class Bias implements Layer {
    private static final int SLICES = 64;

    static final String SOURCE = """
            kernel void add_bias(global float *y, global const float *bias, int channels)
            {
                y[get_global_id(0)] += bias[get_global_id(0) % channels];
            }

            // a channel and a slice of the rows a work-item
            kernel void sum_rows(global const float *rows, global float *sums, int channels, int count, int slice)
            {
                int channel = get_global_id(0) % channels, first = get_global_id(0) / channels * slice;
                float sum = 0;
                for (int i = first; i < min(first + slice, count); i++)
                    sum += rows[i * channels + channel];
                sums[get_global_id(0)] = sum;
            }
            """;

    private final Variable variable;
    private final Weight weight;
    private final Tensor gradient;
    private final Ops.Call add;
    private final Ops.Call sumSlices;
    private final Ops.Call sum;

    Bias(Ops ops, String name, Variable variable) {
        this.variable = variable;
        int channels = variable.dim(variable.value().shape().rank() - 1);
        int rows = variable.size() / channels;
        int slice = (rows + SLICES - 1) / SLICES;
        Tensor value = ops.tensor(channels);
        gradient = ops.tensor(channels);
        weight = Weight.plain(name + ".bias", value, () -> gradient);
        Tensor slices = ops.tensor(SLICES, channels);
        add = ops.call(SOURCE, "add_bias", variable.size(), variable.value(), value, channels);
        sumSlices = ops.call(SOURCE, "sum_rows", SLICES * channels, variable.gradient(), slices, channels, rows, slice);
        sum = ops.call(SOURCE, "sum_rows", channels, slices, gradient, channels, SLICES, SLICES);
    }

    @Override
    public Variable output() {
        return variable;
    }

    @Override
    public void forward(boolean training) {
        add.run(variable.value());
    }

    @Override
    public void backward() {
        sumSlices.run();
        sum.run(gradient);
    }

    @Override
    public List<Weight> weights() {
        return List.of(weight);
    }
}
