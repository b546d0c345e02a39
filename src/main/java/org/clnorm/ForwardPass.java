package org.clnorm;

import org.clnorm.engine.BackwardCall;
import org.clnorm.engine.ForwardCall;
import org.clnorm.engine.NormEngine;
import org.clnorm.engine.SavedStatistics;
import org.clnorm.tensor.Tensor;

/**
 * One forward pass and what its backward pass needs: the input, the weight and the groups' statistics. It lives until
 * that backward pass, or until its output is closed or overwritten by another forward pass. The output knows its
 * pass, the pass not its output: one that is dropped without being closed is found and reported.
 */
final class ForwardPass {
    private final Work work;
    private final Kept x;
    private final Kept weight;
    private final SavedStatistics saved;
    private boolean ended;

    private ForwardPass(Work work, Tensor x, Tensor weight, SavedStatistics saved) {
        this.work = work;
        this.x = new Kept("x", x.hold());
        this.weight = weight == null ? null : new Kept("weight", weight.hold());
        this.saved = saved;
    }

    /** A tensor kept for the backward pass, and the version it had. */
    private record Kept(String name, Tensor tensor, long version) {
        Kept(String name, Tensor tensor) {
            this(name, tensor, tensor.storage().version());
        }

        void checkUnchanged() {
            if (tensor.storage().version() != version) {
                throw new IllegalStateException("expected " + name
                        + " as it was in the forward pass, got one that was written since");
            }
        }
    }

    /** Runs the engine, writing y; tensors have been checked. */
    static ForwardPass run(Work work, Tensor x, Tensor y, Tensor weight, Tensor bias) {
        ForwardCall call = new ForwardCall(work.view(), x, y, weight, bias, work.eps(), work.zeroRstd(), work.given(),
                work.update());
        SavedStatistics saved = x.size() == 0 ? null : NormEngine.of(x.device()).forward(call);
        touch(y);
        if (work.update() != null) {
            touch(work.update().target().mean());
            touch(work.update().target().variance());
        }
        ForwardPass pass = new ForwardPass(work, x, weight, saved);
        y.tie(pass::end);
        return pass;
    }

    boolean ended() {
        return ended;
    }

    /** Throws unless dy fits and nothing the pass kept was overwritten. */
    void checkBackward(Tensor dy) {
        if (ended) {
            throw new IllegalStateException("expected one backward pass after a forward pass whose output is still"
                    + " open, got a second one, or an output that was closed or overwritten");
        }
        Checks.alike("dy", dy, x.tensor);
        x.checkUnchanged();
        if (weight != null) {
            weight.checkUnchanged();
        }
    }

    /** Throws unless a tensor of the caller's can receive dx. */
    void checkOutput(Tensor into, Tensor dy) {
        Checks.output("into", into, dy, dy, x.tensor, weight == null ? null : weight.tensor);
    }

    /** Runs the engine into the tensors that are not null, and ends the pass; checked before. */
    void backward(Tensor dy, Tensor dx, Tensor dweight, Tensor dbias, boolean accumulate) {
        if (x.tensor.size() == 0) {
            clear(dweight, accumulate);
            clear(dbias, accumulate);
        } else if (dx != null || dweight != null || dbias != null) {
            NormEngine.of(dy.device()).backward(new BackwardCall(work.view(), x.tensor, dy, dx,
                    weight == null ? null : weight.tensor, dweight, dbias, accumulate, work.given() != null, saved));
        }
        touch(dx);
        touch(dweight);
        touch(dbias);
        end();
    }

    private static void clear(Tensor gradient, boolean accumulate) {
        if (gradient != null && !accumulate) {
            gradient.fill(0);
        }
    }

    private static void touch(Tensor written) {
        if (written != null) {
            written.storage().touch();
        }
    }

    /** Lets go of what was kept; twice is once. */
    void end() {
        if (ended) {
            return;
        }
        ended = true;
        x.tensor.close();
        if (weight != null) {
            weight.tensor.close();
        }
        if (saved != null) {
            saved.close();
        }
    }
}
