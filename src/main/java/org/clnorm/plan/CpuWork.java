package org.clnorm.plan;

import static org.clnorm.plan.Threshold.CPU_PART;
import static org.clnorm.plan.Threshold.CPU_SHARES;
import static org.clnorm.plan.Threshold.CPU_STREAM_BYTES;
import static org.clnorm.plan.Threshold.CPU_STREAM_RUN;
import static org.clnorm.plan.Threshold.CPU_WORK;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What the plans of the CPU kernel set share: how wide, how much at once, past the caches or through them. */
final class CpuWork {
    /** Floats in a cache line. */
    static final long LINE = 16;

    private CpuWork() {
    }

    static long ceil(long a, long b) {
        return (a + b - 1) / b;
    }

    /** The widest vector the device likes that is no longer than a run of consecutive elements. */
    static int width(Traits traits, long run) {
        int width = Math.min(16, Integer.highestOneBit(traits.vectorWidth()));
        while (width > 1 && (width > run || width == 2)) {
            width /= 2;
        }
        return width;
    }

    /** Whole units of `size` elements for a work-item: enough to be worth it, few enough to keep every core busy. */
    static long block(long units, long size, Traits traits) {
        long worth = ceil(traits.threshold(CPU_WORK), size);
        long fair = Math.max(1, units / (traits.threshold(CPU_SHARES) * traits.computeUnits()));
        return Math.min(worth, fair);
    }

    /** Whether this many groups leave cores idle though there is work for them. */
    static boolean tooFew(long groups, long elements, Traits traits) {
        return groups < 2L * traits.computeUnits() && elements >= 2 * traits.threshold(CPU_PART);
    }

    /** Large outputs in runs that are not mostly the two ragged cache lines at their ends. */
    private static boolean streams(Task task, Traits traits, long run) {
        boolean lines = run * task.storage().bytes() % (LINE * Float.BYTES) == 0;
        return task.bytes(1) >= traits.threshold(CPU_STREAM_BYTES)
                && (lines || run >= traits.threshold(CPU_STREAM_RUN));
    }

    /** The build options every kernel of the set understands. */
    static Map<String, Integer> options(Task task, Traits traits, long run) {
        Map<String, Integer> options = new LinkedHashMap<>();
        if (gates(task)) {
            options.put("GATED", 1);
            options.putAll(task.form().join(Join.NONE).activation(Activation.NONE).options());
        } else {
            options.putAll(task.form().options());
        }
        options.put("WIDTH", width(traits, run));
        options.put("STREAM", streams(task, traits, run) ? 1 : 0);
        options.put("HAS_WEIGHT", task.weight() ? 1 : 0);
        options.put("HAS_BIAS", task.bias() ? 1 : 0);
        if (task.pass() == Task.Pass.BACKWARD) {
            options.put("DX", task.dx() ? 1 : 0);
            options.put("PARAMETERS", task.parameters() ? 1 : 0);
        }
        return options;
    }

    /** Whether what reaches y is gated by the bits of a sum: it takes the place of the activation's gradient. */
    static boolean gates(Task task) {
        return task.pass() == Task.Pass.BACKWARD && task.form().join() == Join.AFTER;
    }

    /** Tells kernels that can to keep the bits of a sum where they store y. */
    static void keepSigns(Map<String, Integer> options, Task task) {
        if (task.keptSigns() > 0) {
            options.put(ResidualSteps.KEEPS_SIGNS, 1);
        }
    }

    static Step step(String program, String kernel, Map<String, Integer> options, long workItems,
            Map<String, Long> scalars) {
        return new Step(program, kernel, options, workItems, 1, scalars);
    }

    /** The last step of a backward pass: both parameter gradients from their partial sums. */
    static Step sumPartials(long blocks, long parameters, Traits traits) {
        int width = width(traits, parameters);
        return step("cpu/partials", "sum_partials", Map.of("WIDTH", width), ceil(parameters, width),
                Map.of("blocks", blocks, "parameters", parameters));
    }

    /** A plan; its bytes are those of every tensor that the pass must read or write, once. */
    static NormPlan plan(String variant, String reason, List<Step> steps, Map<String, Long> scratch, Task task) {
        boolean readsX = task.forward() || !task.given()
                || task.parameters() || task.form().activates();
        boolean writes = task.pass() == Task.Pass.FORWARD || task.dx();
        boolean readsDy = task.pass() == Task.Pass.BACKWARD;
        long tensors = (readsX ? 1 : 0) + (readsDy ? 1 : 0) + (writes ? 1 : 0) + joined(task);
        return new NormPlan(variant, reason, steps, scratch, task.bytes(tensors));
    }

    /** Tensors more for a residual: it and, before the normalization, the sum; or the gradient of that. */
    private static long joined(Task task) {
        return switch (task.form().join()) {
            case NONE -> 0;
            case AFTER -> 1;
            case BEFORE -> task.forward() ? 2 : task.dx() ? 1 : 0;
        };
    }
}
