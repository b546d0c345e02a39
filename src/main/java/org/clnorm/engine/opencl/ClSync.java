package org.clnorm.engine.opencl;

import static org.clnorm.engine.opencl.Arguments.Buffer;
import static org.clnorm.engine.opencl.Arguments.Word;

import java.util.List;
import java.util.Map;
import org.clnorm.engine.BackwardCall;
import org.clnorm.engine.ForwardCall;
import org.clnorm.engine.RunningUpdate;
import org.clnorm.engine.SavedStatistics;
import org.clnorm.engine.SyncEngine;
import org.clnorm.engine.SyncSums;
import org.clnorm.plan.NormPlan;
import org.clnorm.plan.StatisticsSteps;
import org.clnorm.plan.SyncSteps;
import org.clnorm.plan.Task;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Tensor;

/** Lets statistics out of the device and in, and launches what is made of sums from the host. */
final class ClSync implements SyncEngine {
    /** dweight, dbias and two means, see {@code common/sync.cl}. */
    private static final int SUMS = 4;

    /** What the plan of gradients is remembered by. */
    private record Gradients(Task task) {
    }

    /** What the plan of moving running statistics is remembered by. */
    private record Moves(long channels, DataType type, boolean finiteOnly) {
    }

    private final ClSession session;
    private final BufferPool pool;
    private final PlanCache plans;
    private final Launcher launcher;
    private final Map<DataType, Transfers> transfers;
    /** Filled by one thread at a time, from its first argument to its last launch. */
    private final Arguments arguments = new Arguments();
    private final Staging staging;

    ClSync(ClSession session, BufferPool pool, PlanCache plans, Launcher launcher, StridedMoves moves,
            Map<DataType, Transfers> transfers) {
        this.session = session;
        this.pool = pool;
        this.plans = plans;
        this.launcher = launcher;
        this.transfers = transfers;
        this.staging = new Staging(session, pool, moves);
    }

    @Override
    public void read(SavedStatistics saved, double[] mean, double[] variance) {
        session.use(() -> {
            DeviceStatistics own = DeviceStatistics.checked(saved, pool, mean.length);
            double[] planes = new double[StatisticsPlanes.COUNT * mean.length];
            transfers.get(own.type()).read(own.block().memory(), 0, planes, 0, planes.length);
            DeviceStatistics.checked(saved, pool, mean.length);
            StatisticsPlanes.values(planes, mean, variance);
        });
    }

    @Override
    public SavedStatistics write(ForwardCall call, double[] mean, double[] variance, SavedStatistics spent) {
        double[] planes = StatisticsPlanes.of(mean, variance, call);
        return session.use(() -> {
            DeviceStatistics statistics = DeviceStatistics.of(spent, pool, mean.length, call.task());
            try {
                transfers.get(statistics.type()).write(statistics.block().memory(), 0, planes, 0, planes.length);
                return statistics;
            } catch (RuntimeException failed) {
                statistics.close();
                throw failed;
            }
        });
    }

    @Override
    public void move(RunningUpdate update, SavedStatistics saved) {
        plans.makeRoom();
        session.use(() -> {
            Tensor target = update.target().mean();
            DeviceStatistics own = DeviceStatistics.checked(saved, pool, target.size());
            PreparedPlan plan = moves(new Moves(target.size(), own.type(), update.finiteOnly()));
            staged(() -> {
                arguments.set(Buffer.STATS, own.block());
                arguments.set(Buffer.RUNNING_MEAN, staging.changed(target));
                arguments.set(Buffer.RUNNING_VAR, staging.changed(update.target().variance()));
                arguments.set(Word.MOMENTUM, update.momentum());
                arguments.set(Word.KEEP, 1 - update.momentum());
                arguments.set(Word.CORRECTION, update.correction());
                launch(plan);
            });
        });
    }

    private PreparedPlan moves(Moves key) {
        return plans.prepared(key, new NormPlan("sync", "running statistics alone", List.of(StatisticsSteps.moving(1,
                key.channels(), key.type(), key.finiteOnly(), plans.traits())), Map.of(), 0));
    }

    @Override
    public void gradients(BackwardCall call, SyncSums sums) {
        plans.makeRoom();
        session.use(() -> {
            PreparedPlan plan = gradients(call.task());
            DataType type = call.x().type().statistics();
            double[] values = joined(sums);
            BufferPool.Block block = pool.take(values.length, type.bytes());
            try {
                transfers.get(type).write(block.memory(), 0, values, 0, values.length);
                staged(() -> {
                    fill(call, block);
                    launch(plan);
                });
            } finally {
                pool.giveBack(block);
            }
        });
    }

    private void fill(BackwardCall call, BufferPool.Block sums) {
        arguments.set(Buffer.PARTIALS, sums);
        if (call.x().size() > 0) {
            arguments.set(Buffer.X, staging.read(call.x()));
            arguments.set(Buffer.DY, staging.read(call.dy()));
            arguments.set(Buffer.DX, staging.written(call.dx()));
            arguments.set(Buffer.WEIGHT, staging.read(call.weight()));
            arguments.set(Buffer.STATS,
                    DeviceStatistics.checked(call.saved(), pool, call.view().groups()).block());
        }
        arguments.set(Buffer.DWEIGHT, gradient(call.dweight(), call.accumulate()));
        arguments.set(Buffer.DBIAS, gradient(call.dbias(), call.accumulate()));
        arguments.set(Word.ACCUMULATE, call.accumulate());
        arguments.set(Word.WANT_DWEIGHT, call.dweight() != null);
        arguments.set(Word.WANT_DBIAS, call.dbias() != null);
    }

    private BufferPool.Block gradient(Tensor tensor, boolean accumulate) {
        return accumulate ? staging.changed(tensor) : staging.written(tensor);
    }

    private static double[] joined(SyncSums sums) {
        int channels = sums.dweight().length;
        double[] values = new double[SUMS * channels];
        double[][] planes = {sums.dweight(), sums.dbias(), sums.meanG(), sums.meanGx()};
        for (int i = 0; i < SUMS; i++) {
            System.arraycopy(planes[i], 0, values, i * channels, channels);
        }
        return values;
    }

    private PreparedPlan gradients(Task task) {
        return plans.prepared(new Gradients(task), SyncSteps.gradients(task, plans.traits()));
    }

    /** Whatever sets arguments and launches, by one thread at a time. */
    private void staged(Runnable work) {
        synchronized (arguments) {
            try {
                arguments.clear(0);
                work.run();
            } finally {
                staging.end();
            }
        }
    }

    private void launch(PreparedPlan plan) {
        staging.gather();
        launcher.launch(plan, arguments);
        staging.scatter();
        staging.enqueued();
    }

    @Override
    public void prepare(Task task) {
        plans.makeRoom();
        session.use(() -> {
            if (task.pass() == Task.Pass.BACKWARD) {
                gradients(task);
            } else if (task.moved() > 0) {
                moves(new Moves(task.moved(), task.storage().statistics(), task.finiteOnly()));
            }
        });
    }
}
