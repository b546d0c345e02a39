package org.clnorm.example.train;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.clnorm.engine.opencl.OpenClDevice;
import org.clnorm.state.HostTensor;
import org.clnorm.state.StateDict;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Tensor;
import org.jocl.cl_mem;

/**
 * One run of training. A step is enqueued and not waited for, and allocates nothing on the device after the first;
 * losses stay there until somebody asks, or there is no room for more.
 */
public final class Training implements AutoCloseable {
    /** Losses on the device; when they are read, the host waits for it. */
    private static final int ROOM = 64;

    private final Settings settings;
    private final Images training;
    private final Ops ops;
    private final Gemm gemm;
    private final Network network;
    private final Dataset learned;
    private final Dataset heldOut;
    private final cl_mem labels;
    private final Tensor curve;
    private final SoftmaxCrossEntropy loss;
    private final Sgd sgd;
    private final List<Double> losses = new ArrayList<>();
    private final List<Outcome.Measured> accuracies = new ArrayList<>();
    private final String data;
    private int steps;

    /**
     * A run before its first step. The device stays the caller's.
     *
     * @param device   where to compute
     * @param settings what to do; the device and the data that they name are not looked at
     * @param training the images to learn from
     * @param heldOut  the images to measure by
     * @throws IllegalArgumentException if the images do not fill a batch, or are of a size that cannot be pooled twice
     */
    public Training(OpenClDevice device, Settings settings, Images training, Images heldOut) {
        this.training = training;
        if (training.count() < settings.batch()) {
            throw new IllegalArgumentException("expected a batch of at most " + training.count()
                    + " images, as many as there are to learn from, got " + settings.batch());
        }
        if (training.height() != heldOut.height() || training.width() != heldOut.width()) {
            throw new IllegalArgumentException("expected images held out of " + training.height() + " x "
                    + training.width() + ", got " + heldOut.height() + " x " + heldOut.width());
        }
        data = training.summary() + ", held out " + heldOut.summary();
        ops = new Ops(device);
        gemm = settings.gemm().open(ops);
        this.settings = settings.withGemm(gemm.kind());
        network = new Network(ops, gemm, settings.norm(), settings.batch(), training.height(), training.width());
        labels = ops.ints(settings.batch());
        this.learned = new Dataset(ops, training, network.images().value(), labels);
        this.heldOut = new Dataset(ops, heldOut, network.images().value(), labels);
        curve = ops.tensor(ROOM);
        loss = new SoftmaxCrossEntropy(ops, network.output(), labels, curve);
        sgd = new Sgd(ops, network.weights(), settings.rate(), Settings.MOMENTUM);
        network.initialize(settings.seed());
    }

    /**
     * Opens a device that computes with OpenCL.
     *
     * @param selector such as {@code opencl} or {@code opencl:0:0}
     * @return the device, the caller's to close
     * @throws IllegalArgumentException if the selector is malformed, or names a device without OpenCL
     */
    public static OpenClDevice open(String selector) {
        Device device = Device.open(selector);
        if (device instanceof OpenClDevice openCl) {
            return openCl;
        }
        device.close();
        throw new IllegalArgumentException("expected an OpenCL device, got '" + selector + "'");
    }

    /**
     * The images that settings speak of.
     *
     * @param settings the settings
     * @param training whether those to learn from are wanted, or else those held out
     * @return MNIST's if the settings name a folder, else drawn digits
     * @throws IOException if a file is missing or damaged
     */
    public static Images images(Settings settings, boolean training) throws IOException {
        if (settings.data() != null) {
            return Idx.read(settings.data(), training);
        }
        return training ? Digits.draw(settings.seed(), settings.images())
                : Digits.draw(~settings.seed(), settings.heldOut());
    }

    /**
     * The settings.
     *
     * @return what the run was told, with the multiplication of matrices that it has
     */
    public Settings settings() {
        return settings;
    }

    /**
     * How many steps were done.
     *
     * @return a count
     */
    public int steps() {
        return steps;
    }

    /**
     * How many steps an epoch has. Images that fill no batch are left out of it; in another epoch they are others.
     *
     * @return a count
     */
    public int stepsOfAnEpoch() {
        return learned.count() / settings.batch();
    }

    /**
     * How many steps the run has.
     *
     * @return a count
     */
    public int stepsOfAll() {
        return Math.multiplyExact(settings.epochs(), stepsOfAnEpoch());
    }

    /** Enqueues a step: a batch, forward, the loss, backward, an update. */
    public void step() {
        int place = steps % stepsOfAnEpoch();
        if (place == 0) {
            shuffle();
        }
        learned.load(place * settings.batch());
        network.forward(true);
        loss.run(steps % ROOM);
        network.backward();
        sgd.step();
        steps++;
        if (steps % ROOM == 0) {
            losses();
        }
    }

    /** The order of the present epoch. */
    private void shuffle() {
        learned.order(Dataset.shuffled(settings.seed(), steps / stepsOfAnEpoch(), learned.count()));
    }

