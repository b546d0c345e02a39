package org.clnorm.example.train;

/** What is below zero becomes zero, in place: what came before it works without its output's values. */
final class Relu implements Layer {
    static final String SOURCE = """
            // what is not a number stays so
            kernel void relu(global float *y)
            {
                y[get_global_id(0)] = y[get_global_id(0)] < 0 ? 0 : y[get_global_id(0)];
            }

            kernel void relu_gradient(global const float *y, global float *d)
            {
                d[get_global_id(0)] = y[get_global_id(0)] <= 0 ? 0 : d[get_global_id(0)];
            }
            """;

    private final Variable variable;
    private final Ops.Call relu;
    private final Ops.Call gradient;

    Relu(Ops ops, Variable variable) {
        this.variable = variable;
        relu = ops.call(SOURCE, "relu", variable.size(), variable.value());
        gradient = ops.call(SOURCE, "relu_gradient", variable.size(), variable.value(), variable.gradient());
    }

    @Override
    public Variable output() {
        return variable;
    }

    @Override
    public void forward(boolean training) {
        relu.run(variable.value());
    }

    @Override
    public void backward() {
        gradient.run(variable.gradient());
    }
}
