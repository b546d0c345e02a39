package org.clnorm.plan;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.clnorm.tensor.DataType;

/**
 * The launches of {@code common/statistics.cl}, which are the same for every variant: one work-item a result. Those for
 * running statistics are left out where a variant's kernels do the same, see {@code common/tracked.cl}.
 */
public final class StatisticsSteps {
    private static final String PROGRAM = "common/statistics";
    private static final long CPU_WORK_GROUP = 16;
    private static final long GPU_WORK_GROUP = 64;

    /** Build option: a kernel makes given statistics of the running ones itself. */
    private static final String TAKES_RUNNING = "TAKES_RUNNING";
    /** Build option: a plan's last kernel moves running statistics, a pair a group. */
    private static final String MOVES_RUNNING = "MOVES_RUNNING";
    /** Build option: running statistics that would no longer be finite stay as they are. */
    private static final String FINITE_ONLY = "FINITE_ONLY";

    private StatisticsSteps() {
    }

    /**
     * Tells kernels that can, in a plan's last launch, what to do about running statistics. A variant calls this or
     * leaves it; {@link #around} adds what is left.
     */
    static void fold(Map<String, Integer> options, Task task) {
        if (task.pass() == Task.Pass.STATISTICS) {
            options.put("WANT_Y", 0);
            return;
        }
        if (takes(task)) {
            options.put(TAKES_RUNNING, 1);
        }
        if (task.moved() > 0 && task.moved() == task.view().groups()) {
            options.put(MOVES_RUNNING, 1);
            if (task.finiteOnly()) {
                options.put(FINITE_ONLY, 1);
            }
        }
    }

    /**
     * All launches of a pass: a plan's, and around them those for running statistics that its kernels leave to others.
     * What changes a layer's state comes last, so that a failure before has changed none of it.
     *
     * @param task   what is done
     * @param plan   how
     * @param traits the device
     * @return the launches, in order
     */
    public static List<Step> around(Task task, NormPlan plan, Traits traits) {
        List<Step> steps = new ArrayList<>();
        long groups = task.view().groups();
        if (takes(task) && !has(plan, TAKES_RUNNING)) {
            steps.add(given(groups, task.storage(), traits));
        }
        steps.addAll(plan.steps());
        if (task.moved() > 0 && !has(plan, MOVES_RUNNING)) {
            steps.add(moving(groups / task.moved(), task.moved(), task.storage(), task.finiteOnly(), traits));
        }
        return steps;
    }

    /**
     * Moves running statistics by those of a forward pass.
     *
     * @param samples    how many groups a channel has
     * @param channels   pairs of running statistics
     * @param storage    the type of x
     * @param finiteOnly whether pairs stay as they are that would no longer be finite
     * @param traits     the device
     * @return the launch of {@code running_update}
     */
    public static Step moving(long samples, long channels, DataType storage, boolean finiteOnly, Traits traits) {
        Step update = perItem(PROGRAM, "running_update", channels, traits,
                Map.of("samples", samples, "channels", channels)).with(types(storage));
        return finiteOnly ? update.with(Map.of(FINITE_ONLY, 1)) : update;
    }

    /**
     * How a variant does a task without residuals. Statistics alone, where its kernels make y as well, take memory for
     * a y that nobody reads.
     */
    static Optional<NormPlan> plan(Variant variant, Task task, Traits traits) {
        if (task.pass() != Task.Pass.STATISTICS || variant.measures()) {
            return variant.does(task) ? variant.plan(task, traits) : Optional.empty();
        }
        Task whole = task.whole();
        return variant.does(whole) ? variant.plan(whole, traits).map(plan -> withoutY(plan, task)) : Optional.empty();
    }

    private static NormPlan withoutY(NormPlan plan, Task task) {
        Map<String, Long> scratch = new HashMap<>(plan.scratch());
        scratch.put("y", (task.bytes(1) + Float.BYTES - 1) / Float.BYTES);
        return new NormPlan(plan.variant(), plan.reason() + "; y is made as well", plan.steps(), scratch,
                task.bytes(1));
    }

    private static boolean takes(Task task) {
        return task.pass() == Task.Pass.FORWARD && task.statistics() == Task.Statistics.GIVEN;
    }

    private static boolean has(NormPlan plan, String option) {
        return plan.steps().stream().anyMatch(step -> step.options().containsKey(option));
    }

    /**
     * Turns running statistics into those of a forward pass, one pair a group.
     *
     * @param groups  the number of groups
     * @param storage the type of x
     * @param traits  the device
     * @return the launch of {@code given_statistics}
     */
    public static Step given(long groups, DataType storage, Traits traits) {
        return perItem(PROGRAM, "given_statistics", groups, traits, Map.of("groups", groups)).with(types(storage));
    }

    /** Statistics are double where x is, float elsewhere. */
    private static Map<String, Integer> types(DataType storage) {
        return StorageOptions.of(storage.statistics(), DataType.F32);
    }

    /**
     * Adds up the parameter gradients; the last step of a backward plan that has any.
     *
     * @param blocks     how many partial sums a parameter has
     * @param parameters the number of parameters
     * @param traits     the device
     * @return the launch of {@code sum_partials}, which reads {@code partials[2][blocks][parameters]}
     */
    public static Step sumPartials(long blocks, long parameters, Traits traits) {
        return perItem(PROGRAM, "sum_partials", parameters, traits, Map.of("blocks", blocks, "parameters", parameters));
    }

    /** A launch with a work-item a result. */
    static Step perItem(String program, String kernel, long items, Traits traits, Map<String, Long> scalars) {
        long preferred = traits.kernels() == KernelSet.GPU ? GPU_WORK_GROUP : CPU_WORK_GROUP;
        long workGroup = Math.min(preferred, traits.maxWorkGroup());
        long groups = (items + workGroup - 1) / workGroup;
        return new Step(program, kernel, Map.of(), groups, workGroup, scalars);
    }
}
