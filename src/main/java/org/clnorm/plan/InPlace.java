package org.clnorm.plan;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Plans whose result takes the place of an input: y that of x, dx that of x or dy. Nearly all kernels read an element
 * for the last time before they write there, and launches that read x or dy come before the one that writes dx; a plan
 * of which that is not so writes to scratch memory, and a last launch takes the result home. No result differs.
 */
final class InPlace {
    /**
     * Programs of which a work-group may read what another one has written: in {@code gpu/rows_split} each walks a row
     * again whose squares left float's range.
     */
    private static final Set<String> READ_AGAIN = Set.of("gpu/rows_split");
    /** Programs that promise the compiler that no two tensors share memory, unless they are told. */
    private static final String PROMISING = "gpu/";
    private static final String PROGRAM = "common/aside";
    private static final long GPU_WORK_GROUP = 256;
    private static final long GPU_STRETCH = 1 << 12;
    /** Elements a work-item of a CPU copies: long enough to be worth a work-item, short enough to share out evenly. */
    private static final long CPU_STRETCH = 1 << 14;

    private InPlace() {
    }

    /** Turns a plan for a task that is not in place into one for the same task in place. */
    static NormPlan of(NormPlan plan, Task task, Traits traits) {
        if (plan.steps().stream().anyMatch(step -> READ_AGAIN.contains(step.program()))) {
            return aside(plan, task, traits);
        }
        return with(plan, plan.steps().stream().map(InPlace::told).toList(), plan.scratch());
    }

    private static Step told(Step step) {
        return step.program().startsWith(PROMISING) ? step.with(Map.of("IN_PLACE", 1)) : step;
    }

    private static NormPlan aside(NormPlan plan, Task task, Traits traits) {
        String result = task.pass() == Task.Pass.FORWARD ? "y" : "dx";
        long elements = task.view().elements();
        Map<String, Long> scratch = new HashMap<>(plan.scratch());
        scratch.put(result, (task.bytes(1) + Float.BYTES - 1) / Float.BYTES);
        List<Step> steps = new ArrayList<>(plan.steps());
        boolean gpu = traits.kernels() == KernelSet.GPU;
        long workGroup = gpu ? Math.min(GPU_WORK_GROUP, traits.maxWorkGroup()) : 1;
        long stretch = gpu ? GPU_STRETCH : CPU_STRETCH;
        steps.add(new Step(PROGRAM, result + "_home", Map.of("WORK_GROUP", (int) workGroup),
                (elements + stretch - 1) / stretch, workGroup, Map.of("elements", elements, "stretch", stretch)));
        return with(plan, steps, scratch);
    }

    private static NormPlan with(NormPlan plan, List<Step> steps, Map<String, Long> scratch) {
        return new NormPlan(plan.variant(), plan.reason(), steps, scratch, plan.minimumBytes());
    }
}
