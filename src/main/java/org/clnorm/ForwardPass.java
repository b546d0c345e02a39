package org.clnorm;

import org.clnorm.engine.BackwardCall;
import org.clnorm.engine.BackwardExtras;
import org.clnorm.engine.ForwardCall;
import org.clnorm.engine.NormEngine;
import org.clnorm.engine.SavedStatistics;
import org.clnorm.tensor.Tensor;

/**
 * A forward pass and what its backward pass needs: what was normalized, the weight, the bias if it is needed, and the
 * groups' statistics. It lives until that backward pass, or until its output is closed or overwritten by another
 * forward pass; then it may be run again. It ends once, also where another thread closes its output.
 */
final class ForwardPass {
    private final Kept x = new Kept("x");
    private final Kept weight = new Kept("weight");
    private final Kept bias = new Kept("bias");
    private final Kept lengths = new Kept("lengths");
    private Work work;
    private SavedStatistics saved;
    private Work callOf;
    private BackwardCall call;
    private boolean ended = true;

    /** Runs the engine. */
    void run(Work given, ForwardCall forward) {
        saved = given.runner().forward(forward, saved);
        touch(forward.y());
        touch(forward.extras().sum());
        if (forward.update() != null) {
            touch(forward.update().target().mean());
            touch(forward.update().target().variance());
        }
        begin(given, forward);
    }

    /** Has the engine find the statistics of a pass to which they are given, and nothing else. */
    void recall(Work given, ForwardCall forward) {
        Tensor input = forward.x();
        saved = input.size() == 0 ? null : NormEngine.of(input.device()).given(forward, saved);
        begin(given, forward);
    }

    private synchronized void begin(Work given, ForwardCall forward) {
        ended = false;
        work = given;
        x.hold(forward.normalized());
        weight.hold(forward.weight());
        bias.hold(given.keepsBias() ? forward.bias() : null);
        lengths.hold(forward.extras().lengths());
    }

    synchronized boolean ended() {
        return ended;
    }

    /** Throws unless dy fits and nothing the pass kept was overwritten. */
    void checkBackward(Tensor dy) {
        if (ended) {
            throw new IllegalStateException("expected one backward pass after a forward pass whose output is still"
                    + " open, got a second one, or an output that was closed or overwritten");
        }
        Checks.alike("dy", dy, x.tensor());
        x.checkUnchanged();
        weight.checkUnchanged();
        bias.checkUnchanged();
    }

    /** Throws unless a tensor of the caller's can receive dx, or what stands in its place on the way there. */
    void checkOutput(String name, Tensor into, Tensor dy) {
        Checks.alike(name, into, dy);
        Checks.sameOrApart(name, into, dy);
        Checks.sameOrApart(name, into, x.tensor());
        Checks.apart(name, into, weight.tensor());
        Checks.apart(name, into, bias.tensor());
    }

    /** Throws unless what a residual needs fits: dsum to be added, dresidual to be written. */
    void checkExtras(Tensor dy, BackwardExtras extras) {
        if (extras.dsum() != null) {
            Checks.alike("dsum", extras.dsum(), dy);
            if (lengths.tensor() != null) {
                throw new IllegalStateException("expected backward of the layer after a forward pass with lengths, got"
                        + " backward of AddNorm");
            }
        }
        Tensor dresidual = extras.dresidual();
        if (dresidual != null) {
            work.checkGates();
            checkOutput("dresidual", dresidual, dy);
            Checks.apart("dresidual", dresidual, dy);
            Checks.apart("dresidual", dresidual, x.tensor());
        } else if (work.gates()) {
            throw new IllegalStateException("expected backward(dy, dresidual) of NormAdd after its forward pass, got"
                    + " backward without dresidual");
        }
    }

    /** Runs the engine into the tensors that are not null, and ends the pass; checked before. */
    void backward(Tensor dy, Tensor dx, Tensor dweight, Tensor dbias, boolean accumulate, BackwardExtras extras) {
        if (dx != null || dweight != null || dbias != null) {
            work.runner().backward(call(dy, dx, dweight, dbias, accumulate, extras.padded(lengths.tensor())));
        }
        touch(dx);
        touch(extras.dresidual());
        touch(dweight);
        touch(dbias);
        end();
    }

    /** The former call where it was the same. */
    private BackwardCall call(Tensor dy, Tensor dx, Tensor dweight, Tensor dbias, boolean accumulate,
            BackwardExtras extras) {
        if (call == null || callOf != work || call.x() != x.tensor() || call.dy() != dy || call.dx() != dx
                || call.weight() != weight.tensor() || call.bias() != bias.tensor() || call.dweight() != dweight
                || call.dbias() != dbias || call.accumulate() != accumulate || call.saved() != saved
                || !call.extras().equals(extras)) {
            callOf = work;
            call = work.call(x.tensor(), dy, dx, weight.tensor(), bias.tensor(), dweight, dbias, accumulate, saved,
                    extras);
        }
        return call;
    }

    private static void touch(Tensor written) {
        if (written != null) {
            written.storage().touch();
        }
    }

    /** Lets go of what was kept; twice is once. */
    synchronized void end() {
        if (ended) {
            return;
        }
        ended = true;
        try {
            x.release();
        } finally { // memory of the caller's is let go by a call to OpenCL, which may fail
            weight.release();
            bias.release();
            lengths.release();
            if (saved != null) {
                saved.close();
            }
        }
    }
}
