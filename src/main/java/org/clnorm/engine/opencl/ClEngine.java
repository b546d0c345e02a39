package org.clnorm.engine.opencl;

import static org.clnorm.engine.opencl.Arguments.Buffer;
import static org.clnorm.engine.opencl.Arguments.Word;

import java.util.ArrayList;
import java.util.List;
import org.clnorm.engine.BackwardCall;
import org.clnorm.engine.Explanation;
import org.clnorm.engine.ForwardCall;
import org.clnorm.engine.NormEngine;
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
    private final Staging staging;

    ClEngine(ClSession session, BufferPool pool, PlanCache plans, Launcher launcher, StridedMoves moves) {
        this.session = session;
        this.pool = pool;
        this.plans = plans;
        this.launcher = launcher;
        this.staging = new Staging(session, pool, moves);
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
            return forward(plans.prepared(call.task()), call, spent);
        } finally {
            session.leave();
        }
    }

    @Override
    public SavedStatistics given(ForwardCall call, SavedStatistics spent) {
        plans.makeRoom();
        session.enter();
        try {
            return forward(plans.givenAlone(call.task()), call, spent);
        } finally {
            session.leave();
        }
    }

    @Override
    public SavedStatistics forwardFrom(ForwardCall call, SavedStatistics saved) {
        plans.makeRoom();
        session.enter();
        try {
            PreparedPlan plan = plans.prepared(call.task());
            DeviceStatistics statistics = DeviceStatistics.checked(saved, pool, plan.groups());
            statistics.keepSigns(call.task());
            launch(plan, call, statistics);
            return statistics;
        } finally {
            session.leave();
        }
    }

    private DeviceStatistics forward(PreparedPlan plan, ForwardCall call, SavedStatistics spent) {
        DeviceStatistics statistics = DeviceStatistics.of(spent, pool, plan.groups(), call.task());
        try {
            launch(plan, call, statistics);
            return statistics;
        } catch (RuntimeException failed) {
            statistics.close();
            throw failed;
        }
    }

    private void launch(PreparedPlan plan, ForwardCall call, DeviceStatistics statistics) {
        synchronized (arguments) {
            try {
                fill(plan, call, statistics);
                launch(plan);
            } finally {
                staging.end();
            }
        }
    }

    private void fill(PreparedPlan plan, ForwardCall call, DeviceStatistics statistics) {
        arguments.clear(plan.scratch().length);
        BufferPool.Block y = staging.written(call.y());
        if (call.extras().sum() != null) {
            arguments.set(Buffer.FIRST, staging.read(call.x()));
            arguments.set(Buffer.X, staging.written(call.extras().sum()));
        } else {
            boolean read = y != null || call.task().pass() == Task.Pass.STATISTICS;
            arguments.set(Buffer.X, read ? staging.read(call.x()) : null);
        }
        arguments.set(Buffer.RESIDUAL, staging.read(call.extras().residual()));
        arguments.set(Buffer.SIGNS, statistics.signs());
        arguments.set(Buffer.LENGTHS, staging.read(call.extras().lengths()));
        arguments.set(Buffer.Y, y);
        arguments.set(Buffer.INTO, y);
        affine(call.weight(), call.bias());
        arguments.set(Buffer.STATS, statistics.block());
        arguments.set(Word.EPS, call.eps());
        arguments.set(Word.ZERO_RSTD, call.zeroRstd());
        RunningUpdate update = call.update();
        if (call.given() != null) {
            arguments.set(Buffer.RUNNING_MEAN, staging.read(call.given().mean()));
            arguments.set(Buffer.RUNNING_VAR, staging.read(call.given().variance()));
        } else if (update != null) {
            arguments.set(Buffer.RUNNING_MEAN, staging.changed(update.target().mean()));
            arguments.set(Buffer.RUNNING_VAR, staging.changed(update.target().variance()));
            arguments.set(Word.MOMENTUM, update.momentum());
            arguments.set(Word.KEEP, 1 - update.momentum());
            arguments.set(Word.CORRECTION, update.correction());
        } else if (call.renorm() != null) {
            arguments.set(Buffer.RUNNING_MEAN, staging.read(call.renorm().running().mean()));
            arguments.set(Buffer.RUNNING_VAR, staging.read(call.renorm().running().variance()));
        }
        if (call.renorm() != null) {
            arguments.set(Word.R_MAX, call.renorm().rMax());
            arguments.set(Word.D_MAX, call.renorm().dMax());
        }
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
            try {
                fill(plan, call);
                launch(plan);
            } finally {
                staging.end();
            }
        }
    }

    private void fill(PreparedPlan plan, BackwardCall call) {
        arguments.clear(plan.scratch().length);
        arguments.set(Buffer.X, staging.read(call.x()));
        if (call.extras().dresidual() != null) {
            arguments.set(Buffer.DOUT, staging.read(call.dy()));
            arguments.set(Buffer.DY, staging.written(call.extras().dresidual()));
        } else {
            arguments.set(Buffer.DY, staging.read(call.dy()));
        }
        arguments.set(Buffer.DSUM, staging.read(call.extras().dsum()));
        BufferPool.Block dx = staging.written(call.dx());
        arguments.set(Buffer.DX, dx);
        arguments.set(Buffer.INTO, dx);
        affine(call.weight(), call.bias());
        gradients(call);
        DeviceStatistics saved = DeviceStatistics.checked(call.saved(), pool, plan.groups());
        arguments.set(Buffer.STATS, saved.block());
        arguments.set(Buffer.SIGNS, saved.signs());
        arguments.set(Buffer.LENGTHS, staging.read(call.extras().lengths()));
        arguments.set(Word.WANT_DX, call.dx() != null);
    }

    /** The layer's own; in a plan of batch renormalization others stand for them in most launches. */
    private void affine(Tensor weight, Tensor bias) {
        BufferPool.Block weights = staging.read(weight);
        BufferPool.Block biases = staging.read(bias);
        arguments.set(Buffer.WEIGHT, weights);
        arguments.set(Buffer.BIAS, biases);
        arguments.set(Buffer.LAYER_WEIGHT, weights);
        arguments.set(Buffer.LAYER_BIAS, biases);
    }

    private void gradients(BackwardCall call) {
        BufferPool.Block dweight = gradient(call.dweight(), call.accumulate());
        BufferPool.Block dbias = gradient(call.dbias(), call.accumulate());
        boolean within = call.task().statistics() == Task.Statistics.RENORMALIZED && call.task().parameters();
        arguments.set(Buffer.DWEIGHT, dweight);
        arguments.set(Buffer.DBIAS, dbias);
        arguments.set(Buffer.LAYER_DWEIGHT, dweight);
        arguments.set(Buffer.LAYER_DBIAS, dbias);
        arguments.set(Word.ACCUMULATE, call.accumulate() && !within);
        arguments.set(Word.WANT_DWEIGHT, call.dweight() != null || within);
        arguments.set(Word.WANT_DBIAS, call.dbias() != null || within);
        arguments.set(Word.LAYER_ACCUMULATE, call.accumulate());
        arguments.set(Word.LAYER_WANT_DWEIGHT, call.dweight() != null);
        arguments.set(Word.LAYER_WANT_DBIAS, call.dbias() != null);
    }

    /** Kernels read a gradient that they add to. */
    private BufferPool.Block gradient(Tensor tensor, boolean accumulate) {
        return accumulate ? staging.changed(tensor) : staging.written(tensor);
    }

    /**
     * Takes the scratch memory, enqueues, and gives it back: the queue is in order, or made so, so the next user comes
     * later. Back in reverse order, so that the next call of the plan finds each block where it was.
     */
    private void launch(PreparedPlan plan) {
        int scratch = plan.scratch().length;
        try {
            for (int i = 0; i < scratch; i++) {
                arguments.setScratch(i, pool.takeReserved(BufferPool.Use.SCRATCH, plan.scratch()[i]));
            }
            staging.gather();
            launcher.launch(plan, arguments);
            staging.scatter();
            staging.enqueued();
        } finally {
            for (int i = scratch - 1; i >= 0; i--) {
                pool.giveBack(arguments.scratch(i));
            }
        }
    }

    @Override
    public void prepare(Task task, int passes) {
        plans.makeRoom();
        session.use(() -> {
            PreparedPlan plan = plans.prepared(task);
            if (task.pass() == Task.Pass.FORWARD && task.statistics() == Task.Statistics.GIVEN) {
                plans.givenAlone(task);
            }
            for (int i = 0; i < passes; i++) {
                DeviceStatistics.reserve(pool, plan.groups(), task);
            }
            reserve(plan.scratch());
        });
    }

    /** Calls follow each other, so what one passes from launch to launch serves the next as well. */
    private void reserve(long[] scratch) {
        List<BufferPool.Block> taken = new ArrayList<>();
        try {
            for (long floats : scratch) {
                taken.add(pool.takeReserved(BufferPool.Use.SCRATCH, floats));
            }
        } finally {
            taken.forEach(block -> pool.reserve(BufferPool.Use.SCRATCH, block));
        }
    }

    @Override
    public Explanation explain(Task task) {
        NormPlan plan = plans.plan(task);
        return new Explanation(task, plans.traits().kernels().label(), plan.variant(), plan.reason());
    }

    @Override
    public Explanation explain(Task task, Tensor x) {
        Explanation dense = explain(task);
        if (!(DeviceStorage.of(x, pool) instanceof BorrowedStorage lent) || lent.gathering() == null) {
            return dense;
        }
        return new Explanation(task, dense.kernels(), dense.variant(), dense.reason()
                + "; x is copied to dense memory first, because " + lent.borrowing().reason());
    }
}
