package org.clnorm.example.train;

import java.util.List;
import org.clnorm.tensor.Tensor;

/** Every output from all elements of a sample, without bias. */
final class Linear implements Layer {
    private final Variable output;
    private final Weight weight;
    private final Runnable product;
    private final Runnable weightGradient;
    private final Runnable inputGradient;

    /** For inputs of [N, height, width, channels]. */
    Linear(Ops ops, Gemm gemm, String name, Variable input, int outputs) {
        int samples = input.dim(0);
        int points = input.dim(1) * input.dim(2);
        int inputs = points * input.dim(3);
        output = ops.variable(samples, outputs);
        Tensor values = ops.tensor(inputs, outputs);
        Tensor gradients = ops.tensor(inputs, outputs);
        weight = new Weight(name + ".weight", values, () -> gradients, new long[] {outputs, inputs},
                order(outputs, points, input.dim(3)));
        Gemm.Matrix x = Gemm.Matrix.of(input.value(), samples, inputs);
        Gemm.Matrix w = Gemm.Matrix.of(values, inputs, outputs);
        Gemm.Matrix dy = Gemm.Matrix.of(output.gradient(), samples, outputs);
        product = gemm.product(x, w, output.value());
        weightGradient = gemm.product(x.transpose(), dy, gradients);
        inputGradient = gemm.product(dy, w.transpose(), input.gradient());
    }

    /** PyTorch's weight is [O, C · H · W], ours [H · W · C, O]. */
    private static int[] order(int outputs, int points, int channels) {
        int inputs = points * channels;
        int[] order = new int[outputs * inputs];
        for (int i = 0; i < order.length; i++) {
            int point = i % points;
            int channel = i / points % channels;
            order[i] = (point * channels + channel) * outputs + i / inputs;
        }
        return order;
    }

    @Override
    public Variable output() {
        return output;
    }

    @Override
    public void forward(boolean training) {
        product.run();
    }

    @Override
    public void backward() {
        weightGradient.run();
        inputGradient.run();
    }

    @Override
    public List<Weight> weights() {
        return List.of(weight);
    }
}
