package org.clnorm;

import java.util.Objects;
import org.clnorm.engine.ForwardCall;
import org.clnorm.engine.ForwardExtras;
import org.clnorm.engine.NormEngine;
import org.clnorm.engine.RunningStatistics;
import org.clnorm.engine.RunningUpdate;
import org.clnorm.plan.Activation;
import org.clnorm.plan.Form;
import org.clnorm.plan.Join;
import org.clnorm.plan.NormView;
import org.clnorm.plan.Task;
import org.clnorm.tensor.Shape;
import org.clnorm.tensor.Tensor;

/**
 * The normalizations as functional calls with the caller's own tensors, as in PyTorch's {@code torch.nn.functional}.
 * All tensors of a call are on one device and of one type, but for an x of F16 or BF16: its running statistics are F32,
 * and weight and bias may be. weight and bias may be null. Work is enqueued, not waited for; a call that throws has
 * changed nothing.
 */
public final class Norms {
    private static final Form RMS = new Form(false, false, Activation.NONE, Join.NONE);

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
        Extents extents = Extents.of(checkedInput(x, 2), Layout.CHANNELS_FIRST);
        return batch(extents, x, runningMean, runningVar, weight, bias, training, momentum, eps);
    }

    /**
     * Conditional batch normalization: every sample has a weight and a bias of its own, as a class or a condition says.
     * de Vries and others, 2017.
     *
     * @param x           [N, C, …]
     * @param runningMean [C], as in {@link #batchNorm}
     * @param runningVar  [C]
     * @param weight      [N, C] or null
     * @param bias        [N, C] or null
     * @param training    as in {@link #batchNorm}
     * @param momentum    the weight of this batch in the running statistics, 0 to 1
     * @param eps         added to the variance
     * @return y and its backward pass, with gradients [N, C] of weight and bias
     * @throws IllegalArgumentException as {@link #batchNorm}
     */
    public static NormResult conditionalBatchNorm(Tensor x, Tensor runningMean, Tensor runningVar, Tensor weight,
            Tensor bias, boolean training, double momentum, double eps) {
        return batch(perSample(x, 2), x, runningMean, runningVar, weight, bias, training, momentum, eps);
    }

    private static NormResult batch(Extents extents, Tensor x, Tensor runningMean, Tensor runningVar, Tensor weight,
            Tensor bias, boolean training, double momentum, double eps) {
        Shape shape = x.shape();
        RunningStatistics running = running(runningMean, runningVar, extents.channels(), x);
        if (!training && running == null) {
            throw new IllegalArgumentException("expected running statistics without training, got null");
        }
        long n = extents.samples() * extents.span();
        if (training) {
            Views.checkValuesPerChannel(n, shape);
        }
        RunningUpdate update = update(training && n > 0, running, momentum, n);
        Work work = new Work(Views.batch(extents), training ? null : running, update, Views.checkedEps(eps), training);
        return run(work, x, weight, bias, extents.parameters());
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
     * Adaptive instance normalization (AdaIN): each channel of each sample has a weight and a bias of its own, taken
     * from a style say. Huang and Belongie, 2017.
     *
     * @param x      [N, C, …], with at least one dimension of space
     * @param weight [N, C] or null: the scale
     * @param bias   [N, C] or null: the shift
     * @param eps    added to the variance
     * @return y and its backward pass, with gradients [N, C] of weight and bias
     * @throws IllegalArgumentException if shapes, types or values do not fit
     */
    public static NormResult adaptiveInstanceNorm(Tensor x, Tensor weight, Tensor bias, double eps) {
        Extents extents = perSample(x, 3);
        Views.checkSpatialElements(extents.span(), x.shape());
        Work work = new Work(Views.instance(extents), null, null, Views.checkedEps(eps), true);
        return run(work, x, weight, bias, extents.parameters());
    }

    /**
     * Adaptive group normalization: as {@link #groupNorm}, where every sample has a weight and a bias of its own, as
     * diffusion models make them of the time step. A scale that is kept as its difference from 1 is given as 1 + scale,
     * and has the same gradient. Dhariwal and Nichol, 2021.
     *
     * @param x         [N, C, …]
     * @param numGroups groups; C is a multiple of it
     * @param weight    [N, C] or null: the scale
     * @param bias      [N, C] or null: the shift
     * @param eps       added to the variance
     * @return y and its backward pass, with gradients [N, C] of weight and bias
     * @throws IllegalArgumentException if shapes, types or values do not fit
     */
    public static NormResult adaptiveGroupNorm(Tensor x, long numGroups, Tensor weight, Tensor bias, double eps) {
        Extents extents = perSample(x, 2);
        Views.checkGroups(numGroups, extents.channels());
        Work work = GroupNorm.prepare(extents, x.shape(), numGroups, Views.checkedEps(eps));
        return run(work, x, weight, bias, extents.parameters());
    }

    /**
     * Adaptive layer normalization (AdaLN): as {@link #layerNorm} over the last dimension, where every sample has a
     * weight and a bias of its own, for all its tokens. A scale that is kept as its difference from 1 is given as
     * 1 + scale, and has the same gradient. Perez and others, 2018; Peebles and Xie, 2023.
     *
     * @param x      [N, …, M], tokens between
     * @param weight [N, M] or null: the scale
     * @param bias   [N, M] or null: the shift
     * @param eps    added to the variance
     * @return y and its backward pass, with gradients [N, M] of weight and bias
     * @throws IllegalArgumentException if shapes, types or values do not fit
     */
    public static NormResult adaptiveLayerNorm(Tensor x, Tensor weight, Tensor bias, double eps) {
        Shape shape = checkedInput(x, 2);
        Views.checkedNormalizedShape(shape.dim(shape.rank() - 1));
        Work work = new Work(Views.layerPerSample(shape), null, null, Views.checkedEps(eps), false);
        return run(work, x, weight, bias, Shape.of(shape.dim(0), shape.dim(shape.rank() - 1)));
    }

    private static Extents perSample(Tensor x, int leastRank) {
        return Extents.of(checkedInput(x, leastRank), Layout.CHANNELS_FIRST).parametersPerSample();
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
        return layer(Normalized.of(Views.checkedNormalizedShape(normalizedShape)), Form.PLAIN, x, weight, bias, eps);
    }

    /**
     * Layer normalization over any dimensions, the channels of [N, C, S] say.
     *
     * @param x      the input
     * @param axes   the dimensions that are normalized over, in ascending order; negative ones count from the end. They
     *               may part the input into at most four stretches of dimensions that are normalized over or not
     * @param weight of the sizes of these dimensions, or null
     * @param bias   of the sizes of these dimensions, or null
     * @param eps    added to the variance
     * @return y and its backward pass
     * @throws IllegalArgumentException if axes, shapes, types or values do not fit
     */
    public static NormResult layerNormOver(Tensor x, int[] axes, Tensor weight, Tensor bias, double eps) {
        return layer(Normalized.over(checkedInput(x, 1), axes), Form.PLAIN, x, weight, bias, eps);
    }

    /**
     * Root mean square normalization, y = x / √(⟨x²⟩ + eps) · weight.
     *
     * @param x               the input; its last dimensions are {@code normalizedShape}
     * @param normalizedShape what is normalized over, at least one dimension
     * @param weight          of shape {@code normalizedShape}, or null
     * @param eps             added to the mean of squares; {@link RMSNorm#defaultEps} is what PyTorch takes
     * @return y and its backward pass
     * @throws IllegalArgumentException if shapes, types or values do not fit
     */
    public static NormResult rmsNorm(Tensor x, long[] normalizedShape, Tensor weight, double eps) {
        checkedInput(x, 1);
        return layer(Normalized.of(Views.checkedNormalizedShape(normalizedShape)), RMS, x, weight, null, eps);
    }

    /**
     * Root mean square normalization over any dimensions.
     *
     * @param x      the input
     * @param axes   as in {@link #layerNormOver}
     * @param weight of the sizes of these dimensions, or null
     * @param eps    added to the mean of squares
     * @return y and its backward pass
     * @throws IllegalArgumentException if axes, shapes, types or values do not fit
     */
    public static NormResult rmsNormOver(Tensor x, int[] axes, Tensor weight, double eps) {
        return layer(Normalized.over(checkedInput(x, 1), axes), RMS, x, weight, null, eps);
    }

    private static NormResult layer(Normalized normalized, Form form, Tensor x, Tensor weight, Tensor bias,
            double eps) {
        Work work = new Work(normalized.view(x.shape()), null, null, Views.checkedEps(eps), false);
        return run(work.as(form), x, weight, bias, normalized.shape());
    }

    /**
     * Mean and biased variance over some dimensions, on the device: {@code torch.var_mean(x, axes, correction=0)} with
     * the precision that layers have. {@code moments(x, 0, 2, 3)} of [N, C, H, W] are those of batch normalization,
     * [C]; {@code moments(x, 2, 3)} those of instance normalization, [N, C].
     *
     * <p>Has no backward pass. Reads x once, where kernels that find statistics do it without y; those that do not take
     * memory for one while they run.
     *
     * @param x    the input
     * @param axes the dimensions that a mean is taken over, at least one, as in {@link #layerNormOver}
     * @return mean and variance of the shape of x without these dimensions, in F32, or F64 with an x of F64: tensors of
     *         the current scope, or the caller's to close
     * @throws IllegalArgumentException if the axes do not fit, or one of them has no elements
     */
    public static Moments moments(Tensor x, int... axes) {
        Normalized over = Normalized.over(checkedInput(x, 1), axes);
        NormView view = over.view(x.shape());
        long[] kept = over.others(x.shape()).dims();
        Tensor mean = x.device().zeros(x.type().statistics(), kept);
        Tensor variance = null;
        try {
            variance = x.device().zeros(x.type().statistics(), kept);
            if (x.size() > 0) {
                // running statistics of 0 that take up all of the batch are the batch's
                RunningUpdate update = new RunningUpdate(new RunningStatistics(mean, variance), 1, 1);
                Task task = ForwardCall.task(view, false, false, null, null).in(x.type(), x.type()).statisticsAlone()
                        .moving(mean.size());
                NormEngine.of(x.device()).forward(new ForwardCall(task, x, null, null, null, 0, true, null, update,
                        ForwardExtras.NONE)).close();
            }
            return new Moments(mean, variance);
        } catch (RuntimeException failed) {
            mean.close();
            if (variance != null) {
                variance.close();
            }
            throw failed;
        }
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
