package org.clnorm.engine.opencl;

import java.util.List;
import org.clnorm.engine.MemoryProbe;
import org.clnorm.plan.CopySteps;
import org.clnorm.tensor.DeviceException;
import org.clnorm.tensor.Tensor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Copies with a kernel of its own, launched and timed like all others. */
final class CopyProbe implements MemoryProbe {
    private static final Logger LOG = LoggerFactory.getLogger(CopyProbe.class);
    private static final String PLAIN = "plain";
    private static final String NON_TEMPORAL = "non-temporal";

    private record Key(long floats, boolean nonTemporal) {
    }

    private final ClSession session;
    private final BufferPool pool;
    private final PlanCache plans;
    private final Launcher launcher;

    CopyProbe(ClSession session, BufferPool pool, PlanCache plans, Launcher launcher) {
        this.session = session;
        this.pool = pool;
        this.plans = plans;
        this.launcher = launcher;
    }

    @Override
    public List<String> methods() {
        try {
            session.use(() -> prepared(new Key(1, true)));
            return List.of(PLAIN, NON_TEMPORAL);
        } catch (DeviceException unknown) {
            LOG.debug("the compiler of {} knows no non-temporal stores", session.facts(), unknown);
            return List.of(PLAIN);
        }
    }

    private PreparedPlan prepared(Key key) {
        return plans.prepared(key, CopySteps.copy(key.floats(), key.nonTemporal(), plans.traits()));
    }

    /** Tensors are copied as floats whatever their type: their memory is whole floats long. */
    private static long floats(Tensor tensor) {
        return (tensor.size() * tensor.type().bytes() + Float.BYTES - 1) / Float.BYTES;
    }

    @Override
    public void copy(Tensor from, Tensor to, String method) {
        if (!method.equals(PLAIN) && !method.equals(NON_TEMPORAL)) {
            throw new IllegalArgumentException(
                    "expected one of " + List.of(PLAIN, NON_TEMPORAL) + ", got '" + method + "'");
        }
        if (from.type() != to.type() || from.size() != to.size() || from.size() == 0) {
            throw new IllegalArgumentException("expected two tensors of one type and size, got " + from + " and " + to);
        }
        plans.makeRoom();
        session.use(() -> {
            PreparedPlan plan = prepared(new Key(floats(from), method.equals(NON_TEMPORAL)));
            Arguments arguments = new Arguments();
            DeviceStorage source = dense(from);
            DeviceStorage target = dense(to);
            source.checkDefined();
            int before = target.failures();
            arguments.set(Arguments.Buffer.X, source.block());
            arguments.set(Arguments.Buffer.Y, target.block());
            launcher.launch(plan, arguments);
            target.written(before);
        });
        to.storage().touch();
    }

    private DeviceStorage dense(Tensor tensor) {
        DeviceStorage storage = DeviceStorage.of(tensor, pool);
        if (storage.block() == null) {
            throw new IllegalArgumentException("expected dense and aligned memory, got a borrowed " + tensor);
        }
        return storage;
    }
}
