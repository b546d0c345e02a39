package org.clnorm.example;

import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.Blocks;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.core.Linear;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.GradientCollector;
import ai.djl.training.Trainer;
import ai.djl.training.loss.Loss;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import java.util.Locale;
import java.util.Random;
import org.clnorm.BatchNorm2d;
import org.clnorm.tensor.Device;

/**
 * A training loop of DJL's with a normalization layer of this library between two of its blocks: a convolution, the
 * layer, an activation, a linear layer, DJL's loss and DJL's optimizer. The network learns to tell horizontal from
 * vertical stripes in noise.
 *
 * <p>What differs from a loop without the layer is one line, see {@link #backward()}. The layer's values are copied
 * between DJL and this library's device, see {@link DjlBatchNorm2d}.
 */
public final class DjlLoop implements AutoCloseable {
    /** Channels between the convolution and the linear layer. */
    static final int CHANNELS = 6;
    private static final int BATCH = 32;
    private static final int SIDE = 8;

    private final Random random = new Random(7);
    private final Model model = Model.newInstance("stripes", "PyTorch");
    private final Block norm;
    private final Trainer trainer;

    /**
     * A loop around a normalization block.
     *
     * @param norm {@link DjlBatchNorm2d}, or a block of DJL's to compare it with
     */
    public DjlLoop(Block norm) {
        this.norm = norm;
        Block convolution = Conv2d.builder().setFilters(CHANNELS).setKernelShape(new Shape(3, 3)).optBias(false)
                .build();
        model.setBlock(new SequentialBlock().add(convolution).add(norm).add(Activation::tanh)
                .add(Blocks.batchFlattenBlock()).add(Linear.builder().setUnits(2).build()));
        trainer = model.newTrainer(new DefaultTrainingConfig(Loss.softmaxCrossEntropyLoss())
                .optOptimizer(Optimizer.sgd().setLearningRateTracker(Tracker.fixed(0.05f)).build()));
        // the same weights for every loop
        Engine.getEngine("PyTorch").setRandomSeed(42);
        trainer.initialize(new Shape(BATCH, 1, SIDE, SIDE));
    }

    /**
     * Forward and backward over a new batch.
     *
     * @return the loss
     */
    public float backward() {
        try (NDManager step = trainer.getManager().newSubManager();
                GradientCollector collector = trainer.newGradientCollector()) {
            int[] kinds = random.ints(BATCH, 0, 2).toArray();
            NDList labels = new NDList(step.create(kinds));
            NDArray images = step.create(images(kinds), new Shape(BATCH, 1, SIDE, SIDE));
            NDList predictions = trainer.forward(new NDList(images), labels);
            NDArray loss = trainer.getLoss().evaluate(labels, predictions);
            collector.backward(loss);
            if (norm instanceof DjlBatchNorm2d ours) {
                ours.backward(collector);
            }
            return loss.getFloat();
        }
    }

    /** Updates the parameters by their gradients. */
    public void update() {
        trainer.step();
    }

    /**
     * The model.
     *
     * @return DJL's model, with the parameters and their gradients
     */
    public Model model() {
        return model;
    }

    private float[] images(int[] kinds) {
        float[] values = new float[BATCH * SIDE * SIDE];
        for (int i = 0; i < values.length; i++) {
            int kind = kinds[i / (SIDE * SIDE)];
            int stripe = kind == 0 ? i / SIDE % SIDE : i % SIDE;
            values[i] = stripe % 2 + 0.5f * (float) random.nextGaussian();
        }
        return values;
    }

    @Override
    public void close() {
        trainer.close();
        model.close();
    }

    /**
     * Trains on the best device and prints the loss.
     *
     * @param arguments the number of steps, 100 unless told
     */
    public static void main(String[] arguments) {
        int steps = arguments.length == 0 ? 100 : Integer.parseInt(arguments[0]);
        try (Device device = Device.open();
                DjlBatchNorm2d norm = new DjlBatchNorm2d(new BatchNorm2d(CHANNELS).on(device));
                DjlLoop loop = new DjlLoop(norm)) {
            Engine engine = Engine.getEngine("PyTorch");
            System.out.println(
                    "DJL on " + engine.getEngineName() + " " + engine.getVersion() + ", BatchNorm2d on " + device);
            for (int step = 0; step <= steps; step++) {
                float loss = loop.backward();
                loop.update();
                if (step % 10 == 0) {
                    System.out.printf(Locale.ROOT, "step %4d  loss %.4f%n", step, loss);
                }
            }
        }
    }
}
