package org.clnorm.plan;

import static org.clnorm.plan.Threshold.GPU_SPLIT_ELEMENTS;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What the plans of the GPU kernel set share. Its thresholds are reasoned from the literature, not measured. */
final class Gpu {
    /** Elements of a chunk, at most: kernels count them in ints. */
    static final long MOST_CHUNK_ELEMENTS = 1L << 29;
    /** Partial sums a parameter that the last step adds up in one go. */
    private static final long FOLD_ABOVE = 64;
    private static final long FOLDED = 32;
    /** What is read at a time: 128 bits. */
    static final int PACK_BYTES = 16;

    private Gpu() {
    }

    static long ceil(long a, long b) {
        return (a + b - 1) / b;
    }

    static long roundUp(long value, long multiple) {
        return ceil(value, multiple) * multiple;
    }

    /** Whether so few groups leave compute units idle though there is work for them. */
    static boolean tooFew(long groups, long groupSize, Traits traits) {
        return groups < 2L * traits.computeUnits() && groupSize >= traits.threshold(GPU_SPLIT_ELEMENTS);
    }

    /** The elements of a pack, which is what 16 bytes hold: 128 bits are read at a time. */
    static int pack(Task task) {
        return PACK_BYTES / task.storage().bytes();
    }

    /** The build options that a task decides. */
    static void options(Map<String, Integer> options, Task task) {
        options.put("HAS_WEIGHT", flag(task.weight()));
        options.putAll(task.form().options());
        boolean forward = task.forward();
        if (forward || task.form().activates()) {
            options.put("HAS_BIAS", flag(task.bias()));
        }
        if (!forward) {
            options.put("WANT_DX", flag(task.dx()));
            options.put("WANT_PARAMETERS", flag(task.parameters()));
            options.put("GIVEN", flag(task.given()));
        }
    }

    static int flag(boolean set) {
        return set ? 1 : 0;
    }

    /** Where the partial sums of a backward pass begin in the buffer: behind the folded ones, if they are folded. */
    static long raw(long blocks, long parameters) {
        return blocks > FOLD_ABOVE ? roundUp(2 * FOLDED * parameters, 4) : 0;
    }

    /** Floats for the partial sums; one where a kernel has the argument but writes nothing. */
    static Map<String, Long> partials(boolean written, long blocks, long parameters) {
        Map<String, Long> scratch = new HashMap<>();
        scratch.put("partials", written ? raw(blocks, parameters) + 2 * blocks * parameters : 1);
        return scratch;
    }

    /** Adds the steps that make dweight and dbias of the partial sums. */
    static void sum(List<Step> steps, long blocks, long parameters, Traits traits) {
        long raw = raw(blocks, parameters);
        if (raw > 0) {
            long workGroup = Math.min(64, GpuTeam.mostItems(traits));
            steps.add(new Step("gpu/partials", "fold_partials", Map.of("WORK_GROUP", (int) workGroup),
                    FOLDED * ceil(parameters, workGroup), workGroup,
                    Map.of("raw_blocks", blocks, "blocks", FOLDED, "parameters", parameters, "raw", raw)));
        }
        steps.add(StatisticsSteps.sumPartials(raw > 0 ? FOLDED : blocks, parameters, traits));
    }

    static NormPlan plan(String variant, String reason, List<Step> steps, Map<String, Long> scratch, Task task) {
        return new NormPlan(variant, reason, steps, scratch, task.bytes(tensors(task)));
    }

    /** The tensors that a pass reads or writes at least. */
    private static long tensors(Task task) {
        Form form = task.form();
        if (task.pass() == Task.Pass.STATISTICS) {
            return 1;
        }
        if (task.pass() == Task.Pass.FORWARD) {
            return 2 + (form.join() == Join.BEFORE ? 2 : form.join() == Join.AFTER ? 1 : 0);
        }
        boolean x = task.parameters() || !task.given() || form.activates();
        return (x ? 2 : 1) + (task.dx() ? 1 : 0) + (task.dx() && form.join() == Join.BEFORE ? 1 : 0);
    }

    /**
     * Whether kernels know a form: all that is elementwise where y or dx is written.
     *
     * @param task what is to be done
     * @param sums whether they also sum up what a forward pass is to normalize
     */
    static boolean does(Task task, boolean sums) {
        Join join = task.form().join();
        return task.forward() ? join != Join.BEFORE || sums : join != Join.AFTER;
    }
}
