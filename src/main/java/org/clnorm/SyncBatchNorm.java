package org.clnorm;

import java.util.List;
import java.util.Objects;
import org.clnorm.engine.RunningUpdate;
import org.clnorm.plan.Activation;
import org.clnorm.plan.NormView;
import org.clnorm.sync.Collective;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Shape;

/**
 * Batch normalization of [N, C, …] over several ranks, each of which has a part of the batch: in training, mean and
 * variance of a channel are those of all parts together, as if one device had them all. Parts may differ in size, and
 * be empty. PyTorch's {@code SyncBatchNorm}.
 *
 * <p>A forward pass in training and the backward pass to it send one message each, and wait for it; so every rank makes
 * the same calls in the same order. Running statistics come out the same on every rank. Gradients of weight and bias
 * are those of the rank's own part unless {@link #averageGradients} says otherwise. In evaluation mode, and while
 * statistics are frozen, a layer with running statistics tells nobody anything.
 *
 * <p>A pass whose message fails throws {@link org.clnorm.sync.CollectiveException} and has changed nothing.
 */
public final class SyncBatchNorm extends BatchNorm {
    private static final int LEAST_RANK = 2;

    private final Collective collective;
    private boolean averages;

    /**
     * A layer with PyTorch's defaults.
     *
     * @param numFeatures channels, C; the same on every rank
     * @param collective  the ranks that normalize together; the caller's to close, after the layer's last pass
     * @throws IllegalArgumentException if numFeatures is not positive
     */
    public SyncBatchNorm(long numFeatures, Collective collective) {
        this(builder(numFeatures, collective), collective);
    }

    private SyncBatchNorm(BatchNormBuilder<SyncBatchNorm> options, Collective collective) {
        super(options);
        this.collective = Objects.requireNonNull(collective, "collective");
        if (options.virtualBatch > 0 || options.renorm || !options.activation.equals(Activation.NONE)) {
            throw new IllegalArgumentException("expected a layer without virtualBatch, renorm and activation to"
                    + " synchronize, got " + this);
        }
    }

    /**
     * Builds a layer with other settings, the same ones on every rank. Virtual batches, batch renormalization and
     * activations are refused.
     *
     * @param numFeatures channels, C
     * @param collective  the ranks that normalize together
     * @return a builder with PyTorch's defaults
     */
    public static BatchNormBuilder<SyncBatchNorm> builder(long numFeatures, Collective collective) {
        return new BatchNormBuilder<>(numFeatures, options -> new SyncBatchNorm(options, collective));
    }

    /**
     * A tree in which synchronized layers stand for all of batch normalization, as PyTorch's
     * {@code convert_sync_batchnorm} makes one. They have taken over settings, state, mode and device; other layers are
     * the same objects. A layer under several names stays one.
     *
     * @param layers     the layers; those that are replaced may be closed once they are no longer needed
     * @param collective the ranks that normalize together
     * @return a new tree with the same names
     * @throws IllegalArgumentException if a layer has virtual batches, batch renormalization or an activation; nothing
     *                                  is left open then
     */
    public static LayerTree convert(LayerTree layers, Collective collective) {
        return new SyncConversion(collective).of(layers);
    }

    /**
     * The same of single layers.
     *
     * @param layers     the layers
     * @param collective the ranks that normalize together
     * @return as many layers, in their order
     * @throws IllegalArgumentException as {@link #convert(LayerTree, Collective)}
     */
    public static List<NormLayer> convert(List<? extends NormLayer> layers, Collective collective) {
        return new SyncConversion(collective).of(layers);
    }

    /**
     * The ranks that normalize together.
     *
     * @return what the layer was made with
     */
    public Collective collective() {
        return collective;
    }

    /**
     * Chooses what gradients of weight and bias are. An average costs no message of its own.
     *
     * @param average true: the average over all ranks, the same on every rank, as data-parallel training wants it in
     *                the end; false, the default: those of the rank's own part of the batch, as in PyTorch
     * @return this layer
     */
    public SyncBatchNorm averageGradients(boolean average) {
        alone(() -> {
            averages = average;
            forget();
        });
        return this;
    }

    /** Whether {@link #averageGradients} was asked for. */
    boolean averages() {
        return averages;
    }

    /**
     * Puts the layer on a device, with its state.
     *
     * @param device where it is to compute; its inputs must be there
     * @return this layer
     */
    @Override
    public SyncBatchNorm on(Device device) {
        place(device);
        return this;
    }

    @Override
    void checkRank(int rank) {
        if (rank < LEAST_RANK) {
            throw new IllegalArgumentException("expected at least 2D input (got " + rank + "D input)");
        }
    }

    /** One value may be enough: others have more. */
    @Override
    void checkValues(long n, Shape x) {
        // the count of all is looked at when it is known
    }

    /** An empty part moves running statistics too; the pass knows by how many values. */
    @Override
    RunningUpdate updateBy(double factor, long n) {
        return update(factor, Math.max(n, 1));
    }

    @Override
    PassRunner runner(NormView view) {
        return usesBatch() ? new SyncRunner(view, numFeatures(), collective, runningVariance(), averages)
                : PassRunner.LOCAL;
    }
}
