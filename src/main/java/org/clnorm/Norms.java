package org.clnorm;

import java.util.Objects;
import org.clnorm.engine.RunningStatistics;
import org.clnorm.engine.RunningUpdate;
import org.clnorm.plan.NormView;
import org.clnorm.tensor.Shape;
import org.clnorm.tensor.Tensor;

/**
 * The normalizations as functional calls with the caller's own tensors, as in PyTorch's {@code torch.nn.functional}.
 * All tensors of a call are on one device and of one type, but for an x of F16 or BF16: its running statistics are F32,
 * and weight and bias may be. weight and bias may be null. Work is enqueued, not waited for; a call that throws has
 * changed nothing.
 */
public final class Norms {
    private Norms() {
    }

    /**
     * Batch normalization.
     *
     * @param x           [N, C, …]
     * @param runningMean [C], moved when training, used otherwise; null with {@code runningVar} for none
     * @param runningVar  [C]
     * @param weight      [C] or null
     * @param bias        [C] or null
     * @param training    whether to normalize by the batch and move the running statistics (with the unbiased variance)
     * @param momentum    the weight of this batch in the running statistics, 0 to 1
     * @param eps         added to the variance
     * @return y and its backward pass
     * @throws IllegalArgumentException if shapes, types or values do not fit; without training, if there are no
     *                                  statistics; with it, if these share memory with another tensor of the pass
     */
    public static NormResult batchNorm(Tensor x, Tensor runningMean, Tensor runningVar, Tensor weight, Tensor bias,
            boolean training, double momentum, double eps) {
        Shape shape = checkedInput(x, 2);
        RunningStatistics running = running(runningMean, runningVar, shape.dim(1), x);
        if (!training && running == null) {
            throw new IllegalArgumentException("expected running statistics without training, got null");
        }
        Extents extents = Extents.of(shape, Layout.CHANNELS_FIRST);
        long n = extents.samples() * extents.span();
        if (training) {
            Views.checkValuesPerChannel(n, shape);
        }
        RunningUpdate update = update(training && n > 0, running, momentum, n);
        Work work = new Work(Views.batch(extents), training ? null : running, update, Views.checkedEps(eps), training);
        return run(work, x, weight, bias, Shape.of(shape.dim(1)));
    }

    /**
     * Instance normalization.
     *
     * @param x             [N, C, …], with at least one dimension of space
     * @param runningMean   [C], moved when {@code useInputStats}, used otherwise; null with {@code runningVar} for none
     * @param runningVar    [C]
     * @param weight        [C] or null
     * @param bias          [C] or null
     * @param useInputStats whether to normalize by the input and move the running statistics (with the unbiased
     *                      variance)
     * @param momentum      the weight of this batch in the running statistics, 0 to 1
     * @param eps           added to the variance
     * @return y and its backward pass
     * @throws IllegalArgumentException if shapes, types or values do not fit; if statistics that move share memory
     *                                  with another tensor of the pass
     */
    public static NormResult instanceNorm(Tensor x, Tensor runningMean, Tensor runningVar, Tensor weight, Tensor bias,
            boolean useInputStats, double momentum, double eps) {
        Shape shape = checkedInput(x, 3);
        RunningStatistics running = running(runningMean, runningVar, shape.dim(1), x);
        if (!useInputStats && running == null) {
            throw new IllegalArgumentException("expected running statistics without useInputStats, got null");
        }
        Extents extents = Extents.of(shape, Layout.CHANNELS_FIRST);
        if (useInputStats) {
            Views.checkSpatialElements(extents.span(), shape);
        }
        NormView view = useInputStats ? Views.instance(extents) : Views.instanceGiven(extents);
        RunningUpdate update = update(useInputStats && shape.size() > 0, running, momentum, extents.span());
        Work work = new Work(view, useInputStats ? null : running, update, Views.checkedEps(eps), useInputStats);
        return run(work, x, weight, bias, Shape.of(shape.dim(1)));
    }

    /**
     * Group normalization.
     *
     * @param x         [N, C, …]
     * @param numGroups groups; C is a multiple of it
     * @param weight    [C] or null
     * @param bias      [C] or null
     * @param eps       added to the variance
     * @return y and its backward pass
     * @throws IllegalArgumentException if shapes, types or values do not fit
     */
    public static NormResult groupNorm(Tensor x, long numGroups, Tensor weight, Tensor bias, double eps) {
        long channels = checkedInput(x, 2).dim(1);
        Views.checkGroups(numGroups, channels);
        Work work = GroupNorm.prepare(Extents.of(x.shape(), Layout.CHANNELS_FIRST), x.shape(), numGroups,
                Views.checkedEps(eps));
        return run(work, x, weight, bias, Shape.of(channels));
    }

    /**
     * Layer normalization.
     *
     * @param x               the input; its last dimensions are {@code normalizedShape}
     * @param normalizedShape what is normalized over, at least one dimension
     * @param weight          of shape {@code normalizedShape}, or null
     * @param bias            of shape {@code normalizedShape}, or null
     * @param eps             added to the variance
     * @return y and its backward pass
     * @throws IllegalArgumentException if shapes, types or values do not fit
     */
    public static NormResult layerNorm(Tensor x, long[] normalizedShape, Tensor weight, Tensor bias, double eps) {
        checkedInput(x, 1);
        Shape normalized = Views.checkedNormalizedShape(normalizedShape);
        return run(LayerNorm.prepare(x.shape(), normalized, Views.checkedEps(eps)), x, weight, bias, normalized);
    }

    private static Shape checkedInput(Tensor x, int leastRank) {
        Objects.requireNonNull(x, "x").storage();
        if (x.shape().rank() < leastRank) {
            throw new IllegalArgumentException(
                    "expected at least " + leastRank + "D input (got " + x.shape().rank() + "D input)");
        }
        return x.shape();
    }

    private static RunningStatistics running(Tensor mean, Tensor variance, long channels, Tensor x) {
        if ((mean == null) != (variance == null)) {
            throw new IllegalArgumentException("expected runningMean and runningVar together, got one of them");
        }
        Checks.statistic("runningMean", mean, Shape.of(channels), x);
        Checks.statistic("runningVar", variance, Shape.of(channels), x);
        return mean == null ? null : new RunningStatistics(mean, variance);
    }

    private static RunningUpdate update(boolean move, RunningStatistics running, double momentum, long n) {
        Views.checkedMomentum(momentum);
        return move && running != null
                ? new RunningUpdate(running, momentum, VarianceEstimate.UNBIASED.correction(n)) : null;
    }

    /** What a pass moves while it runs must share no memory with what it reads. */
    private static void apart(String name, Tensor moved, Tensor... read) {
        for (Tensor tensor : read) {
            Checks.apart(name, moved, tensor);
        }
    }

    private static NormResult run(Work work, Tensor x, Tensor weight, Tensor bias, Shape parameters) {
        Checks.parameters(weight, bias, parameters, x);
        if (work.update() != null) {
            RunningStatistics moved = work.update().target();
            apart("runningMean", moved.mean(), x, weight, bias, moved.variance());
            apart("runningVar", moved.variance(), x, weight, bias);
        }
        return NormResult.of(work, x, weight, bias);
    }
}
