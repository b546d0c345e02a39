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
 */
public record Task(NormView view, Pass pass, Statistics statistics, boolean weight, boolean bias, boolean dx,
        boolean parameters, DataType storage, DataType parameterStorage, long moved,
        boolean finiteOnly, boolean inPlace, Form form) {
    /** The direction. */
    public enum Pass {
        /** Computes y. */
        FORWARD,
        /** Computes dx, dweight and dbias. */
        BACKWARD
    }

    /** Where mean and rstd come from. */
    public enum Statistics {
        /** From the groups themselves. */
        BATCH,
        /** From running statistics. */
        GIVEN
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
                false, false, Form.PLAIN);
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
                0, false, false, Form.PLAIN);
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
                hasParameters() ? ofParameters : DataType.F32, moved, finiteOnly, inPlace, form);
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
                channels, finite, inPlace, form);
    }

    /**
     * The same pass with its result in the place of an input, or not.
     *
     * @param overwrites whether y lies where x does, or dx where x or dy does
     * @return the task
     */
    public Task inPlace(boolean overwrites) {
        return overwrites == inPlace ? this : new Task(view, pass, statistics, weight, bias, dx, parameters, storage,
                parameterStorage, moved, finiteOnly, overwrites, form);
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
        boolean biased = pass == Pass.FORWARD ? bias : hasBias && other.activates();
        return other.equals(form) && biased == bias ? this : new Task(view, pass, statistics, weight, biased, dx,
                parameters, storage, parameterStorage, moved, finiteOnly, inPlace, other);
    }

    /** The same pass, moving no running statistics. */
    Task still() {
        return moved == 0 ? this : new Task(view, pass, statistics, weight, bias, dx, parameters, storage,
                parameterStorage, 0, false, inPlace, form);
    }

    /**
     * How many words of a bit an element the forward pass keeps, and the backward pass to it reads: for activations of
     * a sum, whose derivative a bit tells.
     *
     * @return words of 32 bits; 0 for none
     */
    public long keptSigns() {
        return form.join() == Join.AFTER && form.activates() ? (view.elements() + Integer.SIZE - 1) / Integer.SIZE : 0;
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
