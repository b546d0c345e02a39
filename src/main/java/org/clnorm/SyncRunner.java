package org.clnorm;

import org.clnorm.engine.BackwardCall;
import org.clnorm.engine.Explanation;
import org.clnorm.engine.ForwardCall;
import org.clnorm.engine.NormEngine;
import org.clnorm.engine.RunningUpdate;
import org.clnorm.engine.SavedStatistics;
import org.clnorm.engine.SyncEngine;
import org.clnorm.engine.SyncSums;
import org.clnorm.plan.Join;
import org.clnorm.plan.NormView;
import org.clnorm.plan.Task;
import org.clnorm.sync.Collective;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Shape;
import org.clnorm.tensor.Tensor;

/**
 * Passes of batch normalization over the batches of all ranks as if they were one. A forward pass is that of statistics
 * alone, one message, and one over the statistics of all; a backward pass is sums, one message, and what is made of
 * sums. Whatever changes a layer comes after the message.
 */
final class SyncRunner implements PassRunner {
    /** Statistics of all ranks, and of how many values a channel. */
    private record Saved(SavedStatistics of, double count) implements SavedStatistics {
        @Override
        public void close() {
            of.close();
        }
    }

    private final NormView view;
    private final int channels;
    private final Collective collective;
    private final VarianceEstimate estimate;
    private final boolean averages;
    private Task sums;

    /**
     * Runs passes over inputs of one shape.
     *
     * @param view       the axes, with parameters; a group is a channel
     * @param channels   how many there are
     * @param collective the ranks
     * @param estimate   which variance enters running statistics
     * @param averages   whether the parameters get the average of all ranks' gradients
     */
    SyncRunner(NormView view, long channels, Collective collective, VarianceEstimate estimate, boolean averages) {
        this.view = view;
        this.channels = Math.toIntExact(channels);
        this.collective = collective;
        this.estimate = estimate;
        this.averages = averages;
    }

    @Override
    public SavedStatistics forward(ForwardCall call, SavedStatistics spent) {
        checkPlain(call.task());
        SyncEngine engine = SyncEngine.of(call.y().device());
        RankMoments mine = new RankMoments(call.x().size() / channels, new double[channels], new double[channels]);
        SavedStatistics own = spent instanceof Saved former ? former.of() : null;
        if (call.x().size() > 0) {
            own = measured(call, own, engine, mine);
        }
        RankMoments all = RankMoments.merged(collective.allGather(mine.message()), channels);
        if (all.count() == 1) {
            throw new IllegalArgumentException("expected more than 1 value per channel when training, got 1 value on "
                    + collective.size() + " ranks together");
        }
        return all.count() == 0 ? null : normalized(call, all, own, engine);
    }

    /** Throws unless nothing stands around the normalization: sums over ranks know of nothing else. */
    private static void checkPlain(Task task) {
        if (task.form().join() != Join.NONE || task.padding().exists()) {
            throw new IllegalArgumentException("expected synchronized batch normalization by itself when training, got"
                    + (task.padding().exists() ? " lengths" : " a residual"));
        }
    }

    /** Finds this rank's own statistics; returns the object they were in, spent. */
    private static SavedStatistics measured(ForwardCall call, SavedStatistics spent, SyncEngine engine,
            RankMoments mine) {
        ForwardCall alone = new ForwardCall(call.task().statisticsAlone(), call.x(), null, null, null, call.eps(),
                call.zeroRstd(), null, null, call.extras());
        try (SavedStatistics own = NormEngine.of(call.y().device()).forward(alone, spent)) {
            engine.read(own, mine.mean(), mine.variance());
            return own;
        }
    }

    /** Makes y of the statistics of all, and moves the running ones. */
    private SavedStatistics normalized(ForwardCall call, RankMoments all, SavedStatistics spent, SyncEngine engine) {
        SavedStatistics saved = engine.write(call, all.mean(), all.variance(), spent);
        try {
            if (call.x().size() > 0) {
                saved = NormEngine.of(call.y().device()).forwardFrom(new ForwardCall(call.task().saved(), call.x(),
                        call.y(), call.weight(), call.bias(), call.eps(), call.zeroRstd(), null, null, call.extras()),
                        saved);
            }
            RunningUpdate update = call.update();
            if (update != null) {
                engine.move(new RunningUpdate(update.target(), update.momentum(),
                        estimate.correction((long) all.count()), update.finiteOnly()), saved);
            }
            return new Saved(saved, all.count());
        } catch (RuntimeException failed) {
            saved.close();
            throw failed;
        }
    }

    @Override
    public void backward(BackwardCall call) {
        Saved saved = (Saved) call.saved();
        double[] own = new double[2 * channels];
        if (call.x().size() > 0) {
            sums(call, saved.of(), own);
        }
        double[] all = own.clone();
        if (call.dx() != null || averages) {
            collective.allReduce(all);
        }
        SyncEngine.of(call.dy().device()).gradients(new BackwardCall(call.task(), call.x(), call.dy(), call.dx(),
                call.weight(), call.bias(), call.dweight(), call.dbias(), call.accumulate(),
                saved == null ? null : saved.of(), call.extras()), shares(own, all, saved == null ? 1 : saved.count()));
    }

    /** Σ dy · x̂ and Σ dy of this rank, which are what the gradients of a weight and a bias of 1 and 0 are. */
    private void sums(BackwardCall call, SavedStatistics saved, double[] own) {
        Device device = call.dy().device();
        DataType type = call.x().type().statistics();
        try (Tensor dweight = device.unscoped(type, Shape.of(channels));
                Tensor dbias = device.unscoped(type, Shape.of(channels))) {
            NormEngine.of(device).backward(new BackwardCall(sumsTask(call.x().type()), call.x(), call.dy(), null, null,
                    null, dweight, dbias, false, saved, call.extras()));
            dweight.storage().read(0, own, 0, channels);
            dbias.storage().read(0, own, channels, channels);
        }
    }

    /** The same object while the type is. */
    private Task sumsTask(DataType type) {
        if (sums == null || sums.storage() != type) {
            sums = Task.backward(view, Task.Statistics.BATCH, false, false, true).in(type, type.statistics());
        }
        return sums;
    }

    private SyncSums shares(double[] own, double[] all, double count) {
        double[] given = averages ? all : own;
        double ranks = averages ? collective.size() : 1;
        return new SyncSums(part(given, 0, ranks), part(given, channels, ranks), part(all, channels, count),
                part(all, 0, count));
    }

    private double[] part(double[] values, int from, double divisor) {
        double[] part = new double[channels];
        for (int c = 0; c < channels; c++) {
            part[c] = values[from + c] / divisor;
        }
        return part;
    }

    @Override
    public void prepare(Device device, Task task, int passes) {
        NormEngine engine = NormEngine.of(device);
        if (task.pass() == Task.Pass.FORWARD) {
            checkPlain(task);
            engine.prepare(task.statisticsAlone(), passes);
            engine.prepare(task.saved(), passes);
        } else {
            engine.prepare(sumsTask(task.storage()), passes);
        }
        SyncEngine.of(device).prepare(task);
    }

    @Override
    public Explanation explain(Device device, Task task, Tensor x) {
        return NormEngine.of(device).explain(task.pass() == Task.Pass.FORWARD ? task.saved()
                : sumsTask(task.storage()), x);
    }
}
