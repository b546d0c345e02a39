package org.clnorm.plan;

import java.util.HashMap;
import java.util.Map;

/**
 * One kernel launch of a plan. Arguments are bound by the names they have in the kernel's source: numbers come from
 * {@code scalars}, scratch buffers from the plan, tensors from the call.
 *
 * @param program     the source, {@code cpu/rows} say
 * @param kernel      the kernel in it
 * @param options     build options, as {@code -D NAME=VALUE}; part of the program's identity
 * @param groups      work-groups
 * @param workGroup   work-items a group
 * @param scalars     long arguments by name
 */
public record Step(String program, String kernel, Map<String, Integer> options, long groups, long workGroup,
        Map<String, Long> scalars) {
    /**
     * Copies the maps.
     *
     * @param program   the source
     * @param kernel    the kernel in it
     * @param options   build options
     * @param groups    work-groups
     * @param workGroup work-items a group
     * @param scalars   long arguments by name
     */
    public Step {
        options = Map.copyOf(options);
        scalars = Map.copyOf(scalars);
    }

    /**
     * Whether the kernel computes in double, see {@code common/storage.cl}.
     *
     * @return true if tensors are F64
     */
    public boolean inDouble() {
        return StorageOptions.isDouble(options);
    }

    /** This step with more build options. */
    Step with(Map<String, Integer> more) {
        Map<String, Integer> all = new HashMap<>(options);
        all.putAll(more);
        return new Step(program, kernel, all, groups, workGroup, scalars);
    }
}
