package org.clnorm.example.train;

import java.util.ArrayList;
import java.util.List;
import org.clnorm.NormLayer;
import org.clnorm.Parameter;

/** A layer of the library in the network: it works in the network's tensors, and computes the gradient in place. */
final class Norm implements Layer {
    private final NormLayer layer;
    private final String name;
    private final Variable input;
    private final Variable output;

    Norm(Ops ops, NormLayer layer, String name, Variable input) {
        this.layer = layer;
        this.name = name;
        this.input = input;
        // dx takes the place of dy
        output = new Variable(ops.tensor(input.value().shape().dims()), input.gradient());
        layer.on(ops.device());
        layer.eval().warmUp(input.value().shape());
        layer.train().warmUp(input.value().shape());
    }

    NormLayer layer() {
        return layer;
    }

    String name() {
        return name;
    }

    @Override
    public Variable output() {
        return output;
    }

    @Override
    public void forward(boolean training) {
        if (training) {
            layer.forward(input.value(), output.value());
        } else {
            layer.eval().forwardNoGrad(input.value(), output.value());
            layer.train();
        }
    }

    @Override
    public void backward() {
        layer.backward(output.gradient(), input.gradient());
    }

    @Override
    public List<Weight> weights() {
        List<Weight> weights = new ArrayList<>();
        for (Parameter parameter : layer.parameters().values()) {
            String key = name + "." + parameter.name();
            weights.add(parameter.shape().rank() == 1 ? Weight.plain(key, parameter.value(), parameter::grad)
                    : spatial(key, parameter));
        }
        return weights;
    }

    /** One for each element of a sample, [H, W, C] here and [C, H, W] in PyTorch. */
    private static Weight spatial(String key, Parameter parameter) {
        int points = (int) parameter.shape().size(0, 2);
        int channels = (int) parameter.shape().dim(2);
        int[] order = new int[points * channels];
        for (int i = 0; i < order.length; i++) {
            order[i] = i % points * channels + i / points;
        }
        return new Weight(key, parameter.value(), parameter::grad,
                new long[] {channels, parameter.shape().dim(0), parameter.shape().dim(1)}, order);
    }
}
