package org.clnorm;

import java.util.EnumMap;
import java.util.Map;
import org.clnorm.engine.BackwardCall;
import org.clnorm.engine.BackwardExtras;
import org.clnorm.engine.ForwardCall;
import org.clnorm.engine.ForwardExtras;
import org.clnorm.engine.Renorm;
import org.clnorm.engine.RunningStatistics;
import org.clnorm.engine.RunningUpdate;
import org.clnorm.engine.SavedStatistics;
import org.clnorm.plan.Activation;
import org.clnorm.plan.Form;
import org.clnorm.plan.Join;
import org.clnorm.plan.NormView;
import org.clnorm.plan.Padding;
import org.clnorm.plan.Task;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Tensor;

/**
 * What calls of a layer with inputs of one shape come to, once an input has been checked; belongs to one thread. Its
 * parameters are of one type.
 */
final class Work {
    private final NormView view;
    private final RunningStatistics given;
    private final RunningUpdate update;
    private final double eps;
    private final boolean zeroRstd;
    private final Form form;
    private final Padding padding;
    private final Renorm renorm;
    private final PassRunner runner;
    private final Map<Join, Work> joined = new EnumMap<>(Join.class);
    private Task forward;
    private Task backward;
    private Work still;

    /**
     * The work of plain normalization.
     *
     * @param view     the axes
     * @param given    statistics to use instead of the batch's own, or null
     * @param update   running statistics to move, or null
     * @param eps      added to the variance
     * @param zeroRstd whether a group without variance gives the bias where eps is 0
     */
    Work(NormView view, RunningStatistics given, RunningUpdate update, double eps, boolean zeroRstd) {
        this(view, given, update, eps, zeroRstd, Form.PLAIN, Padding.NONE, null, PassRunner.LOCAL);
    }

    private Work(NormView view, RunningStatistics given, RunningUpdate update, double eps, boolean zeroRstd,
            Form form, Padding padding, Renorm renorm, PassRunner runner) {
        this.view = view;
        this.given = given;
        this.update = update;
        this.eps = eps;
        this.zeroRstd = zeroRstd;
        this.form = form;
        this.padding = padding;
        this.renorm = renorm;
        this.runner = runner;
    }

    /** The same work in another form. */
    Work as(Form other) {
        return other.equals(form) ? this : new Work(view, given, update, eps, zeroRstd, other, padding, renorm, runner);
    }

    /** The same work over samples that may end before their room does, moving running statistics by what is valid. */
    Work padded(Padding valid, RunningUpdate byValid) {
        return new Work(view, given, byValid, eps, zeroRstd, form, valid, renorm, runner);
    }

    /** The same work with batch renormalization; null is none. */
    Work renormalized(Renorm other) {
        return other == null ? this : new Work(view, given, update, eps, zeroRstd, form, padding, other, runner);
    }

    /** The same work, taken to the engine by another. */
    Work by(PassRunner other) {
        return other == runner ? this
                : new Work(view, given, update, eps, zeroRstd, form, padding, renorm, other);
    }

    /** What takes the passes to the engine. */
    PassRunner runner() {
        return runner;
    }

    /** The same work with a residual; the same object each time. */
    Work join(Join join) {
        if (join == form.join()) {
            return this;
        }
        Work known = joined.get(join);
        if (known == null) {
            known = as(form.join(join));
            joined.put(join, known);
        }
        return known;
    }

    /** Whether there is a residual. */
    boolean joins() {
        return form.join() != Join.NONE;
    }

    /** How the backward pass has to do with the residual. */
    Join backwardJoin() {
        return form.join() == Join.AFTER && !gates() ? Join.NONE : form.join();
    }

    /** Whether the backward pass needs the bias. */
    boolean keepsBias() {
        return form.activates() && form.join() != Join.AFTER;
    }

    /** Whether a backward pass goes through the activation of a sum. */
    boolean gates() {
        return form.join() == Join.AFTER && form.activates();
    }

    /** Throws unless a backward pass goes through the activation of a sum. */
    void checkGates() {
        if (!gates()) {
            throw new IllegalStateException("expected a forward pass of NormAdd with an activation before backward with"
                    + " dresidual, got " + form);
        }
    }

    RunningUpdate update() {
        return update;
    }

    /** Whether the statistics are given, not the batch's. */
    boolean isGiven() {
        return given != null;
    }

    /** The same work, moving no running statistics. */
    Work still() {
        if (still == null) {
            still = update == null ? this : new Work(view, given, null, eps, zeroRstd, form, padding, renorm, runner);
        }
        return still;
    }

    /** The task of a forward pass; the same object while the same is asked for. */
    Task forwardTask(DataType tensors, DataType parameters, boolean weight, boolean bias, boolean inPlace) {
        if (forward == null || forward.storage() != tensors || forward.weight() != weight || forward.bias() != bias
                || forward.inPlace() != inPlace) {
            forward = renormalized(ForwardCall.task(view, weight, bias, given, update).in(tensors, parameters)
                    .inPlace(inPlace).as(form, bias).padded(padding));
        }
        return forward;
    }

    /** The task of a backward pass that adds to dx, or goes through a sum, as told; the same object while it is. */
    Task backwardTask(DataType tensors, DataType parameters, boolean weight, boolean bias, boolean dx, boolean wanted,
            boolean inPlace, Join join) {
        if (backward == null || backward.storage() != tensors || backward.weight() != weight || backward.dx() != dx
                || backward.parameters() != wanted || backward.inPlace() != inPlace
                || backward.form().join() != join) {
            Task.Statistics statistics = given == null ? Task.Statistics.BATCH : Task.Statistics.GIVEN;
            Form other = form.join() == Join.AFTER && join == Join.NONE ? form.activation(Activation.NONE) : form;
            backward = renormalized(Task.backward(view, statistics, weight, dx, wanted).in(tensors, parameters)
                    .inPlace(inPlace).as(other.join(join), bias && keepsBias()).padded(padding));
        }
        return backward;
    }

    private Task renormalized(Task task) {
        return renorm == null ? task : task.renormalized(view);
    }

    /** The call of a forward pass over tensors that have been checked; y is null where statistics are all. */
    ForwardCall call(Tensor x, Tensor y, Tensor weight, Tensor bias, ForwardExtras extras) {
        boolean inPlace = y != null && y.memory() == x.memory();
        Task task = forwardTask(x.type(), type(weight, bias), weight != null, bias != null, inPlace);
        return new ForwardCall(task, x, y, weight, bias, eps, zeroRstd, given, update, extras, renorm);
    }

    /** The call of a backward pass over tensors that have been checked. */
    BackwardCall call(Tensor x, Tensor dy, Tensor dx, Tensor weight, Tensor bias, Tensor dweight, Tensor dbias,
            boolean accumulate, SavedStatistics saved, BackwardExtras extras) {
        boolean wanted = dweight != null || dbias != null;
        DataType parameters = weight != null ? weight.type() : bias != null ? bias.type() : type(dweight, dbias);
        Task task = backwardTask(x.type(), parameters, weight != null, bias != null, dx != null, wanted,
                BackwardCall.overwrites(dx, x, dy), extras.join());
        return new BackwardCall(task, x, dy, dx, weight, bias, dweight, dbias, accumulate, saved, extras);
    }

    private static DataType type(Tensor first, Tensor second) {
        return first != null ? first.type() : second != null ? second.type() : DataType.F32;
    }
}
