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
    private static final NormView CHANNELS = NormView.of(reduced(3, 20, 0), kept(4, 5, 1), reduced(5, 1, 0));
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
                for (Statistics statistics : List.of(Statistics.BATCH, Statistics.GIVEN)) {
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

    /** Whatever a forward pass does, its statistics can be had alone, in less traffic, and y of them. */
    @Test
    void statisticsAndYApart() {
        List<NormView> views = List.of(GROUP_NORM, NormView.of(kept(7, 31, 0), reduced(31, 1, 1)), CHANNELS,
                NormView.of(reduced(900, 64, 0), kept(64, 1, 1)));
        for (NormView view : views) {
            for (Traits traits : List.of(CPU, GPU)) {
                Task forward = Task.forward(view, Statistics.BATCH, true, true);
                for (String variant : Planner.variants()) {
                    Optional<NormPlan> whole = Planner.attempt(variant, Task.forward(view, Statistics.BATCH, false,
                            false), traits);
                    Optional<NormPlan> alone = Planner.attempt(variant, forward.statisticsAlone(), traits);
                    assertEquals(whole.isPresent(), alone.isPresent(), variant);
                    boolean besides = Set.of("gpu/rows", "gpu/planes-ticketed", "bitwise").contains(variant);
                    alone.ifPresent(plan -> {
                        assertEquals(besides, plan.scratch().containsKey("y"), plan.toString());
                        assertEquals(besides ? null : 0, plan.steps().get(0).options().get("WANT_Y"));
                        assertEquals(view.elements() * Float.BYTES, plan.minimumBytes());
                    });
                }
                NormPlan after = Planner.plan(forward.moving(view.groups()).saved(true), traits, "");
                assertEquals(1, after.steps().size());
                assertTrue(after.steps().stream().noneMatch(step -> step.options().containsKey("TAKES_RUNNING")));
            }
        }
    }

    @Test
    void renormalizationIsLaunchesBetweenPasses() {
        Task forward = Task.forward(CHANNELS, Statistics.BATCH, false, true).moving(4).renormalized(CHANNELS);
        NormPlan y = Planner.plan(forward.in(DataType.F16, DataType.BF16), CPU, "");
        assertEquals("cpu/columns", y.variant());
        assertEquals(List.of("columns_forward", "renormalize", "columns_apply"),
                y.steps().stream().map(Step::kernel).toList());
        assertEquals(List.of(1, 0, 1), y.steps().stream().map(step -> step.options().getOrDefault("STORAGE", 0))
                .toList());
        assertEquals(List.of(0, 2, 0), y.steps().stream()
                .map(step -> step.options().getOrDefault("PARAMETERS_STORAGE", 0)).toList());
        assertEquals(4, y.scratch().get("weight"));
        assertEquals(1, y.steps().get(2).options().get("MOVES_RUNNING"));
        Task backward = Task.backward(CHANNELS, Statistics.BATCH, true, true, true).renormalized(CHANNELS);
        assertEquals(List.of("renormalized_affine", "backward", "parameter_gradients", "sum_partials",
                "renormalized_gradients").stream().sorted().toList(),
                Planner.plan(backward, CPU, "plain").steps().stream().map(Step::kernel).sorted().toList());
        assertThrows(IllegalArgumentException.class, () -> Planner.plan(forward, CPU, "bitwise"));
        assertThrows(IllegalArgumentException.class, () -> Task.forward(GROUP_NORM, Statistics.BATCH, true, true)
                .renormalized(GROUP_NORM));
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
