package org.clnorm.example;

import static org.jocl.CL.*;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.clnorm.BatchNorm2d;
import org.clnorm.LayerNorm;
import org.clnorm.NormLayer;
import org.clnorm.Parameter;
import org.clnorm.engine.opencl.OpenClDevice;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Shape;
import org.clnorm.tensor.Tensor;
import org.jocl.CL;
import org.jocl.cl_command_queue;
import org.jocl.cl_event;
import org.jocl.cl_mem;

/**
 * A training loop that is written with JOCL, around two layers of this library. The context, the queues, every buffer
 * and the other kernels are the loop's own: a mix of channels (a convolution of 1 × 1), BatchNorm2d, ReLU, LayerNorm,
 * the squared distance to a target, and gradient descent on all parameters, those of the layers too.
 *
 * <p>A step allocates no device memory, makes no OpenCL object but its three events, and waits for nothing: batches are
 * copied on a queue of their own, two in turns, while the step before still runs. All that passes between the loop and
 * the layers are buffers and events:
 *
 * <ul>
 * <li>{@code OpenClDevice.wrap} puts the layers on the loop's queue, {@code borrow} makes tensors of its buffers;
 * <li>{@code forward(x, y)} and {@code backward(d, d)} work in these buffers, the latter in place;
 * <li>{@code memory} gives the loop's kernel the layers' parameters and gradients, {@code wrote} says that it wrote;
 * <li>{@code waitFor} and {@code mark} order the two queues.
 * </ul>
 */
public final class JoclLoop implements AutoCloseable {
    /** Samples, channels, height and width of every buffer between the kernels. */
    static final Shape SHAPE = Shape.of(8, 4, 6, 6);
    static final int COUNT = (int) SHAPE.size();
    static final int CHANNELS = 4;
    static final int SPACE = 36;
    /** The data are this many batches, one after the other. */
    static final int BATCHES = 16;
    static final float RATE = 0.05f;

    private final Jocl jocl;
    private final cl_command_queue queue;
    private final cl_command_queue transfers;
    private final OpenClDevice device;
    private final BatchNorm2d batchNorm;
    private final LayerNorm layerNorm;
    private final cl_mem inputs;
    private final cl_mem targets;
    private final Slot[] slots = new Slot[2];
    private final cl_mem weight;
    private final cl_mem loss;
    private final Tensor x;
    private final Tensor a;
    private final Tensor y;
    private final Tensor d;
    private final Jocl.Call relu;
    private final Jocl.Call reluGradient;
    private final Jocl.Call lossOf;
    private final List<Jocl.Call> updates = new ArrayList<>();
    private int steps;

    /** Where a batch is copied to, and the kernels that read it. */
    private static final class Slot {
        private final cl_mem input;
        private final cl_mem target;
        private final Jocl.Call mix;
        private final Jocl.Call mixGradient;
        private final Jocl.Call distance;
        /** The step that read the batch, null before the first. */
        private cl_event read;

        Slot(Jocl jocl, cl_mem weight, cl_mem dweight, cl_mem mixed, cl_mem output, cl_mem gradient) {
            input = jocl.buffer(new float[COUNT]);
            target = jocl.buffer(new float[COUNT]);
            mix = jocl.call(COUNT, "mix_channels", input, weight, mixed, CHANNELS, SPACE);
            mixGradient = jocl.call(CHANNELS * CHANNELS, "mix_channels_gradient", input, gradient, dweight, CHANNELS,
                    SPACE, COUNT / SPACE / CHANNELS);
            distance = jocl.call(COUNT, "distance_gradient", output, target, gradient);
        }
    }

    /**
     * A loop on a device, with everything it needs.
     *
     * @param platform the index of the OpenCL platform
     * @param index    the index of the device among the platform's
     */
    public JoclLoop(int platform, int index) {
        Differences task = Differences.make();
        jocl = new Jocl(platform, index);
        jocl.build(JoclKernels.SOURCE);
        queue = jocl.queue();
        transfers = jocl.queue();
        inputs = jocl.buffer(task.inputs());
        targets = jocl.buffer(task.targets());
        cl_mem mixed = jocl.buffer(new float[COUNT]);
        cl_mem active = jocl.buffer(new float[COUNT]);
        cl_mem output = jocl.buffer(new float[COUNT]);
        cl_mem gradient = jocl.buffer(new float[COUNT]);
        loss = jocl.buffer(0);
        weight = jocl.buffer(task.weight());
        cl_mem dweight = jocl.buffer(new float[task.weight().length]);
        for (int i = 0; i < slots.length; i++) {
            slots[i] = new Slot(jocl, weight, dweight, mixed, output, gradient);
        }
        relu = jocl.call(COUNT, "relu", active);
        reluGradient = jocl.call(COUNT, "relu_gradient", active, gradient);
        lossOf = jocl.call(1, "loss_of", gradient, loss, COUNT);
        updates.add(jocl.call(task.weight().length, "descend", weight, dweight, RATE));

        device = OpenClDevice.wrap(jocl.context(), jocl.device(), queue);
        x = device.borrow(mixed, 0, DataType.F32, SHAPE);
        a = device.borrow(active, 0, DataType.F32, SHAPE);
        y = device.borrow(output, 0, DataType.F32, SHAPE);
        d = device.borrow(gradient, 0, DataType.F32, SHAPE);
        batchNorm = new BatchNorm2d(CHANNELS).on(device);
        layerNorm = new LayerNorm(CHANNELS, 6, 6).on(device);
        batchNorm.warmUp(SHAPE);
        layerNorm.warmUp(SHAPE);
    }

