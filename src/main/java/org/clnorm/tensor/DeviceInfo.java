package org.clnorm.tensor;

/**
 * What is known of a device without opening it.
 *
 * @param selector     opens exactly this device; empty if it cannot be opened
 * @param platform     the platform's name and version
 * @param name         the device's name, or the platform's where it shows no devices
 * @param type         {@code gpu}, {@code cpu}, {@code accelerator}, {@code java} or {@code none}
 * @param driver       the driver's version
 * @param computeUnits the number of compute units
 * @param memoryBytes  its global memory in bytes
 * @param usable       whether it can be opened
 * @param chosen       whether {@code opencl} would open it
 * @param note         why it was chosen or passed over
 */
public record DeviceInfo(String selector, String platform, String name, String type, String driver, int computeUnits,
        long memoryBytes, boolean usable, boolean chosen, String note) {
}
