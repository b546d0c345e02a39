package org.clnorm.plan;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The launch of {@code common/strided.cl}, which collects strided elements from x in y, or deals them out again. */
public final class StridedSteps {
    /** How many dimensions the kernels walk. */
    private static final int DIMENSIONS = 6;
    private static final long GPU_WORK_GROUP = 256;
    /** Elements a work-item copies: few on a GPU; on a CPU enough to be worth a work-item. */
    private static final long GPU_ELEMENTS = 4;
    private static final long CPU_ELEMENTS = 1 << 13;

    private StridedSteps() {
    }

    /**
     * Copies between strided and dense memory.
     *
     * @param elementBytes 2, 4 or 8
     * @param sizes        the dimensions, outermost first, 1 to 6 of them
     * @param strides      the strides of one side, in elements; the other is dense
     * @param scatter      false: x is strided and y dense; true: the other way
     * @param traits       the device
     * @return a plan of one launch
     */
    public static NormPlan copy(int elementBytes, long[] sizes, long[] strides, boolean scatter, Traits traits) {
        boolean gpu = traits.kernels() == KernelSet.GPU;
        long workGroup = gpu ? Math.min(GPU_WORK_GROUP, traits.maxWorkGroup()) : 1;
        long stretch = gpu ? workGroup * GPU_ELEMENTS : CPU_ELEMENTS;
        long elements = 1;
        Map<String, Long> scalars = new HashMap<>();
        for (int i = 0; i < DIMENSIONS; i++) {
            boolean there = i < sizes.length;
            elements *= there ? sizes[i] : 1;
            scalars.put("size_" + i, there ? sizes[i] : 1);
            scalars.put("stride_" + i, there ? strides[i] : 0);
        }
        scalars.put("elements", elements);
        scalars.put("stretch", stretch);
        Step step = new Step("common/strided", scatter ? "scatter" : "gather",
                Map.of("STORAGE", StorageOptions.option(elementBytes), "DIMENSIONS", sizes.length,
                        "WORK_GROUP", (int) workGroup),
                (elements + stretch - 1) / stretch, workGroup, scalars);
        return new NormPlan("strided", "the memory is not dense, or not aligned", List.of(step), Map.of(),
                2 * elements * elementBytes);
    }
}
