package org.clnorm.plan;

import java.util.List;
import java.util.Map;

/** The launch of {@code common/copy.cl}, which reads x and writes y. */
public final class CopySteps {
    private static final long GPU_WORK_GROUP = 256;
    private static final int GPU_WIDTH = 4;
    /** Vectors a work-item of a GPU copies. */
    private static final long GPU_VECTORS = 4;
    /** Floats a work-item of a CPU copies: long enough to be worth a work-item, short enough to share out evenly. */
    private static final long CPU_STRETCH = 1 << 14;

    private CopySteps() {
    }

    /**
     * Copies a tensor.
     *
     * @param floats      the size of the tensor in floats, at least one
     * @param nonTemporal whether stores pass by the caches
     * @param traits      the device
     * @return a plan of one launch
     */
    public static NormPlan copy(long floats, boolean nonTemporal, Traits traits) {
        boolean gpu = traits.kernels() == KernelSet.GPU;
        long workGroup = gpu ? Math.min(GPU_WORK_GROUP, traits.maxWorkGroup()) : 1;
        int width = gpu ? GPU_WIDTH : traits.vectorWidth();
        long stretch = gpu ? workGroup * width * GPU_VECTORS : CPU_STRETCH;
        Step step = new Step("common/copy", "copy",
                Map.of("WIDTH", width, "WORK_GROUP", (int) workGroup, "NON_TEMPORAL", nonTemporal ? 1 : 0),
                (floats + stretch - 1) / stretch, workGroup, Map.of("elements", floats, "stretch", stretch));
        return new NormPlan("copy", "measures memory", List.of(step), Map.of(), 2 * floats * Float.BYTES);
    }
}
