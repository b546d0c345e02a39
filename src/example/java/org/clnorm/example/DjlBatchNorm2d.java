package org.clnorm.example;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Parameter;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import org.clnorm.BatchNorm2d;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Tensor;

/**
 * A {@link BatchNorm2d} as a block of a DJL model, in place of {@link ai.djl.nn.norm.BatchNorm}; once in a network.
 *
 * <p><b>It copies.</b> DJL does not say where the memory of an NDArray is, so everything goes through the host: x and y
 * on the way forward, dy and dx on the way back, and with each step weight, bias and their gradients. Each of these
 * copies waits for what makes its values. That is right where a DJL network is to get a layer that DJL lacks; it is no
 * way to make a network faster.
 *
 * <p><b>Gradients across the gap.</b> DJL records neither the copies nor this library's work, so its graph ends at x
 * and begins again at y. After {@code collector.backward(loss)} the loop calls {@link #backward(GradientCollector)},
 * which takes the gradient of y, and has DJL go on from ⟨x, dx⟩ + ⟨gamma, dgamma⟩ + ⟨beta, dbeta⟩: dx, dgamma and dbeta
 * are plain numbers there, so that they become the gradients of x, gamma and beta. DJL's trainer then updates gamma and
 * beta with its own optimizer, and the blocks before x get their gradients too.
 *
 * <p>gamma and beta are DJL's, and are saved with its model; the running statistics are the layer's, and are saved with
 * {@link BatchNorm2d#stateDict()}. DJL's momentum is the weight of the old statistics: its 0.9 is 0.1 here.
 */
public final class DjlBatchNorm2d extends AbstractBlock implements AutoCloseable {
    private final BatchNorm2d norm;
    private final Parameter gamma;
    private final Parameter beta;
    private Pass pass;

    /** What a forward pass leaves to the backward pass: both ends of the gap, the parameters, and y on our side. */
    private record Pass(NDArray x, NDArray y, NDArray gamma, NDArray beta, Tensor ours) {
    }

    /**
     * A block around a layer.
     *
     * @param norm a layer with weight and bias, on the device that is to compute; this block closes it
     */
    public DjlBatchNorm2d(BatchNorm2d norm) {
        this.norm = norm;
        gamma = addParameter(parameter("gamma", Parameter.Type.GAMMA));
        beta = addParameter(parameter("beta", Parameter.Type.BETA));
    }

    private static Parameter parameter(String name, Parameter.Type type) {
        return Parameter.builder().setName(name).setType(type).build();
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputShapes) {
        return inputShapes;
    }

    @Override
    protected void prepare(Shape[] inputShapes) {
        gamma.setShape(new Shape(norm.weight().shape().dims()));
        beta.setShape(new Shape(norm.bias().shape().dims()));
    }

    @Override
    protected NDList forwardInternal(ParameterStore store, NDList inputs, boolean training,
            PairList<String, Object> parameters) {
        endPass();
        NDArray x = inputs.singletonOrThrow();
        NDArray weight = store.getValue(gamma, x.getDevice(), training);
        NDArray bias = store.getValue(beta, x.getDevice(), training);
        norm.train(training);
        norm.weight().value().write(weight.toFloatArray());
        norm.bias().value().write(bias.toFloatArray());
        Tensor ours;
        try (Tensor copy = copyIn(x)) {
            ours = norm.forward(copy);
        }
        NDArray y = copyOut(ours, x);
        if (training) {
            y.setRequiresGradient(true);
            pass = new Pass(x, y, weight, bias, ours);
        } else {
            ours.close();
        }
        return new NDList(y);
    }

    /**
     * Carries the gradient of y on to x, gamma, beta and the blocks before; to be called after the loss's own
     * {@code backward} and before the trainer's step.
     *
     * @param collector the open collector that the forward pass ran under
     * @throws IllegalStateException if no forward pass in training mode waits for it
     */
    public void backward(GradientCollector collector) {
        if (pass == null) {
            throw new IllegalStateException("expected a forward pass in training mode before backward");
        }
        NDArray dx;
        try (Tensor dy = copyIn(pass.y().getGradient()); Tensor ours = norm.backward(dy)) {
            dx = copyOut(ours, pass.x());
        }
        NDArray dgamma = copyOut(norm.weight().grad(), pass.gamma());
        NDArray dbeta = copyOut(norm.bias().grad(), pass.beta());
        collector.backward(dot(pass.x(), dx).add(dot(pass.gamma(), dgamma)).add(dot(pass.beta(), dbeta)));
        endPass();
    }

    private static NDArray dot(NDArray recorded, NDArray gradient) {
        return recorded.mul(gradient).sum();
    }

    private Tensor copyIn(NDArray array) {
        if (array.getDataType() != DataType.FLOAT32) {
            throw new IllegalArgumentException("expected an array of FLOAT32, got " + array.getDataType());
        }
        Device device = norm.device();
        return device.tensor(array.toFloatArray(), array.getShape().getShape());
    }

    /** With the manager of a neighbour, which closes it with the step's other arrays. */
    private static NDArray copyOut(Tensor tensor, NDArray neighbour) {
        return neighbour.getManager().create(tensor.read(), neighbour.getShape());
    }

    private void endPass() {
        if (pass != null) {
            pass.ours().close();
            pass = null;
        }
    }

    /** Closes the layer. */
    @Override
    public void close() {
        endPass();
        norm.close();
    }
}
