package org.clnorm.plan;

import java.util.Map;

/** The launches of {@code common/statistics.cl}, which are the same for every variant: one work-item a result. */
public final class StatisticsSteps {
    private static final String PROGRAM = "common/statistics";
    private static final long CPU_WORK_GROUP = 16;
    private static final long GPU_WORK_GROUP = 64;

    private StatisticsSteps() {
    }

    /**
     * Turns running statistics into those of a forward pass.
     *
     * @param groups the number of groups, one pair of running statistics each
     * @param traits the device
     * @return the launch of {@code given_statistics}
     */
    public static Step given(long groups, Traits traits) {
        return perItem("given_statistics", groups, traits, Map.of("groups", groups));
    }

    /**
     * Moves running statistics by those of a forward pass.
     *
     * @param samples  groups a channel
     * @param channels pairs of running statistics
     * @param traits   the device
     * @return the launch of {@code running_update}
     */
    public static Step runningUpdate(long samples, long channels, Traits traits) {
        return perItem("running_update", channels, traits, Map.of("samples", samples, "channels", channels));
    }

    /**
     * Adds up the parameter gradients; the last step of a backward plan that has any.
     *
     * @param blocks     how many partial sums a parameter has
     * @param parameters the number of parameters
     * @param traits     the device
     * @return the launch of {@code sum_partials}, which reads {@code partials[2][blocks][parameters]}
     */
    public static Step sumPartials(long blocks, long parameters, Traits traits) {
        return perItem("sum_partials", parameters, traits, Map.of("blocks", blocks, "parameters", parameters));
    }

    private static Step perItem(String kernel, long items, Traits traits, Map<String, Long> scalars) {
        long preferred = traits.kernels() == KernelSet.GPU ? GPU_WORK_GROUP : CPU_WORK_GROUP;
        long workGroup = Math.min(preferred, traits.maxWorkGroup());
        long groups = (items + workGroup - 1) / workGroup;
        return new Step(PROGRAM, kernel, Map.of(), groups, workGroup, scalars);
    }
}