    /** Enqueues a step: a batch, forward, backward, an update. Does not wait. */
    public void step() {
        Slot slot = slots[steps % slots.length];
        fill(slot, steps % BATCHES);

        run(slot.mix, x);
        batchNorm.forward(x, a);
        run(relu, a);
        layerNorm.forward(a, y);

        run(slot.distance, d);
        lossOf.enqueue(queue);
        layerNorm.backward(d, d);
        run(reluGradient, d);
        batchNorm.backward(d, d);
        slot.mixGradient.enqueue(queue);

        update();
        slot.read = device.mark();
        steps++;
    }

    /** Enqueues a kernel of the loop's, and notes that it writes a tensor. */
    private void run(Jocl.Call call, Tensor written) {
        call.enqueue(queue);
        device.wrote(written);
    }

    /** Copies a batch on the other queue, once the step that read the last one is done; this queue waits for it. */
    private void fill(Slot slot, int batch) {
        cl_event[] after = slot.read == null ? new cl_event[0] : new cl_event[] {slot.read};
        cl_event input = Jocl.copy(transfers, inputs, (long) batch * COUNT, slot.input, COUNT, after);
        cl_event target = Jocl.copy(transfers, targets, (long) batch * COUNT, slot.target, COUNT, after);
        clFlush(transfers);
        device.waitFor(input, target);
        Stream.of(input, target).forEach(CL::clReleaseEvent);
        Stream.of(after).forEach(CL::clReleaseEvent);
    }

    private void update() {
        if (updates.size() == 1) {
            // gradients are there from the first backward pass on, and then stay where they are
            parameters().forEach(parameter -> updates.add(jocl.call(parameter.shape().size(), "descend",
                    device.memory(parameter.value()), device.memory(parameter.grad()), RATE)));
        }
        for (Jocl.Call update : updates) {
            update.enqueue(queue);
        }
        parameters().forEach(parameter -> device.wrote(parameter.value()));
    }

    private Stream<Parameter> parameters() {
        return Stream.<NormLayer>of(batchNorm, layerNorm).flatMap(layer -> layer.parameters().values().stream());
    }

    /**
     * The loss of the last step; waits for it.
     *
     * @return half the mean square of what came out less the target
     */
    public float loss() {
        return Jocl.read(queue, loss, 1)[0];
    }

    BatchNorm2d batchNorm() {
        return batchNorm;
    }

    LayerNorm layerNorm() {
        return layerNorm;
    }

    OpenClDevice device() {
        return device;
    }

    /** The weights of the mix; waits. */
    float[] weight() {
        return Jocl.read(queue, weight, CHANNELS * CHANNELS);
    }

    @Override
    public void close() {
        batchNorm.close();
        layerNorm.close();
        Stream.of(x, a, y, d).forEach(Tensor::close);
        device.close();
        for (Slot slot : slots) {
            if (slot.read != null) {
                clReleaseEvent(slot.read);
            }
        }
        jocl.close();
    }

    /**
     * Trains and prints the loss of every thousandth step.
     *
     * @param arguments the number of steps, 10,000 unless told; the index of an OpenCL platform and of a device, 0
     *                  unless told
     */
    public static void main(String[] arguments) {
        int steps = number(arguments, 0, 10_000);
        setExceptionsEnabled(true);
        try (JoclLoop loop = new JoclLoop(number(arguments, 1, 0), number(arguments, 2, 0))) {
            System.out.println(loop.device);
            for (int step = 0; step <= steps; step++) {
                loop.step();
                if (step % 100 == 0) {
                    float loss = loop.loss();  // so that the host is at most a hundred steps ahead
                    if (step % 1000 == 0) {
                        System.out.printf(Locale.ROOT, "step %5d  loss %.5f%n", step, loss);
                    }
                }
            }
        }
    }

    private static int number(String[] arguments, int index, int otherwise) {
        return index < arguments.length ? Integer.parseInt(arguments[index]) : otherwise;
    }
}
