package org.clnorm.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.PropertyDefaults;
import net.jqwik.api.Provide;
import org.clnorm.tensor.DataType;

/** What is true of a plan, whatever the layer's shape, the device and the thresholds are; see {@link PlanCheck}. */
@PropertyDefaults(edgeCases = EdgeCasesMode.NONE) // each way to combine those of sizes would be one
class PlansPropertiesTest {
    private static final int MOST_UNITS = 1024;
    private static final long MOST_WORK_GROUP = 4096;
    /** OpenCL's least for full and embedded profiles is 32 KiB and 1 KiB. */
    private static final int LEAST_LOCAL = 1 << 10;
    private static final int MOST_LOCAL = 1 << 18;

    @Provide
    Arbitrary<Traits> devices() {
        return Combinators.combine(Arbitraries.of(KernelSet.class), Arbitraries.integers().between(1, MOST_UNITS),
                Arbitraries.longs().between(1, MOST_WORK_GROUP),
                Arbitraries.integers().between(LEAST_LOCAL, MOST_LOCAL), Arbitraries.of(4, 8, 16),
                Arbitraries.of(Reduction.class))
                .as((kernels, units, items, local, width, reduction) ->
                    new Traits(kernels, units, items, local, width).with(reduction));
    }

    @Provide
    Arbitrary<Task> tasks() {
        Arbitrary<Boolean> flag = Arbitraries.of(true, false);
        Arbitrary<Task.Statistics> statistics = Arbitraries.of(Task.Statistics.BATCH, Task.Statistics.GIVEN);
        Arbitrary<Task> forward = Combinators.combine(AnyViews.layers(), statistics, flag, flag).as(Task::forward);
        Arbitrary<Task> backward = Combinators.combine(AnyViews.layers(), statistics, flag, Arbitraries.of(1, 2, 3))
                .as((view, source, weight, wanted) -> Task.backward(view, source, weight, wanted > 1, wanted % 2 == 1));
        return Combinators.combine(Arbitraries.oneOf(forward, backward),
                Arbitraries.of(DataType.F32, DataType.F16, DataType.BF16),
                Arbitraries.of(DataType.F32, DataType.F16), flag, flag)
                .as((task, tensors, parameters, inPlace, moves) -> moving(task.in(tensors, parameters).inPlace(inPlace),
                        moves));
    }

    private static Task moving(Task task, boolean moves) {
        boolean can = task.pass() == Task.Pass.FORWARD && task.statistics() == Task.Statistics.BATCH;
        return moves && can ? task.moving(task.view().groups()) : task;
    }

    /** Values that a tuning file may have, from the least to the largest. */
    @Provide
    Arbitrary<Map<Threshold, Long>> thresholds() {
        Arbitrary<Long> value = Arbitraries.oneOf(Arbitraries.longs().between(0, 1 << 20),
                Arbitraries.longs().between(0, Long.MAX_VALUE), Arbitraries.of(0L, 1L, 1L << 31, Long.MAX_VALUE));
        return Arbitraries.maps(Arbitraries.of(Threshold.class), value).ofMaxSize(6).map(values -> {
            Map<Threshold, Long> fit = new EnumMap<>(Threshold.class);
            values.forEach((threshold, wanted) -> nearest(threshold, wanted).ifPresent(v -> fit.put(threshold, v)));
            return fit;
        });
    }

    /** That value, or a multiple of 1024 below it, if the threshold takes it. */
    private static Optional<Long> nearest(Threshold threshold, long wanted) {
        for (long value : new long[] {wanted, wanted / 1024 * 1024}) {
            try {
                return Optional.of(threshold.checked(value));
            } catch (IllegalArgumentException refused) {
                continue;
            }
        }
        return Optional.empty();
    }

    @Property
    void everyTaskOfALayerHasAPlanThatDoesItOnce(@ForAll("tasks") Task task, @ForAll("devices") Traits device) {
        PlanCheck.check(Planner.plan(task, device, ""), task, device);
    }

    @Property
    void everyVariantThatAcceptsDoesItOnce(@ForAll("tasks") Task task, @ForAll("devices") Traits device) {
        assertTrue(Planner.attempt("plain", task, device).isPresent());
        for (String variant : Planner.variants()) {
            Planner.attempt(variant, task, device).ifPresent(plan -> {
                assertEquals(variant, plan.variant());
                PlanCheck.check(plan, task, device);
            });
        }
    }

    @Property
    void thePlanIsThatOfTheFirstVariantThatAccepts(@ForAll("tasks") Task task, @ForAll("devices") Traits device) {
        NormPlan plan = Planner.plan(task, device, "");
        String first = Planner.variants().stream().filter(variant -> Planner.kernelsOf(variant)
                .map(device.kernels()::equals).orElse(true) && Planner.attempt(variant, task, device).isPresent())
                .findFirst().orElseThrow();
        assertEquals(first, plan.variant());
        assertEquals(plan, Planner.plan(task, device, first));
    }

    @Property
    void theSameTaskHasTheSamePlan(@ForAll("tasks") Task task, @ForAll("devices") Traits device) {
        Task again = new Task(new NormView(List.copyOf(task.view().axes())), task.pass(), task.statistics(),
                task.weight(), task.bias(), task.dx(), task.parameters(), task.storage(), task.parameterStorage(),
                task.moved(), task.finiteOnly(), task.inPlace(), task.form(), task.padding());
        Traits same = device.with(Thresholds.of(DeviceClass.of(device.kernels(), "")).with(Map.of()));
        assertEquals(Planner.plan(task, device, ""), Planner.plan(again, same, ""));
    }

    @Property
    void anyTuningFileGivesAPlanThatDoesItOnce(@ForAll("tasks") Task task, @ForAll("devices") Traits device,
            @ForAll("thresholds") Map<Threshold, Long> thresholds) {
        for (String variant : Planner.variants()) {
            Choice choice = new Choice(variant, thresholds);
            Tuning written = new Tuning("a device", Map.of(task.key(), choice));
            Tuning read = Tuning.parse(written.lines(), "a file");
            assertEquals(Optional.of(choice), read.choice(task));
            if (Planner.attempt(variant, task, device).isPresent()) {
                NormPlan plan = Planner.plan(task, device, "", read);
                assertEquals(variant, plan.variant());
                PlanCheck.check(plan, task, choice.apply(device));
            } else {
                assertThrows(IllegalArgumentException.class, () -> Planner.plan(task, device, "", read));
            }
        }
    }

    /** What tuning may try is as good as what a file may say. */
    @Property
    void candidatesDoItOnceToo(@ForAll("tasks") Task task, @ForAll("devices") Traits device) {
        Choice from = new Choice(Planner.plan(task, device, "").variant(), Map.of());
        Map<Choice, NormPlan> found = Candidates.around(task, device, from);
        assertEquals(from, found.keySet().iterator().next());
        found.forEach((choice, plan) -> PlanCheck.check(plan, task, choice.apply(device)));
    }

    /** With running statistics that kernels leave to others, all launches still fit the device. */
    @Property
    void launchesAroundAPlanFitToo(@ForAll("tasks") Task task, @ForAll("devices") Traits device) {
        NormPlan plan = Planner.plan(task, device, "");
        List<Step> all = StatisticsSteps.around(task, plan, device);
        assertTrue(all.containsAll(plan.steps()) && all.size() <= plan.steps().size() + 2);
        all.forEach(step -> assertTrue(step.groups() > 0 && step.workGroup() > 0
                && step.workGroup() <= device.maxWorkGroup(), step::toString));
    }
}
