package org.clnorm.conformance;

/**
 * How far a tensor of a result is from what it should be.
 *
 * @param step      the step that it came out of, from 0
 * @param tensor    y, dx, dweight, dbias, running_mean, running_var or num_batches_tracked
 * @param error     the largest difference of finite values, relative to the tensor's scale
 * @param tolerance the error that the contract allows
 * @param fault     what is wrong, in a few words; empty if nothing is
 */
public record Verdict(int step, String tensor, double error, double tolerance, String fault) {
    /**
     * Whether the tensor is as it should be.
     *
     * @return true if nothing is wrong
     */
    public boolean passed() {
        return fault.isEmpty();
    }

    @Override
    public String toString() {
        return step + "." + tensor + (passed() ? " within the contract, " + error + " of scale" : ": " + fault);
    }
}
