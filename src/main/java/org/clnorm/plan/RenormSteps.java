package org.clnorm.plan;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Batch renormalization as passes that know nothing of it, with the launches of {@code common/renorm.cl} between:
 * forward statistics alone, then y of a weight and a bias that stand in scratch memory for the layer's; backward the
 * gradients of these, then the layer's.
 */
final class RenormSteps {
    private static final String PROGRAM = "common/renorm";

    private final Variant variant;
    private final Task task;
    private final Traits traits;

    private RenormSteps(Variant variant, Task task, Traits traits) {
        this.variant = variant;
        this.task = task;
        this.traits = traits;
    }

    /** How a variant does a task of such statistics; empty if it does not. */
    static Optional<NormPlan> around(Variant variant, Task task, Traits traits) {
        RenormSteps steps = new RenormSteps(variant, task, traits);
        return task.pass() == Task.Pass.FORWARD ? steps.forward() : steps.backward();
    }

    private Optional<NormPlan> forward() {
        if (!variant.measures()) {
            return Optional.empty();
        }
        Task whole = task.renormalizedWithin();
        return Planner.attempt(variant, whole.statisticsAlone(), traits).flatMap(
                statistics -> Planner.attempt(variant, whole.saved(true), traits).map(y -> {
                    Map<String, Long> scratch = scratch(y, "weight", "bias");
                    statistics.scratch().forEach((name, floats) -> scratch.merge(name, floats, Math::max));
                    List<Step> steps = new ArrayList<>(statistics.steps());
                    steps.add(perChannel("renormalize"));
                    steps.addAll(y.steps());
                    return plan(y, steps, scratch);
                }));
    }

    private Optional<NormPlan> backward() {
        return Planner.attempt(variant, task.renormalizedWithin(), traits).map(within -> {
            List<Step> steps = new ArrayList<>();
            steps.add(perChannel("renormalized_affine"));
            steps.addAll(within.steps());
            if (task.parameters()) {
                steps.add(perChannel("renormalized_gradients"));
            }
            return plan(within, steps, scratch(within, "weight", "bias", "dweight", "dbias"));
        });
    }

    private Map<String, Long> scratch(NormPlan plan, String... more) {
        Map<String, Long> scratch = new HashMap<>(plan.scratch());
        for (String name : more) {
            scratch.put(name, task.view().groups() * task.storage().statistics().bytes() / Float.BYTES);
        }
        return scratch;
    }

    private Step perChannel(String kernel) {
        Map<String, Integer> options = new HashMap<>(StorageOptions.of(task.storage().statistics(),
                task.parameterStorage()));
        options.put("HAS_WEIGHT", task.weight() ? 1 : 0);
        options.put("HAS_BIAS", task.bias() ? 1 : 0);
        if (task.form().weightPlus1()) {
            options.put("WEIGHT_PLUS_1", 1);
        }
        long groups = task.view().groups();
        return StatisticsSteps.perItem(PROGRAM, kernel, groups, traits, Map.of("groups", groups)).with(options);
    }

    private static NormPlan plan(NormPlan within, List<Step> steps, Map<String, Long> scratch) {
        return new NormPlan(within.variant(), within.reason() + "; renormalized", steps, scratch,
                within.minimumBytes());
    }
}
