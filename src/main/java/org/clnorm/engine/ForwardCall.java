package org.clnorm.engine;

import org.clnorm.plan.NormView;
import org.clnorm.plan.Task;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Tensor;

/**
 * A forward pass: y = (x − mean) · rstd · weight + bias, and what else the task's form says. Tensors are dense, x has
 * at least one element. y has the type of x; weight and bias have it too, or are F32; statistics are F32, or F64 with
 * an x of F64.
 *
 * @param task     what a plan is made for; it agrees with what follows
 * @param x        the input
 * @param y        the output, of x's shape; x itself where the task is in place; null in a
 *                 call of {@link NormEngine#given}, and where the task is of statistics alone
 * @param weight   one an index of the parameter, or null for 1
 * @param bias     as weight, or null for 0
 * @param eps      added to the variance
 * @param zeroRstd whether rstd is 0 where variance + eps is 0, instead of infinite
 * @param given    statistics to use instead of the batch's own, one pair a group of the view; or null
 * @param update   running statistics to move by the batch's own, or null
 * @param extras   what the pass has besides
 * @param renorm   how batch renormalization corrects the batch where the task has it, or null
 */
public record ForwardCall(Task task, Tensor x, Tensor y, Tensor weight, Tensor bias, double eps, boolean zeroRstd,
        RunningStatistics given, RunningUpdate update, ForwardExtras extras, Renorm renorm) {
    /**
     * A call without batch renormalization.
     *
     * @param task     what a plan is made for
     * @param x        the input
     * @param y        the output, or null
     * @param weight   the weight, or null
     * @param bias     the bias, or null
     * @param eps      added to the variance
     * @param zeroRstd whether rstd is 0 where variance + eps is 0
     * @param given    statistics to use, or null
     * @param update   running statistics to move, or null
     * @param extras   what the pass has besides
     */
    public ForwardCall(Task task, Tensor x, Tensor y, Tensor weight, Tensor bias, double eps, boolean zeroRstd,
            RunningStatistics given, RunningUpdate update, ForwardExtras extras) {
        this(task, x, y, weight, bias, eps, zeroRstd, given, update, extras, null);
    }

    /**
     * A call with a task of its own.
     *
     * @param view     the axes of x and y
     * @param x        the input
     * @param y        the output
     * @param weight   the weight, or null
     * @param bias     the bias, or null
     * @param eps      added to the variance
     * @param zeroRstd whether rstd is 0 where variance + eps is 0
     * @param given    statistics to use, or null
     * @param update   running statistics to move, or null
     */
    public ForwardCall(NormView view, Tensor x, Tensor y, Tensor weight, Tensor bias, double eps, boolean zeroRstd,
            RunningStatistics given, RunningUpdate update) {
        this(task(view, weight != null, bias != null, given, update).in(x.type(), typeOf(weight, bias))
                .inPlace(x.memory() == y.memory()), x, y, weight, bias, eps, zeroRstd, given, update,
                ForwardExtras.NONE);
    }

    /**
     * What is normalized.
     *
     * @return x, or the sum
     */
    public Tensor normalized() {
        return extras.sum() == null ? x : extras.sum();
    }

    /**
     * The task of a forward pass in F32.
     *
     * @param view   the axes
     * @param weight whether there is a weight
     * @param bias   whether there is a bias
     * @param given  statistics to use, or null
     * @param update running statistics to move, or null
     * @return the task
     * @throws IllegalArgumentException if the running statistics do not fit the groups
     */
    public static Task task(NormView view, boolean weight, boolean bias, RunningStatistics given,
            RunningUpdate update) {
        Task.Statistics statistics = given == null ? Task.Statistics.BATCH : Task.Statistics.GIVEN;
        Task still = Task.forward(view, statistics, weight, bias);
        return update == null ? still : still.moving(update.target().mean().size(), update.finiteOnly());
    }

    /**
     * The axes of x and y.
     *
     * @return the task's view
     */
    public NormView view() {
        return task.view();
    }

    /** The type of those parameters that are there; F32 where none is. */
    static DataType typeOf(Tensor... parameters) {
        for (Tensor parameter : parameters) {
            if (parameter != null) {
                return parameter.type();
            }
        }
        return DataType.F32;
    }
}
