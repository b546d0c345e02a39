package org.clnorm.engine.opencl;

import java.util.List;
import java.util.Map;
import org.clnorm.engine.HostProbe;
import org.clnorm.plan.NormPlan;
import org.clnorm.plan.Step;

/** Counts calls to OpenCL, and launches a kernel that does nothing. */
final class EmptyProbe implements HostProbe {
    private static final NormPlan EMPTY = new NormPlan("empty", "measures the host",
            List.of(new Step("common/empty", "empty", Map.of(), 1, 1, Map.of("nothing", 0L))), Map.of(), 0);

    private final ClSession session;
    private final PlanCache plans;

    EmptyProbe(ClSession session, PlanCache plans) {
        this.session = session;
        this.plans = plans;
    }

    @Override
    public Calls calls() {
        return session.cl().counts().snapshot();
    }

    @Override
    public long emptyLaunchNanos() {
        plans.makeRoom();
        session.enter();
        try {
            PreparedPlan.Launch launch = plans.prepared(EmptyProbe.class, EMPTY).launches()[0];
            long start = System.nanoTime();
            session.cl().launch(session.queue(), launch.kernel().kernel(), launch.kernel().label(), launch.global(),
                    launch.local(), null);
            return System.nanoTime() - start;
        } finally {
            session.leave();
        }
    }
}
