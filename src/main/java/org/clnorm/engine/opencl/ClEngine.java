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

/**
 * Turns calls into launches. Everything that is likely to fail comes before the first of them: the plan, its programs,
 * its memory.
 */
final class ClEngine implements NormEngine {
    private final ClSession session;
    private final BufferPool pool;
    private final PlanCache plans;
    private final Launcher launcher;
    /** Filled by one thread at a time, from its first argument to its last launch. */
    private final Arguments arguments = new Arguments();

    ClEngine(ClSession session, BufferPool pool, PlanCache plans, Launcher launcher) {
        this.session = session;
        this.pool = pool;
        this.plans = plans;
        this.launcher = launcher;
    }

    @Override
    public SavedStatistics forward(ForwardCall call) {
        return forward(call, null);
    }

    @Override
    public SavedStatistics forward(ForwardCall call, SavedStatistics spent) {
        plans.makeRoom();
        session.enter();
        try {
            PreparedPlan plan = plans.prepared(call.task());
            DeviceStatistics statistics = DeviceStatistics.of(spent, pool, plan.groups());
            try {
                launch(plan, call, statistics);
                return statistics;
            } catch (RuntimeException failed) {
                statistics.close();
                throw failed;
            }
        } finally {
            session.leave();
        }
    }

    private void launch(PreparedPlan plan, ForwardCall call, DeviceStatistics statistics) {
        synchronized (arguments) {
            arguments.clear(plan.scratch().length);
            arguments.set(Buffer.X, block(call.x()));
            arguments.set(Buffer.Y, block(call.y()));
            arguments.set(Buffer.WEIGHT, block(call.weight()));
            arguments.set(Buffer.BIAS, block(call.bias()));
            arguments.set(Buffer.STATS, statistics.block());
            arguments.set(Word.EPS, call.eps());
            arguments.set(Word.ZERO_RSTD, call.zeroRstd());
            RunningUpdate update = call.update();
            if (call.given() != null) {
                setRunning(call.given());
            } else if (update != null) {
                setRunning(update.target());
                arguments.set(Word.MOMENTUM, update.momentum());
                arguments.set(Word.KEEP, 1 - update.momentum());
                arguments.set(Word.CORRECTION, update.correction());
            }
            launch(plan);
        }
    }

    private void setRunning(RunningStatistics running) {
        arguments.set(Buffer.RUNNING_MEAN, block(running.mean()));
        arguments.set(Buffer.RUNNING_VAR, block(running.variance()));
    }

    @Override
    public void backward(BackwardCall call) {
        if (call.dx() == null && call.dweight() == null && call.dbias() == null) {
            return;
        }
        plans.makeRoom();
        session.enter();
        try {
            launch(plans.prepared(call.task()), call);
        } finally {
            session.leave();
        }
    }

    private void launch(PreparedPlan plan, BackwardCall call) {
        synchronized (arguments) {
            arguments.clear(plan.scratch().length);
            arguments.set(Buffer.X, block(call.x()));
            arguments.set(Buffer.DY, block(call.dy()));
            arguments.set(Buffer.DX, block(call.dx()));
            arguments.set(Buffer.WEIGHT, block(call.weight()));
            arguments.set(Buffer.DWEIGHT, block(call.dweight()));
            arguments.set(Buffer.DBIAS, block(call.dbias()));
            arguments.set(Buffer.STATS, DeviceStatistics.block(call.saved(), pool, plan.groups()));
            arguments.set(Word.ACCUMULATE, call.accumulate());
            arguments.set(Word.WANT_DX, call.dx() != null);
            arguments.set(Word.WANT_DWEIGHT, call.dweight() != null);
            arguments.set(Word.WANT_DBIAS, call.dbias() != null);
            launch(plan);
        }
    }

    /**
     * Takes the scratch memory, enqueues, and gives it back: the queue is in order, so the next user comes later. Back
     * in reverse order, so that the next call of the plan finds each block where it was.
     */
    private void launch(PreparedPlan plan) {
        int scratch = plan.scratch().length;
        try {
            for (int i = 0; i < scratch; i++) {
                arguments.setScratch(i, pool.take(plan.scratch()[i]));
            }
            launcher.launch(plan, arguments);
        } finally {
            for (int i = scratch - 1; i >= 0; i--) {
                pool.giveBack(arguments.scratch(i));
            }
        }
    }

    private BufferPool.Block block(Tensor tensor) {
        return tensor == null ? null : ClStorage.block(tensor, pool);
    }

    @Override
    public Explanation explain(Task task) {
        NormPlan plan = plans.plan(task);
        return new Explanation(task, plans.traits().kernels().label(), plan.variant(), plan.reason());
    }
}
