package org.clnorm.example.train;

import java.util.List;
import org.clnorm.tensor.Tensor;

/**
 * A convolution of 3 x 3 that keeps height and width, without bias. Each point's neighbourhood is laid out as a row
 * ("im2col"); then all of it is one product, [N · H · W, 9 · C] times [9 · C, O], whose rows are the output with its
 * channels last.
 */
final class Convolution implements Layer {
    private static final int TAPS = 9;

    static final String SOURCE = """
            // a neighbour of a point a work-item
            kernel void im2col(global const float *restrict x, global float *restrict columns, int height, int width,
                               int channels)
            {
                int point = get_global_id(0) / 9, tap = get_global_id(0) % 9;
                int row = point / width % height + tap / 3 - 1, column = point % width + tap % 3 - 1;
                bool inside = row >= 0 && row < height && column >= 0 && column < width;
                global const float *from = x + (point + (tap / 3 - 1) * width + tap % 3 - 1) * channels;
                global float *to = columns + (size_t)get_global_id(0) * channels;
                for (int c = 0; c < channels; c++)
                    to[c] = inside ? from[c] : 0;
            }

            // an element of the input a work-item: what its nine neighbours have of it
            kernel void col2im(global const float *restrict columns, global float *restrict dx, int height, int width,
                               int channels)
            {
                int channel = get_global_id(0) % channels, point = get_global_id(0) / channels;
                int row = point / width % height, column = point % width;
                float sum = 0;
                for (int tap = 0; tap < 9; tap++) {
                    int down = 1 - tap / 3, right = 1 - tap % 3;
                    bool inside = row + down >= 0 && row + down < height && column + right >= 0
                                  && column + right < width;
                    if (inside)
                        sum += columns[((size_t)(point + down * width + right) * 9 + tap) * channels + channel];
                }
                dx[get_global_id(0)] = sum;
            }
            """;

    private final Variable input;
    private final Variable output;
    private final Weight weight;
    private final Tensor columns;
    private final Ops.Call im2col;
    private final Runnable product;
    private final Runnable weightGradient;
    /** Null where nobody asks for the gradient of the input. */
    private final Runnable columnsGradient;
    private final Ops.Call col2im;

    Convolution(Ops ops, Gemm gemm, String name, Variable input, int channels) {
        this.input = input;
        int height = input.dim(1);
        int width = input.dim(2);
        int inputs = input.dim(3);
        int points = input.size() / inputs;
        int taps = TAPS * inputs;
        output = ops.variable(input.dim(0), height, width, channels);
        columns = ops.tensor(points, taps);
        Tensor values = ops.tensor(taps, channels);
        Tensor gradients = ops.tensor(taps, channels);
        weight = new Weight(name + ".weight", values, () -> gradients, new long[] {channels, inputs, 3, 3},
                order(channels, inputs));
        Gemm.Matrix rows = Gemm.Matrix.of(columns, points, taps);
        Gemm.Matrix kernel = Gemm.Matrix.of(values, taps, channels);
        Gemm.Matrix dy = Gemm.Matrix.of(output.gradient(), points, channels);
        im2col = ops.call(SOURCE, "im2col", (long) points * TAPS, input.value(), columns, height, width, inputs);
        product = gemm.product(rows, kernel, output.value());
        weightGradient = gemm.product(rows.transpose(), dy, gradients);
        if (input.gradient() == null) {
            columnsGradient = null;
            col2im = null;
        } else {
            Tensor gradient = ops.tensor(points, taps);
            columnsGradient = gemm.product(dy, kernel.transpose(), gradient);
            col2im = ops.call(SOURCE, "col2im", input.size(), gradient, input.gradient(), height, width, inputs);
        }
    }

    /** PyTorch's weight is [O, C, 3, 3], ours [3, 3, C, O]. */
    private static int[] order(int outputs, int inputs) {
        int[] order = new int[outputs * inputs * TAPS];
        for (int i = 0; i < order.length; i++) {
            int tap = i % TAPS;
            int channel = i / TAPS % inputs;
            order[i] = (tap * inputs + channel) * outputs + i / TAPS / inputs;
        }
        return order;
    }

    @Override
    public Variable output() {
        return output;
    }

    @Override
    public void forward(boolean training) {
        im2col.run(columns);
        product.run();
    }

    @Override
    public void backward() {
        weightGradient.run();
        if (columnsGradient != null) {
            columnsGradient.run();
            col2im.run(input.gradient());
        }
    }

    @Override
    public List<Weight> weights() {
        return List.of(weight);
    }
}
