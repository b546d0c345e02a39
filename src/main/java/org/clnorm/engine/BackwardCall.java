package org.clnorm.engine;

import org.clnorm.plan.NormView;
import org.clnorm.plan.Task;
import org.clnorm.tensor.Tensor;

/**
 * A backward pass. With g = dy · weight and ⟨·⟩ the mean over a group: dx = rstd · (g − ⟨g⟩ − x̂ · ⟨g · x̂⟩), or
 * dx = rstd · g where the statistics were given; dweight = Σ dy · x̂ and dbias = Σ dy over what shares the parameter.
 * Through an activation dy is first multiplied by its derivative; without a mean to subtract there is no ⟨g⟩.
 *
 * @param task       what a plan is made for; it agrees with what follows
 * @param x          what the forward pass normalized, with at least one element
 * @param dy         the gradient of the output, of x's shape
 * @param dx         receives the gradient of the input, or null; x or dy where the task is in place
 * @param weight     the weight of the forward pass, or null
 * @param bias       the bias of the forward pass where the task has one, or null
 * @param dweight    receives the gradient of the weight, or null
 * @param dbias      receives the gradient of the bias, or null
 * @param accumulate whether dweight and dbias are added to what is there
 * @param saved      the statistics of the forward pass
 * @param extras     what the pass has besides
 */
public record BackwardCall(Task task, Tensor x, Tensor dy, Tensor dx, Tensor weight, Tensor bias, Tensor dweight,
        Tensor dbias, boolean accumulate, SavedStatistics saved, BackwardExtras extras) {
    /**
     * A call with a task of its own.
     *
     * @param view       the axes of x, dy and dx
     * @param x          the input of the forward pass
     * @param dy         the gradient of the output
     * @param dx         receives the gradient of the input, or null
     * @param weight     the weight of the forward pass, or null
     * @param dweight    receives the gradient of the weight, or null
     * @param dbias      receives the gradient of the bias, or null
     * @param accumulate whether dweight and dbias are added to what is there
     * @param given      whether the statistics were given
     * @param saved      the statistics of the forward pass
     */
    public BackwardCall(NormView view, Tensor x, Tensor dy, Tensor dx, Tensor weight, Tensor dweight, Tensor dbias,
            boolean accumulate, boolean given, SavedStatistics saved) {
        this(Task.backward(view, given ? Task.Statistics.GIVEN : Task.Statistics.BATCH, weight != null, dx != null,
                dweight != null || dbias != null).in(x.type(), ForwardCall.typeOf(weight, dweight, dbias))
                .inPlace(overwrites(dx, x, dy)), x, dy, dx, weight, null, dweight, dbias, accumulate, saved,
                BackwardExtras.NONE);
    }

    /**
     * Whether dx takes the place of what a backward pass reads.
     *
     * @param dx receives the gradient, or null
     * @param x  the input of the forward pass
     * @param dy the gradient of the output
     * @return true if dx has the memory of one of them
     */
    public static boolean overwrites(Tensor dx, Tensor x, Tensor dy) {
        return dx != null && (dx.memory() == x.memory() || dx.memory() == dy.memory());
    }

    /**
     * The axes of x, dy and dx.
     *
     * @return the task's view
     */
    public NormView view() {
        return task.view();
    }

    /**
     * Whether the statistics were given.
     *
     * @return false where they are the batch's own
     */
    public boolean given() {
        return task.statistics() == Task.Statistics.GIVEN;
    }
}
