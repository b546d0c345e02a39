package org.clnorm.example.train;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.clnorm.LayerTree;
import org.clnorm.NormLayer;

/**
 * Twice a convolution, a normalization, ReLU and a pooling, then a linear layer to the classes. Between layers channels
 * are last: [N, H, W, C].
 */
final class Network implements AutoCloseable {
    static final int FIRST_CHANNELS = 16;
    static final int SECOND_CHANNELS = 32;

    private final Ops ops;
    private final Gemm gemm;
    private final UnaryOperator<NormLayer> made;
    private final Normalization normalization;
    private final Variable images;
    private final List<Layer> layers = new ArrayList<>();
    private final LayerTree norms = new LayerTree();

    /** For batches of so many images, by itself; nobody asks for the gradient of an image. */
    Network(Ops ops, Gemm gemm, Normalization normalization, int batch, int height, int width) {
        this(ops, gemm, normalization, UnaryOperator.identity(), batch, height, width);
    }

    /** The same with what is made of each normalization. */
    Network(Ops ops, Gemm gemm, Normalization normalization, UnaryOperator<NormLayer> made, int batch, int height,
            int width) {
        if (height % 4 != 0 || width % 4 != 0) {
            throw new IllegalArgumentException("expected images whose height and width are multiples of 4, got "
                    + height + " x " + width);
        }
        this.ops = ops;
        this.gemm = gemm;
        this.normalization = normalization;
        this.made = made;
        images = new Variable(ops.tensor(batch, height, width, 1), null);
        stage(1, FIRST_CHANNELS);
        stage(2, SECOND_CHANNELS);
        layers.add(new Linear(ops, gemm, "linear", output(), Images.CLASSES));
        layers.add(new Bias(ops, "linear", output()));
    }

    private void stage(int number, int channels) {
        String name = "conv" + number;
        layers.add(new Convolution(ops, gemm, name, output(), channels));
        normalization.layer(output().dim(1), output().dim(2), channels).map(made).ifPresentOrElse(layer -> {
            Norm norm = new Norm(ops, layer, "norm" + number, output());
            norms.put(norm.name(), layer);
            layers.add(norm);
        }, () -> layers.add(new Bias(ops, name, output())));
        layers.add(new Relu(ops, output()));
        layers.add(new MaxPool(ops, output()));
    }

    /** Where a batch is put before a forward pass. */
    Variable images() {
        return images;
    }

    /** What the last layer gives, so far. */
    final Variable output() {
        return layers.isEmpty() ? images : layers.get(layers.size() - 1).output();
    }

    void forward(boolean training) {
        layers.forEach(layer -> layer.forward(training));
    }

    /** Enqueues all gradients; tells of each layer when it is enqueued. */
    void backward(Consumer<Layer> watcher) {
        for (Layer layer : backwards()) {
            layer.backward();
            watcher.accept(layer);
        }
    }

    /** The layers in the order of a backward pass. */
    List<Layer> backwards() {
        List<Layer> order = new ArrayList<>(layers);
        Collections.reverse(order);
        return order;
    }

    /** What is learned, the parameters of normalizations too. */
    List<Weight> weights() {
        return layers.stream().flatMap(layer -> layer.weights().stream()).toList();
    }

    /** What is learned by layers that are not the library's. */
    List<Weight> own() {
        return weights().stream().filter(weight -> !norms.keys().contains(weight.name())).toList();
    }

    /** The normalizations under their names. */
    LayerTree norms() {
        return norms;
    }

    /**
     * Draws the weights of convolutions and of the linear layer, of a variance of 2 by inputs that keeps that of what a
     * ReLU gives; biases and normalizations are left as they begin.
     */
    void initialize(long seed) {
        Random random = new Random(seed * 0xD1342543DE82EF95L + 1);
        for (Weight weight : own()) {
            if (weight.shape().length > 1) {
                float[] values = new float[weight.order().length];
                int inputs = values.length / (int) weight.shape()[0];
                for (int i = 0; i < values.length; i++) {
                    values[i] = (float) (random.nextGaussian() * StrictMath.sqrt(2.0 / inputs));
                }
                weight.value().write(weight.fromPyTorch(values));
            }
        }
    }

    @Override
    public void close() {
        norms.close();
    }
}
