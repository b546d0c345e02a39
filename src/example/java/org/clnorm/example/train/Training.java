package org.clnorm.example.train;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.clnorm.NormLayer;
import org.clnorm.SyncBatchNorm;
import org.clnorm.engine.opencl.OpenClDevice;
import org.clnorm.state.StateDict;
import org.clnorm.sync.Collective;
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
    /** What ranks must have in common. */
    private static final List<String> SAME = List.of("settings and images", "steps", "weights");

    private final Settings settings;
    private final Collective ranks;
    private final Shard shard;
    private final Ops ops;
    private final Gemm gemm;
    private final Network network;
    private final Dataset learned;
    private final Dataset heldOut;
    private final cl_mem labels;
    private final Tensor curve;
    private final SoftmaxCrossEntropy loss;
    private final Sgd sgd;
    private final GradientSums sums;
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
        this(device, settings, training, heldOut, DataParallel.alone());
    }

    /**
     * A rank of a run before its first step: it computes its part of every batch, and comes to the weights and losses
     * that all come to. Every rank makes the same calls with the same settings and images. The device and the
     * collective stay the caller's.
     *
     * @param device   where to compute
     * @param settings as above; a batch is that of all ranks together
     * @param training the images to learn from
     * @param heldOut  the images to measure by
     * @param parallel the ranks
     * @throws IllegalArgumentException as above
     */
    public Training(OpenClDevice device, Settings settings, Images training, Images heldOut, DataParallel parallel) {
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
        ranks = parallel.ranks();
        shard = parallel.shard(settings.batch());
        network = new Network(ops, gemm, settings.norm(), this::synchronizedOver, shard.count(), training.height(),
                training.width());
        labels = ops.ints(shard.count());
        this.learned = new Dataset(ops, training, network.images().value(), labels);
        this.heldOut = new Dataset(ops, heldOut, network.images().value(), labels);
        curve = ops.tensor(ROOM);
        loss = new SoftmaxCrossEntropy(ops, network.output(), labels, settings.batch(), curve);
        sgd = new Sgd(ops, network.weights(), settings.rate(), Settings.MOMENTUM);
        sums = new GradientSums(device, parallel, network.backwards());
        network.initialize(settings.seed());
    }

    /** Batch normalization takes the statistics of the whole batch; the others look at one sample at a time anyway. */
    private NormLayer synchronizedOver(NormLayer layer) {
        if (ranks.size() == 1) {
            return layer;
        }
        NormLayer made = SyncBatchNorm.convert(List.of(layer), ranks).get(0);
        if (made != layer) {
            layer.close();
        }
        return made;
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

    /** Enqueues a step: a batch, forward, the loss, backward, an update. With other ranks it waits for their sums. */
    public void step() {
        int place = steps % stepsOfAnEpoch();
        if (place == 0) {
            shuffle();
        }
        learned.load(place * settings.batch() + shard.first());
        network.forward(true);
        loss.run(steps % ROOM);
        network.backward(sums::ready);
        sums.finish();
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
     * Measures the accuracy, and notes it; from then on all losses are known, too.
     *
     * @return the fraction of the held-out images that is told right
     */
    public double measure() {
        losses();
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
            heldOut.load(first + shard.first());
            network.forward(false);
            loss.count(Math.max(0, Math.min(shard.count(), heldOut.count() - first - shard.first())));
        }
        return ofAll(loss.right())[0] / heldOut.count();
    }

    /** The losses of all steps; waits if there are some on the device only. */
    private List<Double> losses() {
        if (losses.size() < steps) {
            float[] values = curve.read();
            double[] own = IntStream.range(losses.size(), steps).mapToDouble(step -> values[step % ROOM]).toArray();
            for (double value : ofAll(own)) {
                losses.add(value);
            }
        }
        return losses;
    }

    /** What the numbers of all ranks add up to. */
    private double[] ofAll(double... own) {
        ranks.allReduce(own);
        return own;
    }

    /**
     * How long the host waited for sums of gradients so far; what the device did meanwhile counts too.
     *
     * @return seconds; 0 where nobody else takes part
     */
    public double waited() {
        return sums.waited();
    }

    /** Throws unless all ranks go on with the same settings, images and weights from the same step. */
    void checkAgreement() {
        String told = settings.withDevice("").withGemm(GemmKind.AUTO).withData(null) + data;
        double[] mine = {told.hashCode(), steps, state()};
        double[] all = ranks.allGather(mine);
        for (int i = 0; i < all.length; i++) {
            if (all[i] != all[i % mine.length]) {
                throw new IllegalArgumentException("expected the same " + SAME.get(i % mine.length)
                        + " on all ranks, got others on rank " + i / mine.length + " than on rank 0");
            }
        }
    }

    /** A checksum of what is learned and of what is kept of updates. */
    private int state() {
        return Stream.concat(network.weights().stream().map(Weight::value), sgd.velocities().values().stream())
                .map(tensor -> Arrays.hashCode(tensor.read())).toList().hashCode();
    }

    /** The ranks that take part. */
    Collective ranks() {
        return ranks;
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

    @Override
    public void close() {
        ops.device().finish();
        network.close();
        ops.close();
    }
}
