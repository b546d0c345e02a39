package org.clnorm.engine.opencl;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.clnorm.engine.Tunable;
import org.clnorm.plan.NormPlan;
import org.clnorm.plan.Planner;
import org.clnorm.plan.StatisticsSteps;
import org.clnorm.plan.Step;
import org.clnorm.plan.Task;
import org.clnorm.plan.Traits;
import org.clnorm.plan.Tuning;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Plans each task once: picks the variant, compiles its kernels, looks up its arguments. Thread-safe. */
final class PlanCache implements Tunable {
    private static final Logger LOG = LoggerFactory.getLogger(PlanCache.class);

    /** A task, and how many running statistics are moved after it, 0 for none. */
    private record Key(Task task, long channels) {
    }

    /** A tuning, and the plans made by it. */
    private record Choices(Tuning tuning, Map<Key, PreparedPlan> plans) {
        Choices(Tuning tuning) {
            this(tuning, new ConcurrentHashMap<>());
        }
    }

    private final ProgramCache programs;
    private final Traits traits;
    private final String variant;
    private final Map<Tuning, Choices> seen = new ConcurrentHashMap<>();
    private volatile Choices choices;

    PlanCache(ProgramCache programs, Traits traits, String variant, Tuning tuning) {
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

    PreparedPlan prepared(Task task, long channels) {
        Key key = new Key(task, channels);
        Map<Key, PreparedPlan> plans = choices.plans();
        PreparedPlan known = plans.get(key);
        return known != null ? known : plans.computeIfAbsent(key, this::prepare);
    }

    private PreparedPlan prepare(Key key) {
        NormPlan plan = plan(key.task());
        LOG.debug("{}: {}, {} launches", key.task(), plan.variant(), plan.steps().size());
        return prepared(plan, steps(key, plan));
    }

    /** Compiles the kernels of a plan and looks up their arguments; remembers nothing. */
    PreparedPlan prepared(NormPlan plan, List<Step> steps) {
        List<String> names = List.copyOf(plan.scratch().keySet());
        Map<String, Integer> scratch = new HashMap<>();
        for (int i = 0; i < names.size(); i++) {
            scratch.put(names.get(i), Arguments.scratchSlot(i));
        }
        List<PreparedPlan.Launch> launches = new ArrayList<>();
        for (Step step : steps) {
            launches.add(launch(step, scratch));
        }
        return new PreparedPlan(plan, List.copyOf(launches), names.stream().mapToLong(plan.scratch()::get).toArray());
    }

    /** What changes a layer's state comes last, so that a failure before has changed none of it. */
    private List<Step> steps(Key key, NormPlan plan) {
        List<Step> steps = new ArrayList<>();
        long groups = key.task().view().groups();
        boolean forward = key.task().pass() == Task.Pass.FORWARD;
        if (forward && key.task().statistics() == Task.Statistics.GIVEN) {
            steps.add(StatisticsSteps.given(groups, traits));
        }
        steps.addAll(plan.steps());
        if (key.channels() > 0) {
            steps.add(StatisticsSteps.runningUpdate(groups / key.channels(), key.channels(), traits));
        }
        return steps;
    }

    private PreparedPlan.Launch launch(Step step, Map<String, Integer> scratch) {
        BoundKernel kernel = programs.kernel(step);
        List<KernelSignature.Parameter> parameters = kernel.signature().parameters();
        int[] slots = new int[parameters.size()];
        long[] longs = new long[parameters.size()];
        for (int i = 0; i < slots.length; i++) {
            KernelSignature.Parameter parameter = parameters.get(i);
            switch (parameter.type()) {
                case LONG -> longs[i] = number(step, parameter.name());
                case BUFFER -> slots[i] = bufferSlot(step, parameter.name(), scratch);
                default -> slots[i] = wordSlot(step, parameter);
            }
        }
        return new PreparedPlan.Launch(kernel, slots, longs, new long[] {step.groups() * step.workGroup()},
                new long[] {step.workGroup()});
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
        return Arguments.Word.named(parameter.name()).filter(word -> word.type == parameter.type()).orElseThrow(
                () -> unbound(step, parameter.type() + " " + parameter.name(), "the numbers of a call")).ordinal();
    }

    private static IllegalStateException unbound(Step step, String parameter, String offered) {
        return new IllegalStateException("expected parameters of " + step.program() + ":" + step.kernel()
                + " to be found in " + offered + ", got " + parameter);
    }
}
