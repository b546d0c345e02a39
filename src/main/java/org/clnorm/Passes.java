package org.clnorm;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.clnorm.engine.ForwardExtras;
import org.clnorm.tensor.Cleanup;
import org.clnorm.tensor.Tensor;

/** The forward passes of a layer that have had no backward pass yet and whose outputs are open, the last one first. */
final class Passes {
    private final Deque<ForwardPass> waiting = new ArrayDeque<>();
    /** By which outputs know that they are of this layer, without holding it. */
    private final Object mark = new Object();

    /** Runs a forward pass over tensors that have been checked; one that wrote to y before is forgotten. */
    void run(Work work, Tensor x, Tensor y, Tensor weight, Tensor bias, ForwardExtras extras) {
        Output output = anew(y);
        waiting.removeIf(ForwardPass::ended);
        waiting.push(output.fill(work, x, y, weight, bias, extras));
    }

    /** The same for a forward pass that has no backward pass and keeps nothing. */
    void runAlone(Work work, Tensor x, Tensor y, Tensor weight, Tensor bias, ForwardExtras extras) {
        anew(y).fill(work, x, y, weight, bias, extras).end();
    }

    private Output anew(Tensor y) {
        Output output = Output.of(y, mark);
        if (waiting.remove(output.pass())) {
            output.run();
        }
        return output;
    }

    /** The one whose turn it is to have a backward pass. */
    ForwardPass last() {
        waiting.removeIf(ForwardPass::ended);
        if (waiting.isEmpty()) {
            throw new IllegalStateException("expected a forward pass before backward, got none whose output is still"
                    + " open and that had no backward pass yet");
        }
        return waiting.peek();
    }

    /** Notes that a pass has had its backward pass. */
    void remove(ForwardPass pass) {
        waiting.remove(pass);
    }

    /** Ends all of them. */
    void end() {
        List<ForwardPass> open = new ArrayList<>(waiting);
        waiting.clear();
        Cleanup.all(open, ForwardPass::end);
    }
}
