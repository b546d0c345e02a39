package org.clnorm.plan;

import java.util.Locale;
import java.util.StringJoiner;
import org.clnorm.tensor.DataType;

/**
 * What a plan is made for. A record, so that plans are remembered by it.
 *
 * @param view             the axes
 * @param pass             forward or backward
 * @param statistics       the batch's own, or given ones
 * @param weight           whether there is a weight
 * @param bias             whether there is a bias (backward: that the pass needs)
 * @param dx               whether dx is wanted (backward only)
 * @param parameters       whether dweight or dbias is wanted (backward only)
 * @param storage          the type of x, y, dy and dx
 * @param parameterStorage the type of weight, bias, dweight and dbias
 * @param moved            how many pairs of running statistics are moved by those of the batch, 0 for none (forward
 *                         only)
 * @param finiteOnly       whether pairs stay as they are that would no longer be finite
 * @param inPlace          whether y lies where x does, or dx where x or dy does
 * @param form             what else is done
 * @param padding          which elements are valid
 */
public record Task(NormView view, Pass pass, Statistics statistics, boolean weight, boolean bias, boolean dx,
        boolean parameters, DataType storage, DataType parameterStorage, long moved,
        boolean finiteOnly, boolean inPlace, Form form, Padding padding) {
    /** The direction. */
    public enum Pass {
        /** Computes y. */
        FORWARD,
        /** Computes dx, dweight and dbias. */
        BACKWARD,
        /** Computes the statistics of a forward pass and no y; with a residual before them, the sum as well. */
        STATISTICS
    }

    /** Where mean and rstd come from. */
    public enum Statistics {
        /** From the groups themselves. */
        BATCH,
        /** From running statistics. */
        GIVEN,
        /** From a pass before, which left them for this one; forward only. A backward pass knows them as BATCH. */
        SAVED,
        /** From the groups themselves, corrected towards running statistics: batch renormalization. */
        RENORMALIZED
    }

    /**
     * A forward pass in F32.
     *
     * @param view       the axes
     * @param statistics the batch's own, or given ones
     * @param weight     whether there is a weight
     * @param bias       whether there is a bias
     * @return the task
     */
    public static Task forward(NormView view, Statistics statistics, boolean weight, boolean bias) {
        NormView used = weight || bias ? view : view.withoutParameters();
        return new Task(used, Pass.FORWARD, statistics, weight, bias, false, false, DataType.F32, DataType.F32, 0,
                false, false, Form.PLAIN, Padding.NONE);
    }

    /**
     * A backward pass in F32.
     *
     * @param view       the axes
     * @param statistics the batch's own, or given ones
     * @param weight     whether there is a weight
     * @param dx         whether dx is wanted
     * @param parameters whether dweight or dbias is wanted
     * @return the task
     */
    public static Task backward(NormView view, Statistics statistics, boolean weight, boolean dx, boolean parameters) {
        NormView used = weight || parameters ? view : view.withoutParameters();
        return new Task(used, Pass.BACKWARD, statistics, weight, false, dx, parameters, DataType.F32, DataType.F32,
                0, false, false, Form.PLAIN, Padding.NONE);
    }

    /**
     * The statistics of this forward pass without y, where that is made by a pass of its own. What stands after the
     * normalization is no part of it.
     *
     * @return the task, which moves no running statistics
     * @throws IllegalStateException if this is no forward pass over the groups' own statistics
     */
    public Task statisticsAlone() {
        if (pass != Pass.FORWARD || statistics != Statistics.BATCH) {
            throw new IllegalStateException("expected a forward pass over statistics of its own, got " + this);
        }
        Join join = form.join() == Join.AFTER ? Join.NONE : form.join();
        return new Task(view.withoutParameters(), Pass.STATISTICS, statistics, false, false, false, false, storage,
                DataType.F32, 0, false, false, new Form(form.centered(), false, Activation.NONE, join), padding);
    }

    /** The forward pass without parameters that makes these statistics, and a y. */
    Task whole() {
        return new Task(view, Pass.FORWARD, statistics, false, false, false, false, storage, DataType.F32, 0, false,
                false, form, padding);
    }

    /**
     * This forward pass over statistics that {@link #statisticsAlone()} left, with a weight and a bias in the type of
     * statistics or without. A sum before them is there already.
     *
     * @param affine whether there are a weight and a bias
     * @return the task, which moves the running statistics that this one moves
     * @throws IllegalStateException as {@link #statisticsAlone()}
     */
    public Task saved(boolean affine) {
        Task alone = statisticsAlone();
        Form after = form.join() == Join.BEFORE ? form.join(Join.NONE) : form;
        return new Task(affine ? view : alone.view, Pass.FORWARD, Statistics.SAVED, affine, affine, false, false,
                storage, affine ? storage.statistics() : DataType.F32, moved, finiteOnly, inPlace, after, padding);
    }

    /**
     * This forward pass over statistics that are there, with the weight and bias that it has. It moves no running
     * statistics.
     *
     * @return the task
     * @throws IllegalStateException as {@link #statisticsAlone()}
     */
    public Task saved() {
        Task own = saved(weight || bias);
        return new Task(own.view, own.pass, own.statistics, weight, bias, false, false, storage, parameterStorage, 0,
                false, inPlace, own.form, padding);
    }

    /**
     * The same pass with batch renormalization.
     *
     * @param channels the axes, with parameters whether or not the layer has any; a group is a parameter
     * @return the task
     * @throws IllegalArgumentException if the groups are not the batch's own, or not one a parameter
     */
    public Task renormalized(NormView channels) {
        boolean apart = channels.axes().stream().allMatch(axis -> axis.reduced() == (axis.paramStride() == 0));
        if (statistics != Statistics.BATCH || !apart) {
            throw new IllegalArgumentException("expected a group of the batch a parameter, got " + this);
        }
        return new Task(channels, pass, Statistics.RENORMALIZED, weight, bias, dx, parameters, storage,
                parameterStorage, moved, finiteOnly, inPlace, form, padding);
    }

    /** What is left to do of a renormalized pass once its weight and bias are made, in the type of statistics. */
    Task renormalizedWithin() {
        Form within = new Form(form.centered(), false, form.activation(), form.join());
        return new Task(view, pass, Statistics.BATCH, true, forward() || form.activates(), dx, parameters, storage,
                storage.statistics(), moved, finiteOnly, inPlace, within, padding);
    }

    /**
     * The same pass over tensors of other types.
     *
     * @param tensors      the type of x, y, dy and dx
     * @param ofParameters the type of weight, bias, dweight and dbias; of no account where there are none
     * @return the task
     */
    public Task in(DataType tensors, DataType ofParameters) {
        return new Task(view, pass, statistics, weight, bias, dx, parameters, tensors,
                hasParameters() ? ofParameters : DataType.F32, moved, finiteOnly, inPlace, form, padding);
    }

    /**
     * The task as a word, for files of choices: its pass, what it has or asks for, and its axes as
     * {@code kept:SIZE:STRIDE:PARAM_STRIDE}.
     *
     * @return text without blanks, different for different tasks; the same whether or not running statistics move, and
     *         wherever the result lies
     */
    public String key() {
        StringJoiner key = new StringJoiner(",");
        key.add(pass.name().toLowerCase(Locale.ROOT)).add(statistics.name().toLowerCase(Locale.ROOT));
        add(key, weight, "weight");
        add(key, bias, "bias");
        add(key, dx, "dx");
        add(key, parameters, "parameters");
        add(key, storage != DataType.F32, storage.name().toLowerCase(Locale.ROOT));
        add(key, parameterStorage != DataType.F32, "parameters-" + parameterStorage.name().toLowerCase(Locale.ROOT));
        form.addTo(key);
        add(key, padding.exists(), "padded:" + padding.sample() + ':' + padding.run() + ':' + padding.unit());
        for (Axis axis : view.axes()) {
            key.add((axis.reduced() ? "reduced:" : "kept:") + axis.size() + ':' + axis.stride() + ':'
                    + axis.paramStride());
        }
        return key.toString();
    }

    private static void add(StringJoiner key, boolean present, String word) {
        if (present) {
            key.add(word);
        }
    }

    /**
     * The same forward pass, moving running statistics as well, whatever comes out.
     *
     * @param channels pairs of running statistics; group g moves that of g mod channels
     * @return the task
     * @throws IllegalArgumentException if the groups are not the batch's own, or no multiple of the channels
     */
    public Task moving(long channels) {
        return moving(channels, false);
    }

    /**
     * The same forward pass, moving running statistics as well.
     *
     * @param channels pairs of running statistics; group g moves that of g mod channels
     * @param finite   whether pairs stay as they are that would no longer be finite
     * @return the task
     * @throws IllegalArgumentException if the groups are not the batch's own, or no multiple of the channels
     */
    public Task moving(long channels, boolean finite) {
        if (statistics == Statistics.GIVEN || channels <= 0 || view.groups() % channels != 0) {
            throw new IllegalArgumentException("expected running statistics to move by those of " + view.groups()
                    + " groups of the batch, got " + channels + " of them"
                    + (statistics == Statistics.GIVEN ? ", and given ones" : ""));
        }
        return new Task(view, pass, statistics, weight, bias, dx, parameters, storage, parameterStorage,
                channels, finite, inPlace, form, padding);
    }

    /**
     * The same pass with its result in the place of an input, or not.
     *
     * @param overwrites whether y lies where x does, or dx where x or dy does
     * @return the task
     */
    public Task inPlace(boolean overwrites) {
        return overwrites == inPlace ? this : new Task(view, pass, statistics, weight, bias, dx, parameters, storage,
                parameterStorage, moved, finiteOnly, overwrites, form, padding);
    }

    /**
     * The same pass in another form. A backward pass through an activation needs the bias, to find what it was applied
     * to.
     *
     * @param other    what else is done
     * @param hasBias  whether the layer has a bias
     * @return the task
     */
    public Task as(Form other, boolean hasBias) {
        boolean biased = forward() ? bias : hasBias && other.activates();
        return other.equals(form) && biased == bias ? this : new Task(view, pass, statistics, weight, biased, dx,
                parameters, storage, parameterStorage, moved, finiteOnly, inPlace, other, padding);
    }

    /**
     * The same pass over samples that may end before their room does.
     *
     * @param other which elements are valid
     * @return the task
     */
    public Task padded(Padding other) {
        return other.equals(padding) ? this : new Task(view, pass, statistics, weight, bias, dx, parameters, storage,
                parameterStorage, moved, finiteOnly, inPlace, form, other);
    }

    /** The same pass, moving no running statistics. */
    Task still() {
        return moved == 0 ? this : new Task(view, pass, statistics, weight, bias, dx, parameters, storage,
                parameterStorage, 0, false, inPlace, form, padding);
    }

    /**
     * How many words of a bit an element the forward pass keeps, and the backward pass to it reads: for activations of
     * a sum, whose derivative a bit tells. One more than the bits fill, because vectors read beyond.
     *
     * @return words of 32 bits; 0 for none
     */
    public long keptSigns() {
        return form.join() == Join.AFTER && form.activates() ? (view.elements() - 1) / Integer.SIZE + 2 : 0;
    }

    /** Whether statistics are made or y is, of x. */
    boolean forward() {
        return pass != Pass.BACKWARD;
    }

    /** Whether the statistics are there before the pass. */
    boolean given() {
        return statistics != Statistics.BATCH;
    }

    /** Whether a kernel reads or writes anything that is indexed by parameter. */
    boolean hasParameters() {
        return weight || bias || parameters;
    }

    /** The size of so many tensors of the view's elements. */
    long bytes(long tensors) {
        return tensors * view.elements() * storage.bytes();
    }
}
