package org.clnorm.cli;

import java.util.Optional;
import org.clnorm.engine.BackwardCall;
import org.clnorm.engine.Explanation;
import org.clnorm.engine.ForwardCall;
import org.clnorm.engine.NormEngine;
import org.clnorm.engine.SavedStatistics;
import org.clnorm.plan.NormPlan;
import org.clnorm.plan.Planner;
import org.clnorm.plan.Task;
import org.clnorm.plan.Traits;
import org.clnorm.plan.Tuning;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Storage;

/** A device on paper: has properties and makes plans, but holds and computes nothing. */
final class PaperDevice extends Device implements NormEngine {
    private final Traits traits;
    private final String forced;
    private boolean closed;

    /** Plans with a forced variant, or as a device would where the name is empty. */
    PaperDevice(Traits traits, String forced) {
        this.traits = traits;
        this.forced = forced;
    }

    /** The plan, or empty where a forced variant declines. */
    Optional<NormPlan> attempt(Task task) {
        return forced.isEmpty() ? Optional.of(plan(task)) : Planner.attempt(forced, task, traits);
    }

    private NormPlan plan(Task task) {
        return Planner.plan(task, traits, "", Tuning.NONE);
    }

    @Override
    public Explanation explain(Task task) {
        NormPlan plan = plan(task);
        return new Explanation(task, traits.kernels().label(), plan.variant(), plan.reason());
    }

    @Override
    public SavedStatistics forward(ForwardCall call) {
        throw computesNothing();
    }

    @Override
    public SavedStatistics forwardFrom(ForwardCall call, SavedStatistics saved) {
        throw computesNothing();
    }

    @Override
    public SavedStatistics given(ForwardCall call, SavedStatistics spent) {
        throw computesNothing();
    }

    @Override
    public void prepare(Task task, int passes) {
        throw computesNothing();
    }

    @Override
    public void backward(BackwardCall call) {
        throw computesNothing();
    }

    private static UnsupportedOperationException computesNothing() {
        return new UnsupportedOperationException("expected a device that computes, got one on paper");
    }

    @Override
    public String name() {
        return "paper";
    }

    @Override
    public String driver() {
        return "none";
    }

    @Override
    public boolean supports(DataType type) {
        return type != DataType.F64;
    }

    @Override
    public void finish() {
        checkOpen();
    }

    @Override
    protected Storage allocate(DataType type, long elements) {
        return new Nothing();
    }

    @Override
    protected void release() {
        closed = true;
    }

    @Override
    public boolean isClosed() {
        return closed;
    }

    /** Memory that takes whatever is written and has nothing to read. */
    private static final class Nothing extends Storage {
        @Override
        public void read(long from, double[] into, int offset, int length) {
            throw computesNothing();
        }

        @Override
        public void read(long from, float[] into, int offset, int length) {
            throw computesNothing();
        }

        @Override
        public void write(long to, double[] values, int offset, int length) {
        }

        @Override
        public void write(long to, float[] values, int offset, int length) {
        }

        @Override
        public void fill(double value) {
        }

        @Override
        protected void free() {
        }
    }
}
