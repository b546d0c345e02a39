package org.clnorm.plan;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.clnorm.tensor.DeviceRequest;

/** The plans among which tuning chooses. */
public final class Candidates {
    private final Task task;
    private final Traits traits;
    private final Map<Choice, NormPlan> found = new LinkedHashMap<>();

    private Candidates(Task task, Traits traits) {
        this.task = task;
        this.traits = traits;
    }

    /**
     * Every plan that one change from a choice leads to: the choice itself first, then other variants, then other
     * values of single thresholds; without those that come to the same launches.
     *
     * @param task   what is to be done
     * @param traits the device
     * @param from   where to start
     * @return choices and their plans, in a fixed order
     */
    public static Map<Choice, NormPlan> around(Task task, Traits traits, Choice from) {
        Candidates candidates = new Candidates(task, traits);
        candidates.consider(from);
        for (String variant : Planner.variants()) {
            Optional<KernelSet> kernels = Planner.kernelsOf(variant);
            if (!variant.equals(DeviceRequest.BITWISE)
                    && (kernels.isEmpty() || kernels.get() == traits.kernels())) {
                candidates.consider(new Choice(variant, from.thresholds()));
            }
        }
        for (Threshold threshold : Threshold.values()) {
            for (long other : threshold.alternatives(from.apply(traits).threshold(threshold))) {
                candidates.consider(from.with(threshold, other));
            }
        }
        return candidates.found;
    }

    private void consider(Choice choice) {
        Optional<NormPlan> plan = Planner.attempt(choice.variant(), task, choice.apply(traits));
        if (plan.isPresent() && found.values().stream().noneMatch(plan.get()::sameLaunches)) {
            found.put(choice, plan.get());
        }
    }
}
