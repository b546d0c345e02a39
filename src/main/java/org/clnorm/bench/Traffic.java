package org.clnorm.bench;

import org.clnorm.conformance.Workload;
import org.clnorm.plan.Activation;
import org.clnorm.plan.Join;
import org.clnorm.plan.Task;

/** The fewest bytes that a pass moves: each tensor once, and where signs are kept a bit an element. Parameters not. */
final class Traffic {
    /** What a copy moves: x and y. */
    static final int COPY_TENSORS = 2;

    private final Workload workload;

    private Traffic(Workload workload) {
        this.workload = workload;
    }

    static long bytes(Workload workload, Task.Pass pass) {
        Traffic traffic = new Traffic(workload);
        return pass == Task.Pass.FORWARD ? traffic.forward() : traffic.backward();
    }

    /** x, y; the residual; the sum, where it is written too. */
    private long forward() {
        return switch (workload.join()) {
            case NONE -> tensors(2);
            case BEFORE -> tensors(4);
            case AFTER -> tensors(3) + signs();
        };
    }

    /** x, dy, dx; what reached the sum besides; the residual's gradient, where it is not dy itself. */
    private long backward() {
        return switch (workload.join()) {
            case NONE -> tensors(3);
            case BEFORE -> tensors(4);
            case AFTER -> tensors(keepsSigns() ? 4 : 3) + signs();
        };
    }

    private boolean keepsSigns() {
        return workload.join() == Join.AFTER && !workload.activation().equals(Activation.NONE);
    }

    private long signs() {
        return keepsSigns() ? (workload.shape().size() + Byte.SIZE - 1) / Byte.SIZE : 0;
    }

    private long tensors(int count) {
        return count * workload.bytes();
    }
}
