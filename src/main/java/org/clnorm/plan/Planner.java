package org.clnorm.plan;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.clnorm.tensor.DataType;

/** Picks the variant for a task: the first of one ordered list that serves the device's kernel set and accepts. */
public final class Planner {
    /** In order of preference; the plain one accepts everything. What follows it runs only when named, or tuned. */
    private static final List<Variant> VARIANTS = List.of(
            new CpuRowsVariant(),
            new CpuColumnsVariant(),
            new CpuPlanesVariant(),
            new CpuPaddedVariant(),
            new GpuRowsVariant(),
            new GpuColumnsVariant(),
            new GpuPlanesVariant(),
            new PlainVariant(),
            new GpuTicketedVariant(),
            new BitwiseVariant());

    private static final String GPU_PROGRAMS = "gpu/";

    private Planner() {
    }

    /**
     * The variants there are.
     *
     * @return their names, in order of preference
     */
    public static List<String> variants() {
        return VARIANTS.stream().map(Variant::name).toList();
    }

    /**
     * The kernel set that a variant belongs to.
     *
     * @param variant the name of a variant
     * @return its kernel set, or empty if it serves both
     * @throws IllegalArgumentException if there is no such variant
     */
    public static Optional<KernelSet> kernelsOf(String variant) {
        return Optional.ofNullable(named(variant).kernels());
    }

    /**
     * As below, with nothing measured.
     *
     * @param task   what is to be done
     * @param traits the device
     * @param forced the name of the only variant to try, or empty for the first that accepts
     * @return the plan
     * @throws IllegalArgumentException if there is no such variant, or none that accepts the task
     */
    public static NormPlan plan(Task task, Traits traits, String forced) {
        return plan(task, traits, forced, Tuning.NONE);
    }

    /**
     * Plans a task; the same arguments always give the same plan. A forced variant comes before a tuned choice, and a
     * tuned choice before the list.
     *
     * @param task   what is to be done
     * @param traits the device
     * @param forced the name of the only variant to try, or empty for the first that accepts
     * @param tuning what was measured on this device, or {@link Tuning#NONE}
     * @return the plan
     * @throws IllegalArgumentException if there is no such variant, or none that accepts the task
     */
    public static NormPlan plan(Task task, Traits traits, String forced, Tuning tuning) {
        if (!forced.isEmpty()) {
            return only(forced, task, traits);
        }
        Optional<Choice> choice = tuning.choice(task);
        if (choice.isPresent()) {
            NormPlan plan = only(choice.get().variant(), task, choice.get().apply(traits));
            return plan.because(plan.reason() + "; tuned: " + choice.get());
        }
        for (Variant variant : VARIANTS) {
            if (serves(variant, traits)) {
                Optional<NormPlan> plan = attempt(variant, task, traits);
                if (plan.isPresent()) {
                    return plan.get();
                }
            }
        }
        throw new IllegalArgumentException("expected a task that one of " + variants() + " does, got " + task);
    }

    /** The plan of one variant, or an error if it declines. */
    static NormPlan only(String variant, Task task, Traits traits) {
        return attempt(variant, task, traits).orElseThrow(() -> new IllegalArgumentException(
                "expected a task that the variant " + variant + " does, got " + task));
    }

    /**
     * The plan of one variant.
     *
     * @param variant the name of a variant
     * @param task    what is to be done
     * @param traits  the device
     * @return its plan, or empty if it declines the task
     * @throws IllegalArgumentException if there is no such variant
     */
    public static Optional<NormPlan> attempt(String variant, Task task, Traits traits) {
        return attempt(named(variant), task, traits);
    }

    /** The same of a variant. */
    static Optional<NormPlan> attempt(Variant variant, Task task, Traits traits) {
        return task.statistics() == Task.Statistics.RENORMALIZED ? RenormSteps.around(variant, task, traits)
                : plan(variant, task, traits).map(plan -> told(plan, task, traits));
    }

    private static Optional<NormPlan> plan(Variant variant, Task task, Traits traits) {
        if (task.storage() == DataType.F64 && !variant.inDouble()) {
            return Optional.empty();
        }
        if (task.padding().exists()) {
            return variant.pads() && variant.does(task) ? variant.plan(task, traits) : Optional.empty();
        }
        if (task.form().join() != Join.NONE) {
            return variant.joins() ? ResidualSteps.around(variant, task, traits) : Optional.empty();
        }
        return StatisticsSteps.plan(variant, task, traits);
    }

    private static boolean serves(Variant variant, Traits traits) {
        return variant.kernels() == null || variant.kernels() == traits.kernels();
    }

    /**
     * Tells every kernel how tensors and parameters are stored, see {@code common/storage.cl}, and those of the GPU set
     * how work-items meet, see {@code gpu/reduce.cl}.
     */
    private static NormPlan told(NormPlan chosen, Task task, Traits traits) {
        NormPlan plan = task.inPlace() ? InPlace.of(chosen, task, traits) : chosen;
        Map<String, Integer> types = StorageOptions.of(task.storage(), task.parameterStorage());
        Map<String, Integer> meeting = traits.reduction() == Reduction.LOCAL_MEMORY ? Map.of()
                : Map.of("REDUCE", traits.reduction().option());
        return new NormPlan(plan.variant(), plan.reason(), plan.steps().stream().map(
                step -> step.with(types).with(step.program().startsWith(GPU_PROGRAMS) ? meeting : Map.of())).toList(),
                plan.scratch(), plan.minimumBytes());
    }

    private static Variant named(String name) {
        return VARIANTS.stream().filter(variant -> variant.name().equals(name)).findFirst().orElseThrow(
                () -> new IllegalArgumentException("expected a variant of " + variants() + ", got '" + name + "'"));
    }
}
