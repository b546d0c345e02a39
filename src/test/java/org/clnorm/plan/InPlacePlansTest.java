package org.clnorm.plan;

import static org.clnorm.plan.Axis.kept;
import static org.clnorm.plan.Axis.reduced;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.clnorm.plan.Task.Statistics;
import org.clnorm.tensor.DataType;
import org.junit.jupiter.api.Test;

/** Plans whose result takes the place of an input. */
class InPlacePlansTest {
    private static final Traits CPU = new Traits(KernelSet.CPU, 2, 256, 32_768, 16);
    private static final Traits GPU = new Traits(KernelSet.GPU, 80, 1_024, 49_152, 4);
    private static final NormView LAYER = NormView.of(kept(300, 64, 0), reduced(64, 1, 1));
    private static final NormView BATCH = NormView.of(reduced(8, 640, 0), kept(64, 10, 1), reduced(10, 1, 0));
    private static final NormView FEW_LONG_ROWS = NormView.of(kept(2, 1 << 20, 0), reduced(1 << 20, 1, 1));

    private static NormPlan plan(Task task, Traits traits) {
        return Planner.plan(task, traits, "");
    }

    @Test
    void cpuKernelsNeedNothing() {
        for (NormView view : List.of(LAYER, BATCH, FEW_LONG_ROWS)) {
            Task forward = Task.forward(view, Statistics.BATCH, true, true);
            assertTrue(plan(forward, CPU).sameLaunches(plan(forward.inPlace(true), CPU)));
            Task backward = Task.backward(view, Statistics.BATCH, true, true, true);
            assertTrue(plan(backward, CPU).sameLaunches(plan(backward.inPlace(true), CPU)));
        }
    }

    @Test
    void gpuKernelsAreTold() {
        for (NormView view : List.of(LAYER, BATCH)) {
            Task task = Task.backward(view, Statistics.BATCH, true, true, true);
            NormPlan plan = plan(task.inPlace(true), GPU);
            assertEquals(plan(task, GPU).scratch(), plan.scratch());
            for (Step step : plan.steps()) {
                assertEquals(step.program().startsWith("gpu/"), step.options().containsKey("IN_PLACE"));
            }
        }
    }

    @Test
    void whereOthersReadAgainTheResultGoesAside() {
        Task task = Task.forward(FEW_LONG_ROWS, Statistics.BATCH, true, true).in(DataType.F16, DataType.F32);
        NormPlan apart = plan(task, GPU);
        NormPlan plan = plan(task.inPlace(true), GPU);
        assertFalse(apart.scratch().containsKey("y"));
        assertEquals(1L << 20, plan.scratch().get("y"));
        assertEquals(apart.steps().size() + 1, plan.steps().size());
        Step last = plan.steps().get(plan.steps().size() - 1);
        assertEquals("y_home", last.kernel());
        assertEquals(1, last.options().get("STORAGE"));
        assertTrue(last.groups() * last.scalars().get("stretch") >= 2L << 20);
    }

    @Test
    void theTaskSaysWhere() {
        Task task = Task.forward(LAYER, Statistics.BATCH, true, true);
        assertNotEquals(task, task.inPlace(true));
        assertEquals(task, task.inPlace(true).inPlace(false));
        assertEquals(task.key(), task.inPlace(true).key());
        assertTrue(task.inPlace(true).in(DataType.BF16, DataType.F32).inPlace());
    }
}
