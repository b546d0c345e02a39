package org.clnorm.plan;

/**
 * The properties of a device that decide how a kernel runs.
 *
 * @param kernels      the kernel set that suits it
 * @param computeUnits compute units
 * @param maxWorkGroup the most work-items a group may have
 * @param localBytes   local memory of a work-group
 * @param vectorWidth  floats in a vector the hardware likes: 4, 8 or 16
 */
public record Traits(KernelSet kernels, int computeUnits, long maxWorkGroup, long localBytes, int vectorWidth) {
}
