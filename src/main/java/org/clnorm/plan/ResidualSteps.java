package org.clnorm.plan;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.clnorm.tensor.DataType;

/**
 * The launches of {@code common/residual.cl}, around those of a variant whose kernels do not know of residuals. What is
 * normalized is summed up before; what is added to y or dx is added after, unless that would round 16 bits twice.
 */
final class ResidualSteps {
    /** Build option: a kernel keeps the bits that a backward pass needs where it stores y. */
    static final String KEEPS_SIGNS = "KEEPS_SIGNS";
    private static final String PROGRAM = "common/residual";
    private static final String CPU_PROGRAM = "cpu/residual";
    private static final long GPU_WORK_GROUP = 256;
    private static final long GPU_STRETCH = 1 << 12;
    /** Elements a work-item of a CPU walks: long enough to be worth a work-item, short enough to share out evenly. */
    private static final long CPU_STRETCH = 1 << 14;

    private final Task task;
    private final Traits traits;

    private ResidualSteps(Task task, Traits traits) {
        this.task = task;
        this.traits = traits;
    }

    /** How a variant does a task with a residual; empty if it does not. */
    static Optional<NormPlan> around(Variant variant, Task task, Traits traits) {
        ResidualSteps steps = new ResidualSteps(task, traits);
        return task.forward() ? steps.forward(variant) : steps.backward(variant);
    }

    private Optional<NormPlan> forward(Variant variant) {
        if (task.form().join() == Join.AFTER) {
            return task.keptSigns() == 0 ? after(variant, task) : signed(variant);
        }
        return variant.does(task) ? StatisticsSteps.plan(variant, task, traits)
                : alone(variant, task.form().join(Join.NONE)).map(
                        plan -> apart(plan, each("add_before"), null, 2));
    }

    /** By the variant's own kernels, or last. */
    private Optional<NormPlan> signed(Variant variant) {
        Optional<NormPlan> own = after(variant, task);
        return own.filter(ResidualSteps::keepsSigns).or(() -> after(variant, task.still()).map(plan -> with(plan, null,
                keepSigns())));
    }

    private static boolean keepsSigns(NormPlan plan) {
        return plan.steps().stream().anyMatch(step -> step.options().containsKey(KEEPS_SIGNS));
    }

    private Optional<NormPlan> after(Variant variant, Task whole) {
        if (variant.does(whole)) {
            return variant.plan(whole, traits);
        }
        Form form = task.form().join(Join.NONE).activation(Activation.NONE);
        return rounds() ? Optional.empty() : alone(variant, form).map(plan -> apart(plan, null, each("add_after"), 1));
    }

    private Optional<NormPlan> backward(Variant variant) {
        if (task.form().join() == Join.AFTER) {
            return gated(variant);
        }
        Form form = task.form().join(Join.NONE);
        if (variant.does(task)) {
            return variant.plan(task, traits);
        }
        return task.dx() && rounds() ? Optional.empty()
                : alone(variant, form).map(plan -> task.dx() ? apart(plan, null, each("add_gradient"), 1) : plan);
    }

    private Optional<NormPlan> gated(Variant variant) {
        Form form = task.form().join(Join.NONE).activation(Activation.NONE);
        Optional<NormPlan> own = variant.does(task) ? variant.plan(task, traits) : Optional.empty();
        return own.or(() -> alone(variant, form).map(plan -> with(plan, each("gate"), null)));
    }

    /** Whether what is written and read again loses digits. */
    private boolean rounds() {
        return task.storage().bytes() < Float.BYTES;
    }

    /** The plan without a residual; running statistics move last, so not within it. */
    private Optional<NormPlan> alone(Variant variant, Form form) {
        Task inner = task.as(form, task.bias()).still();
        return StatisticsSteps.plan(variant, inner, traits);
    }

    private NormPlan apart(NormPlan plan, Step before, Step after, long tensors) {
        NormPlan whole = with(plan, before, after);
        return new NormPlan(whole.variant(), whole.reason() + "; the residual in a launch of its own", whole.steps(),
                whole.scratch(), whole.minimumBytes() + task.bytes(tensors));
    }

    private static NormPlan with(NormPlan plan, Step before, Step after) {
        List<Step> steps = new ArrayList<>(plan.steps());
        if (before != null) {
            steps.add(0, before);
        }
        if (after != null) {
            steps.add(after);
        }
        return new NormPlan(plan.variant(), plan.reason(), steps, plan.scratch(), plan.minimumBytes());
    }

    private Step each(String kernel) {
        return inVectors() ? vectors(kernel) : each(kernel, task.view().elements(), Map.of());
    }

    private Step keepSigns() {
        return inVectors() ? vectors("keep_signs")
                : each("keep_signs", task.keptSigns(), Map.of("values", task.view().elements()));
    }

    private Step each(String kernel, long items, Map<String, Long> more) {
        boolean gpu = traits.kernels() == KernelSet.GPU;
        long workGroup = gpu ? Math.min(GPU_WORK_GROUP, traits.maxWorkGroup()) : 1;
        long stretch = gpu ? GPU_STRETCH : CPU_STRETCH;
        Map<String, Long> scalars = new HashMap<>(more);
        scalars.put("elements", items);
        scalars.put("stretch", stretch);
        Map<String, Integer> options = new HashMap<>(task.form().options());
        options.put("WORK_GROUP", (int) workGroup);
        return new Step(PROGRAM, kernel, options, (items + stretch - 1) / stretch, workGroup, scalars);
    }

    /** Whether a CPU's vectors do it; they have no doubles. */
    private boolean inVectors() {
        return traits.kernels() == KernelSet.CPU && task.storage() != DataType.F64;
    }

    private Step vectors(String kernel) {
        long elements = task.view().elements();
        return CpuWork.step(CPU_PROGRAM, kernel, CpuWork.options(task, traits, elements),
                CpuWork.ceil(elements, CPU_STRETCH), Map.of("elements", elements, "stretch", CPU_STRETCH));
    }
}
