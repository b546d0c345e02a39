package org.clnorm.plan;

/**
 * The properties of a device that decide how a kernel runs.
 *
 * @param kernels      the kernel set that suits it
 * @param computeUnits compute units
 * @param maxWorkGroup the most work-items a group may have
 * @param localBytes   local memory of a work-group
 * @param vectorWidth  floats in a vector the hardware likes: 4, 8 or 16
 * @param reduction    how its work-items add up what they hold
 * @param thresholds   where one way of working ends and another begins
 */
public record Traits(KernelSet kernels, int computeUnits, long maxWorkGroup, long localBytes, int vectorWidth,
        Reduction reduction, Thresholds thresholds) {
    /**
     * A device of no vendor in particular, whose work-items meet in local memory.
     *
     * @param kernels      the kernel set that suits it
     * @param computeUnits compute units
     * @param maxWorkGroup the most work-items a group may have
     * @param localBytes   local memory of a work-group
     * @param vectorWidth  floats in a vector the hardware likes: 4, 8 or 16
     */
    public Traits(KernelSet kernels, int computeUnits, long maxWorkGroup, long localBytes, int vectorWidth) {
        this(kernels, computeUnits, maxWorkGroup, localBytes, vectorWidth, Reduction.LOCAL_MEMORY,
                Thresholds.of(DeviceClass.of(kernels, "")));
    }

    long threshold(Threshold threshold) {
        return thresholds.get(threshold);
    }

    /**
     * The same device with other thresholds.
     *
     * @param others its thresholds
     * @return new traits
     */
    public Traits with(Thresholds others) {
        return new Traits(kernels, computeUnits, maxWorkGroup, localBytes, vectorWidth, reduction, others);
    }

    /**
     * The same device with another way of adding up.
     *
     * @param other how its work-items add up
     * @return new traits
     */
    public Traits with(Reduction other) {
        return new Traits(kernels, computeUnits, maxWorkGroup, localBytes, vectorWidth, other, thresholds);
    }
}
