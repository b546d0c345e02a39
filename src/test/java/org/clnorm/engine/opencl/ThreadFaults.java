package org.clnorm.engine.opencl;

import java.util.Set;
import org.jocl.CL;

/** Fails calls of the thread that asked for it, while others that use the same device are let be. */
final class ThreadFaults implements FaultPlan {
    private final ThreadLocal<OneFault> own = ThreadLocal.withInitial(OneFault::new);
    private final ThreadLocal<Set<String>> spared = ThreadLocal.withInitial(Set::of);

    /** What this thread has asked for. */
    OneFault own() {
        return own.get();
    }

    /** Functions that do not fail for this thread. */
    void spare(Set<String> functions) {
        spared.set(functions);
    }

    @Override
    public int status(String call, long index) {
        return spared.get().contains(call) ? CL.CL_SUCCESS : own.get().status(call, index);
    }
}
