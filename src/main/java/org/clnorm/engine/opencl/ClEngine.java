package org.clnorm.engine.opencl;

import static org.clnorm.engine.opencl.Arguments.Buffer;
import static org.clnorm.engine.opencl.Arguments.Word;

import org.clnorm.engine.BackwardCall;
import org.clnorm.engine.Explanation;
import org.clnorm.engine.ForwardCall;
import org.clnorm.engine.NormEngine;
import org.clnorm.engine.RunningStatistics;
import org.clnorm.engine.RunningUpdate;
import org.clnorm.engine.SavedStatistics;
import org.clnorm.plan.NormPlan;
import org.clnorm.plan.Task;
import org.clnorm.tensor.Tensor;
import org.jocl.cl_mem;

/**
 * Turns calls into launches. Everything that is likely to fail comes before the first of them: the plan, its programs,
 * its memory.
 */
final class ClEngine implements NormEngine {
    private final ClSession session;
    private final BufferPool pool;
    private final PlanCache plans;
    private final Launcher launcher;

    ClEngine(ClSession session, BufferPool pool, PlanCache plans, Launcher launcher) {
        this.session = session;
        this.pool = pool;
        this.plans = plans;
        this.launcher = launcher;
    }

    @Override
    public SavedStatistics forward(ForwardCall call) {
        return session.use(() -> {
            long groups = call.view().groups();
            PreparedPlan plan = plans.prepared(call.task(), channels(call, groups));
            Arguments arguments = arguments(plan, call);
            DeviceStatistics statistics = new DeviceStatistics(pool, groups);
            try {
                arguments.set(Buffer.STATS, statistics.memory());
                launch(plan, arguments);
                return statistics;
            } catch (RuntimeException failed) {
                statistics.close();
                throw failed;
            }
        });
    }

    /** How many running statistics are moved, 0 for none. */
    private static long channels(ForwardCall call, long groups) {
        if (call.update() == null) {
            return 0;
        }
        long channels = call.update().target().mean().size();
        if (call.given() != null || channels == 0 || groups % channels != 0) {
            throw new IllegalArgumentException("expected running statistics to move by those of " + groups
                    + " groups of the batch, got " + channels + " of them"
                    + (call.given() == null ? "" : ", and given ones"));
        }
        return channels;
    }

    private Arguments arguments(PreparedPlan plan, ForwardCall call) {
        Arguments arguments = new Arguments(plan.scratch().length);
        arguments.set(Buffer.X, memory(call.x()));
        arguments.set(Buffer.Y, memory(call.y()));
        arguments.set(Buffer.WEIGHT, memory(call.weight()));
        arguments.set(Buffer.BIAS, memory(call.bias()));
        arguments.set(Word.EPS, call.eps());
        arguments.set(Word.ZERO_RSTD, call.zeroRstd());
        if (call.given() != null) {
            setRunning(arguments, call.given());
        }
        RunningUpdate update = call.update();
        if (update != null) {
            setRunning(arguments, update.target());
            arguments.set(Word.MOMENTUM, update.momentum());
            arguments.set(Word.KEEP, 1 - update.momentum());
            arguments.set(Word.CORRECTION, update.correction());
        }
        return arguments;
    }

    private void setRunning(Arguments arguments, RunningStatistics running) {
        arguments.set(Buffer.RUNNING_MEAN, memory(running.mean()));
        arguments.set(Buffer.RUNNING_VAR, memory(running.variance()));
    }

    @Override
    public void backward(BackwardCall call) {
        if (call.dx() == null && call.dweight() == null && call.dbias() == null) {
            return;
        }
        session.use(() -> {
            PreparedPlan plan = plans.prepared(call.task(), 0);
            Arguments arguments = new Arguments(plan.scratch().length);
            arguments.set(Buffer.X, memory(call.x()));
            arguments.set(Buffer.DY, memory(call.dy()));
            arguments.set(Buffer.DX, memory(call.dx()));
            arguments.set(Buffer.WEIGHT, memory(call.weight()));
            arguments.set(Buffer.DWEIGHT, memory(call.dweight()));
            arguments.set(Buffer.DBIAS, memory(call.dbias()));
            arguments.set(Buffer.STATS, DeviceStatistics.memory(call.saved(), pool, call.view().groups()));
            arguments.set(Word.ACCUMULATE, call.accumulate());
            arguments.set(Word.WANT_DX, call.dx() != null);
            arguments.set(Word.WANT_DWEIGHT, call.dweight() != null);
            arguments.set(Word.WANT_DBIAS, call.dbias() != null);
            launch(plan, arguments);
        });
    }

    /** Takes the scratch memory, enqueues, and gives it back: the queue is in order, so the next user comes later. */
    private void launch(PreparedPlan plan, Arguments arguments) {
        BufferPool.Block[] scratch = new BufferPool.Block[plan.scratch().length];
        try {
            for (int i = 0; i < scratch.length; i++) {
                scratch[i] = pool.take(plan.scratch()[i]);
                arguments.setScratch(i, scratch[i].memory());
            }
            launcher.launch(plan, arguments);
        } finally {
            for (BufferPool.Block block : scratch) {
                if (block != null) {
                    pool.giveBack(block);
                }
            }
        }
    }

    private cl_mem memory(Tensor tensor) {
        return tensor == null ? null : ClStorage.memory(tensor, pool);
    }

    @Override
    public Explanation explain(Task task) {
        NormPlan plan = plans.plan(task);
        return new Explanation(task, plans.traits().kernels().label(), plan.variant(), plan.reason());
    }
}
