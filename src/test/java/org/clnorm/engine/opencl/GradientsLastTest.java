package org.clnorm.engine.opencl;

import static org.clnorm.plan.Axis.kept;
import static org.clnorm.plan.Axis.reduced;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.clnorm.plan.KernelSet;
import org.clnorm.plan.NormPlan;
import org.clnorm.plan.NormView;
import org.clnorm.plan.Planner;
import org.clnorm.plan.Step;
import org.clnorm.plan.Task;
import org.clnorm.plan.Traits;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The last step of a plan, and no other, writes parameters' gradients: a failure before it has changed nothing. */
class GradientsLastTest {
    private static final List<NormView> VIEWS = List.of(
            NormView.of(reduced(4000, 448, 0), kept(64, 7, 1), reduced(7, 1, 0)),
            NormView.of(reduced(42, 2048 * 49, 0), kept(2048, 49, 1), reduced(49, 1, 0)),
            NormView.of(reduced(32, 64 * 3136, 0), kept(64, 3136, 1), reduced(3136, 1, 0)),
            NormView.of(reduced(8, 3 * 50_176, 0), kept(3, 50_176, 1), reduced(50_176, 1, 0)),
            NormView.of(reduced(8192, 600, 0), kept(600, 1, 1)),
            NormView.of(kept(4096, 1024, 0), reduced(1024, 1, 1)),
            NormView.of(kept(2, 1 << 20, 0), reduced(1 << 20, 1, 1)),
            NormView.of(kept(16, 262_144, 0), kept(32, 8192, 8), reduced(8, 1024, 1), reduced(1024, 1, 0)));

    @ParameterizedTest
    @EnumSource
    void lastStepAlone(KernelSet kernels) {
        Traits traits = new Traits(kernels, 2, 256, 32768, 16);
        for (NormView view : VIEWS) {
            for (Task.Statistics statistics : List.of(Task.Statistics.BATCH, Task.Statistics.GIVEN)) {
                Task task = Task.backward(view, statistics, true, true, true);
                check(Planner.plan(task, traits, ""));
                check(Planner.plan(task.inPlace(true), traits, ""));
            }
        }
    }

    private static void check(NormPlan plan) {
        for (Step step : plan.steps()) {
            boolean last = step == plan.steps().get(plan.steps().size() - 1);
            assertEquals(last, takes(step, "dweight"), plan + ": " + step);
            assertEquals(last, takes(step, "dbias"), plan + ": " + step);
        }
    }

    private static boolean takes(Step step, String name) {
        return KernelSource.load(step.program()).signature(step.kernel()).parameters().stream()
                .anyMatch(parameter -> parameter.name().equals(name));
    }
}
