package org.clnorm.example.train;

/** The largest of each 2 x 2 points; the gradient goes to the first of those that are largest, as in PyTorch. */
final class MaxPool implements Layer {
    static final String SOURCE = """
            // where in the input the element of the output lies that this work-item is for
            size_t corner(int width, int channels)
            {
                int channel = get_global_id(0) % channels, point = get_global_id(0) / channels;
                int across = width / 2;
                return ((size_t)(point / across * 2) * width + point % across * 2) * channels + channel;
            }

            int largest(global const float *x, int right, int down)
            {
                int at = 0, places[4] = {0, right, down, down + right};
                for (int i = 1; i < 4; i++)
                    if (x[places[i]] > x[at] || isnan(x[places[i]]))
                        at = places[i];
                return at;
            }

            kernel void max_pool(global const float *x, global float *y, int width, int channels)
            {
                global const float *from = x + corner(width, channels);
                y[get_global_id(0)] = from[largest(from, channels, width * channels)];
            }

            kernel void max_pool_gradient(global const float *x, global const float *dy, global float *dx, int width,
                                          int channels)
            {
                size_t from = corner(width, channels);
                int at = largest(x + from, channels, width * channels), down = width * channels;
                float gradient = dy[get_global_id(0)];
                dx[from] = at == 0 ? gradient : 0;
                dx[from + channels] = at == channels ? gradient : 0;
                dx[from + down] = at == down ? gradient : 0;
                dx[from + down + channels] = at == down + channels ? gradient : 0;
            }
            """;

    private final Variable input;
    private final Variable output;
    private final Ops.Call pool;
    private final Ops.Call gradient;

    MaxPool(Ops ops, Variable input) {
        this.input = input;
        int height = input.dim(1);
        int width = input.dim(2);
        int channels = input.dim(3);
        if (height % 2 != 0 || width % 2 != 0) {
            throw new IllegalArgumentException("expected an even height and width to pool, got " + height + " x "
                    + width);
        }
        output = ops.variable(input.dim(0), height / 2, width / 2, channels);
        pool = ops.call(SOURCE, "max_pool", output.size(), input.value(), output.value(), width, channels);
        gradient = ops.call(SOURCE, "max_pool_gradient", output.size(), input.value(), output.gradient(),
                input.gradient(), width, channels);
    }

    @Override
    public Variable output() {
        return output;
    }

    @Override
    public void forward(boolean training) {
        pool.run(output.value());
    }

    @Override
    public void backward() {
        gradient.run(input.gradient());
    }
}
