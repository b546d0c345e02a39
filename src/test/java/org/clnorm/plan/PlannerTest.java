package org.clnorm.plan;

import static org.clnorm.plan.Axis.kept;
import static org.clnorm.plan.Axis.reduced;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.clnorm.plan.Task.Statistics;
import org.clnorm.tensor.DataType;
import org.junit.jupiter.api.Test;

class PlannerTest {
    private static final Traits CPU = new Traits(KernelSet.CPU, 2, 4096, 32768, 8);
    private static final Traits GPU = new Traits(KernelSet.GPU, 80, 1024, 49152, 4);
    private static final NormView GROUP_NORM = NormView.of(kept(3, 210, 0), kept(2, 105, 3), reduced(3, 35, 1),
            reduced(35, 1, 0));
    private static final NormView FIVE = NormView.of(kept(2, 16, 1), reduced(2, 8, 0), kept(2, 4, 2), reduced(2, 2, 0),
            kept(2, 1, 4));

    @Test
    void plainIsLastButForWhatHasToBeNamedAndNamesAreDistinct() {
        List<String> names = Planner.variants();
        assertEquals(List.of("plain", "gpu/planes-ticketed", "bitwise"),
                names.subList(names.size() - 3, names.size()));
        assertEquals(names.size(), new HashSet<>(names).size());
        assertEquals(Optional.empty(), Planner.kernelsOf("plain"));
    }

    @Test
    void everyTaskOfUpToFourAxesHasAPlan() {
        List<NormView> views = List.of(GROUP_NORM, NormView.of(kept(7, 31, 0), reduced(31, 1, 1)),
                NormView.of(reduced(3, 20, 0), kept(4, 5, 1), reduced(5, 1, 0)),
                NormView.of(kept(4, 30, 6), reduced(5, 6, 0), kept(6, 1, 1)), NormView.of(reduced(9, 1, 0)),
                NormView.of());
        for (NormView view : views) {
            for (Traits traits : List.of(CPU, GPU)) {
                for (Statistics statistics : Statistics.values()) {
                    for (Task task : List.of(Task.forward(view, statistics, true, true),
                            Task.forward(view, statistics, false, false),
                            Task.backward(view, statistics, true, true, true),
                            Task.backward(view, statistics, false, true, false),
                            Task.backward(view, statistics, true, false, true))) {
                        check(task, Planner.plan(task, traits, ""), traits);
                        check(task, Planner.plan(task, traits, "plain"), traits);
                    }
                }
            }
        }
    }

    private static void check(Task task, NormPlan plan, Traits traits) {
        assertTrue(Planner.variants().contains(plan.variant()));
        assertEquals(plan, Planner.plan(task, traits, plan.variant()));
        List<String> kernels = plan.steps().stream().map(Step::kernel).toList();
        int sums = kernels.indexOf("sum_partials");
        assertTrue(sums < 0 || task.parameters() && sums == kernels.size() - 1, plan.toString());
        for (Step step : plan.steps()) {
            assertTrue(step.workGroup() <= traits.maxWorkGroup() && step.groups() > 0, step.toString());
        }
    }

    @Test
    void plainPutsTheAxesOfAGroupTogether() {
        NormPlan plan = Planner.plan(Task.backward(NormView.of(reduced(7, 20, 0), kept(4, 5, 1), reduced(5, 1, 0)),
                Statistics.BATCH, true, true, true), GPU, "plain");
        Step dx = plan.steps().get(1);
        assertEquals(List.of(1L, 4L, 7L, 5L), List.of(dx.scalars().get("size0"), dx.scalars().get("size1"),
                dx.scalars().get("size2"), dx.scalars().get("size3")));
        assertEquals(4, dx.groups());
        assertEquals(64, dx.workGroup());
        assertEquals(35, dx.scalars().get("group_size"));
        Step gradients = plan.steps().get(0);
        assertEquals(35, gradients.scalars().get("shared_by"));
        assertEquals(1, gradients.scalars().get("group1"));
        assertEquals(Map.of("partials", 8L), plan.scratch());
        assertEquals(3 * 140 * 4, plan.minimumBytes());
    }

    @Test
    void whatNobodyDoesIsRefusedByName() {
        Task task = Task.forward(FIVE, Statistics.BATCH, true, true);
        for (String forced : List.of("", "plain")) {
            String message = assertThrows(IllegalArgumentException.class, () -> Planner.plan(task, CPU, forced))
                    .getMessage();
            assertTrue(message.contains("plain") && message.contains("size=2"), message);
        }
        assertThrows(IllegalArgumentException.class, () -> Planner.plan(task, CPU, "none"));
        assertThrows(IllegalArgumentException.class, () -> Planner.kernelsOf("none"));
    }

    @Test
    void everyStepIsToldTheTypes() {
        Task task = Task.backward(GROUP_NORM, Statistics.BATCH, true, true, true);
        for (String variant : List.of("", "plain")) {
            assertEquals(List.of(Map.of()), types(task, variant));
            assertEquals(List.of(Map.of("STORAGE", 1)), types(task.in(DataType.F16, DataType.F32), variant));
            assertEquals(List.of(Map.of("STORAGE", 2, "PARAMETERS_STORAGE", 2)),
                    types(task.in(DataType.BF16, DataType.BF16), variant));
        }
        Task doubles = task.in(DataType.F64, DataType.F64);
        assertEquals("plain", Planner.plan(doubles, GPU, "").variant());
        assertEquals(List.of(Map.of("STORAGE", 3, "PARAMETERS_STORAGE", 3)), types(doubles, ""));
        assertThrows(IllegalArgumentException.class, () -> Planner.plan(doubles, GPU, "gpu/rows"));
    }

    /** What the steps of a plan say about types, without repetition. */
    private static List<Map<String, Integer>> types(Task task, String variant) {
        return Planner.plan(task, GPU, variant).steps().stream().map(step -> {
            Map<String, Integer> types = new HashMap<>(step.options());
            types.keySet().retainAll(Set.of("STORAGE", "PARAMETERS_STORAGE"));
            return types;
        }).distinct().toList();
    }

    @Test
    void theKernelsOfTheGpuSetAreToldHowWorkItemsMeet() {
        Task task = Task.backward(GROUP_NORM, Statistics.BATCH, true, true, true);
        for (Reduction reduction : Reduction.values()) {
            Traits traits = GPU.with(reduction);
            for (Step step : Planner.plan(task, traits, "").steps()) {
                boolean told = step.program().startsWith("gpu/") && reduction != Reduction.LOCAL_MEMORY;
                assertEquals(told ? reduction.option() : null, step.options().get("REDUCE"), step.toString());
            }
        }
    }
}
