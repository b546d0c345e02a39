package org.clnorm.engine.opencl;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.clnorm.engine.Tunable;
import org.clnorm.plan.NormPlan;
import org.clnorm.plan.Planner;
import org.clnorm.plan.StatisticsSteps;
import org.clnorm.plan.Step;
import org.clnorm.plan.Task;
import org.clnorm.plan.Traits;
import org.clnorm.plan.Tuning;
import org.clnorm.tensor.Cleanup;
import org.clnorm.tensor.DataType;
import org.jocl.cl_kernel;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Plans each task once: picks the variant, compiles its kernels, looks up its arguments. Thread-safe. Plans that were
 * not used for long make room for others, while nobody uses the device, so that a plan is safe to use within {@link
 * ClSession#use}.
 */
final class PlanCache implements Tunable {
    /**
     * How many plans are kept: more than the largest networks have shapes, twice over. A plan holds a few kernel
     * objects, a few kilobytes each.
     */
    static final int MOST_PLANS = 1024;
    /** How many stay when there are too many, so that making room is rare. */
    static final int KEPT_PLANS = MOST_PLANS * 3 / 4;

    private static final Logger LOG = LoggerFactory.getLogger(PlanCache.class);

    /** A tuning, and the plans made by it: by task, or by whatever else asked for a plan of its own. */
    private record Choices(Tuning tuning, Map<Object, PreparedPlan> plans) {
        Choices(Tuning tuning) {
            this(tuning, new ConcurrentHashMap<>());
        }
    }

    /** What {@link #givenAlone} is remembered by. */
    private record Given(long groups, DataType storage) {
    }

    private final ClSession session;
    private final ProgramCache programs;
    private final Traits traits;
    private final String variant;
    private final Map<Tuning, Choices> seen = new ConcurrentHashMap<>();
    private volatile Choices choices;
    private volatile boolean crowded;

    PlanCache(ClSession session, ProgramCache programs, Traits traits, String variant, Tuning tuning) {
        this.session = session;
        this.programs = programs;
        this.traits = traits;
        this.variant = variant;
        tune(tuning);
    }

    @Override
    public void tune(Tuning tuning) {
        choices = seen.computeIfAbsent(tuning, Choices::new);
    }

    @Override
    public Traits traits() {
        return traits;
    }

    NormPlan plan(Task task) {
        return Planner.plan(task, traits, variant, choices.tuning());
    }

    /** The plan of a task; to be used within the same {@link ClSession#use}. */
    PreparedPlan prepared(Task task) {
        PreparedPlan known = choices.plans().get(task);
        if (known != null) {
            return known;
        }
        NormPlan plan = plan(task);
        Task apart = task.inPlace(false);
        if (task.inPlace() && plan.sameLaunches(plan(apart))) {
            PreparedPlan shared = prepared(apart);
            choices.plans().put(task, shared);
            return shared;
        }
        return prepared(task, () -> {
            List<Step> steps = StatisticsSteps.around(task, plan, traits);
            LOG.debug("{}: {}, {} launches", task, plan.variant(), steps.size());
            return prepare(plan, task.view().groups(), steps);
        });
    }

    /** What makes running statistics those of a forward pass, without the pass. */
    PreparedPlan givenAlone(Task task) {
        Given key = new Given(task.view().groups(), task.storage().statistics());
        PreparedPlan known = choices.plans().get(key);
        return known != null ? known : prepared(key, () -> {
            List<Step> steps = List.of(StatisticsSteps.given(key.groups(), key.storage(), traits));
            return prepare(new NormPlan("given", "statistics alone", steps, Map.of(), 0), key.groups(), steps);
        });
    }

    /** The plan of something that is no task. */
    PreparedPlan prepared(Object key, NormPlan plan) {
        PreparedPlan known = choices.plans().get(key);
        return known != null ? known : prepared(key, () -> prepare(plan, 0, plan.steps()));
    }

    private PreparedPlan prepared(Object key, Supplier<PreparedPlan> maker) {
        PreparedPlan plan = choices.plans().computeIfAbsent(key, wanted -> maker.get());
        crowded = size() > MOST_PLANS;
        return plan;
    }

    /** Lets go of the plans that were not used for longest, where there are too many; not within a use. */
    void makeRoom() {
        if (crowded) {
            session.useAlone(() -> {
                crowded = false;
                Cleanup cleanup = new Cleanup();
                plans().sorted(Comparator.comparingLong(PreparedPlan::lastUse)).limit(size() - KEPT_PLANS).toList()
                        .forEach(plan -> forget(plan, cleanup));
                cleanup.run();
                return null;
            });
        }
    }

    /** Each once, though tasks may share one. */
    private Stream<PreparedPlan> plans() {
        return seen.values().stream().flatMap(made -> made.plans().values().stream()).distinct();
    }

    int size() {
        return (int) plans().count();
    }

    private void forget(PreparedPlan plan, Cleanup cleanup) {
        seen.values().forEach(made -> made.plans().values().removeIf(other -> other == plan));
        release(plan, cleanup);
    }

    private void release(PreparedPlan plan, Cleanup cleanup) {
        for (PreparedPlan.Launch launch : plan.launches()) {
            cleanup.add(() -> session.cl().release(launch.kernel().kernel()));
        }
    }

    /** Frees the kernels. */
    void close() {
        Cleanup cleanup = new Cleanup();
        plans().forEach(plan -> release(plan, cleanup));
        seen.clear();
        cleanup.run();
    }

    private PreparedPlan prepare(NormPlan plan, long groups, List<Step> steps) {
        List<String> names = List.copyOf(plan.scratch().keySet());
        Map<String, Integer> scratch = new HashMap<>();
        for (int i = 0; i < names.size(); i++) {
            scratch.put(names.get(i), Arguments.scratchSlot(i));
        }
        List<PreparedPlan.Launch> launches = new ArrayList<>();
        try {
            for (Step step : steps) {
                launches.add(launch(step, scratch));
            }
        } catch (RuntimeException failed) {
            launches.forEach(launch -> Cleanup.after(failed, () -> session.cl().release(launch.kernel().kernel())));
            throw failed;
        }
        return new PreparedPlan(groups, launches, names.stream().mapToLong(plan.scratch()::get).toArray());
    }

    private PreparedPlan.Launch launch(Step step, Map<String, Integer> scratch) {
        List<KernelSignature.Parameter> parameters = programs.signature(step).parameters();
        int[] slots = new int[parameters.size()];
        BoundKernel.Kind[] kinds = new BoundKernel.Kind[slots.length];
        long[] numbers = new long[slots.length];
        for (int i = 0; i < slots.length; i++) {
            KernelSignature.Parameter parameter = parameters.get(i);
            kinds[i] = kind(step, parameter.type());
            switch (kinds[i]) {
                case FOR_GOOD -> numbers[i] = number(step, parameter.name());
                case BUFFER -> slots[i] = bufferSlot(step, parameter.name(), scratch);
                default -> slots[i] = wordSlot(step, parameter);
            }
        }
        return new PreparedPlan.Launch(bound(step, slots, kinds, numbers),
                new long[] {step.groups() * step.workGroup()}, new long[] {step.workGroup()});
    }

    private static BoundKernel.Kind kind(Step step, KernelSignature.Type type) {
        return switch (type) {
            case LONG -> BoundKernel.Kind.FOR_GOOD;
            case BUFFER -> BoundKernel.Kind.BUFFER;
            case REAL -> step.inDouble() ? BoundKernel.Kind.DOUBLE : BoundKernel.Kind.WORD;
            default -> BoundKernel.Kind.WORD;
        };
    }

    private BoundKernel bound(Step step, int[] slots, BoundKernel.Kind[] kinds, long[] numbers) {
        cl_kernel kernel = programs.kernel(step);
        try {
            return new BoundKernel(session.cl(), kernel, step.program() + ":" + step.kernel(), slots, kinds, numbers);
        } catch (RuntimeException failed) {
            Cleanup.after(failed, () -> session.cl().release(kernel));
            throw failed;
        }
    }

    private static long number(Step step, String name) {
        Long value = step.scalars().get(name);
        if (value == null) {
            throw unbound(step, "long " + name, step.scalars().keySet().toString());
        }
        return value;
    }

    private static int bufferSlot(Step step, String name, Map<String, Integer> scratch) {
        Integer slot = scratch.get(name);
        if (slot != null) {
            return slot;
        }
        return Arguments.Buffer.named(name).orElseThrow(() -> unbound(step, "buffer " + name,
                "the tensors of a call and scratch " + scratch.keySet())).ordinal();
    }

    private static int wordSlot(Step step, KernelSignature.Parameter parameter) {
        return Arguments.Word.named(parameter.name()).filter(word -> word.takes(parameter.type())).orElseThrow(
                () -> unbound(step, parameter.type() + " " + parameter.name(), "the numbers of a call")).ordinal();
    }

    private static IllegalStateException unbound(Step step, String parameter, String offered) {
        return new IllegalStateException("expected parameters of " + step.program() + ":" + step.kernel()
                + " to be found in " + offered + ", got " + parameter);
    }
}