    /**
     * Goes on to the end, and measures the accuracy from time to time and after each epoch.
     *
     * @param watcher told after each step
     * @return what came of it
     */
    public Outcome run(Consumer<Training> watcher) {
        while (steps < stepsOfAll()) {
            step();
            if (steps % settings.measureEvery() == 0 || steps % stepsOfAnEpoch() == 0) {
                measure();
            }
            watcher.accept(this);
        }
        return outcome();
    }

    /**
     * Measures the accuracy, and notes it.
     *
     * @return the fraction of the held-out images that is told right
     */
    public double measure() {
        double accuracy = accuracy();
        accuracies.add(new Outcome.Measured(steps, accuracy));
        return accuracy;
    }

    /** The last measurement, null before the first. */
    Outcome.Measured measured() {
        return accuracies.isEmpty() ? null : accuracies.get(accuracies.size() - 1);
    }

    /**
     * The accuracy at present; changes nothing. Waits.
     *
     * @return the fraction of the held-out images that is told right
     */
    public double accuracy() {
        loss.clear();
        for (int first = 0; first < heldOut.count(); first += settings.batch()) {
            heldOut.load(first);
            network.forward(false);
            loss.count(Math.min(settings.batch(), heldOut.count() - first));
        }
        return (double) loss.right() / heldOut.count();
    }

    /** The losses of all steps; waits if there are some on the device only. */
    private List<Double> losses() {
        if (losses.size() < steps) {
            float[] values = curve.read();
            while (losses.size() < steps) {
                losses.add((double) values[losses.size() % ROOM]);
            }
        }
        return losses;
    }

    /**
     * What came of it so far; waits.
     *
     * @return losses and accuracies up to now
     */
    public Outcome outcome() {
        return new Outcome(settings, List.copyOf(losses()), List.copyOf(accuracies));
    }

    /**
     * Saves the run, so that another can go on from here; waits.
     *
     * @param file a file in the format of safetensors; what it held stays whole until the new one is complete
     * @throws org.clnorm.state.CheckpointException if it cannot be written
     */
    public void save(Path file) {
        Checkpoint.save(file, outcome(), data, network, sgd);
    }

    /**
     * Goes on where a run was saved: with the same device and GEMM bit for bit as that one would have.
     *
     * @param file what {@link #save(Path)} wrote
     * @throws org.clnorm.state.CheckpointException if it cannot be read, or is of a run with other settings than this,
     *                                              but for device, GEMM and epochs; nothing is changed then
     */
    public void resume(Path file) {
        resume(Checkpoint.load(file));
    }

    void resume(Checkpoint checkpoint) {
        Outcome before = checkpoint.restore(settings, data, network, sgd);
        losses.clear();
        losses.addAll(before.loss());
        accuracies.clear();
        accuracies.addAll(before.accuracies());
        steps = losses.size();
        shuffle();
    }

    /**
     * Weights as PyTorch has them, at present: convolutions [O, C, 3, 3], the linear layer [10, C · H · W],
     * normalizations. As metadata what a program has to know to go on: norm, groups, lr and momentum.
     *
     * @return a state of a PyTorch model with the same layers
     */
    public StateDict weights() {
        StateDict state = new StateDict().putMetadata("norm", settings.norm().label())
                .putMetadata("groups", Integer.toString(Normalization.GROUPS))
                .putMetadata("lr", Double.toString(settings.rate()))
                .putMetadata("momentum", Double.toString(Settings.MOMENTUM));
        network.weights().forEach(weight -> state.put(weight.name(), weight.toPyTorch(weight.value().read())));
        return state;
    }

    /**
     * Saves weights and the batches of the first steps: {@link #weights()} and {@code images} [steps, N, H, W],
     * {@code labels} [steps, N].
     *
     * @param file  a file in the format of safetensors
     * @param count how many steps, of the first epoch
     * @throws IllegalStateException    if a step was done already
     * @throws IllegalArgumentException if an epoch has fewer steps
     */
    public void exportInitial(Path file, int count) {
        if (steps != 0) {
            throw new IllegalStateException("expected a run before its first step, got one after " + steps);
        }
        if (count < 1 || count > stepsOfAnEpoch()) {
            throw new IllegalArgumentException("expected 1 to " + stepsOfAnEpoch() + " steps, got " + count);
        }
        int[] order = Dataset.shuffled(settings.seed(), 0, training.count());
        int size = training.height() * training.width();
        float[] pixels = new float[count * settings.batch() * size];
        long[] digits = new long[count * settings.batch()];
        for (int i = 0; i < digits.length; i++) {
            System.arraycopy(training.pixels(), order[i] * size, pixels, i * size, size);
            digits[i] = training.labels()[order[i]];
        }
        weights().put("images", HostTensor.ofFloats(pixels, count, settings.batch(), training.height(),
                training.width())).put("labels", HostTensor.ofLongs(digits, count, settings.batch())).save(file);
    }

    @Override
    public void close() {
        ops.device().finish();
        network.close();
        ops.close();
    }
}
