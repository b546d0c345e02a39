package org.clnorm;

import org.clnorm.engine.BackwardCall;
import org.clnorm.engine.ForwardCall;
import org.clnorm.engine.RunningStatistics;
import org.clnorm.engine.RunningUpdate;
import org.clnorm.engine.SavedStatistics;
import org.clnorm.plan.NormView;
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
    private Task forward;
    private Task backward;
    private Work still;

    /**
     * The work.
     *
     * @param view     the axes
     * @param given    statistics to use instead of the batch's own, or null
     * @param update   running statistics to move, or null
     * @param eps      added to the variance
     * @param zeroRstd whether a group without variance gives the bias where eps is 0
     */
    Work(NormView view, RunningStatistics given, RunningUpdate update, double eps, boolean zeroRstd) {
        this.view = view;
        this.given = given;
        this.update = update;
        this.eps = eps;
        this.zeroRstd = zeroRstd;
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
            still = update == null ? this : new Work(view, given, null, eps, zeroRstd);
        }
        return still;
    }

    /** The task of a forward pass; the same object while the same is asked for. */
    Task forwardTask(DataType tensors, DataType parameters, boolean weight, boolean bias, boolean inPlace) {
        if (forward == null || forward.storage() != tensors || forward.weight() != weight || forward.bias() != bias
                || forward.inPlace() != inPlace) {
            forward = ForwardCall.task(view, weight, bias, given, update).in(tensors, parameters).inPlace(inPlace);
        }
        return forward;
    }

    /** The task of a backward pass; the same object while the same is asked for. */
    Task backwardTask(DataType tensors, DataType parameters, boolean weight, boolean dx, boolean wanted,
            boolean inPlace) {
        if (backward == null || backward.storage() != tensors || backward.weight() != weight || backward.dx() != dx
                || backward.parameters() != wanted || backward.inPlace() != inPlace) {
            Task.Statistics statistics = given == null ? Task.Statistics.BATCH : Task.Statistics.GIVEN;
            backward = Task.backward(view, statistics, weight, dx, wanted).in(tensors, parameters).inPlace(inPlace);
        }
        return backward;
    }

    /** The call of a forward pass over tensors that have been checked; y is null where statistics are all. */
    ForwardCall call(Tensor x, Tensor y, Tensor weight, Tensor bias) {
        boolean inPlace = y != null && y.memory() == x.memory();
        Task task = forwardTask(x.type(), type(weight, bias), weight != null, bias != null, inPlace);
        return new ForwardCall(task, x, y, weight, bias, eps, zeroRstd, given, update);
    }

    /** The call of a backward pass over tensors that have been checked. */
    BackwardCall call(Tensor x, Tensor dy, Tensor dx, Tensor weight, Tensor dweight, Tensor dbias, boolean accumulate,
            SavedStatistics saved) {
        boolean wanted = dweight != null || dbias != null;
        DataType parameters = weight != null ? weight.type() : type(dweight, dbias);
        Task task = backwardTask(x.type(), parameters, weight != null, dx != null, wanted,
                BackwardCall.overwrites(dx, x, dy));
        return new BackwardCall(task, x, dy, dx, weight, dweight, dbias, accumulate, saved);
    }

    private static DataType type(Tensor first, Tensor second) {
        return first != null ? first.type() : second != null ? second.type() : DataType.F32;
    }
}
